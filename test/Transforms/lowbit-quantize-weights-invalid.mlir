// One run per diagnostic: they are about options, so the module does not matter.
// RUN: not quant-opt %s --lowbit-quantize-weights='format=bcq3' 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not quant-opt %s --lowbit-quantize-weights='embedding-format=rtn9g32' 2>&1 | FileCheck %s --check-prefix=EMBEDDING
// RUN: not quant-opt %s --lowbit-quantize-weights='head-format=x' 2>&1 | FileCheck %s --check-prefix=HEAD
// RUN: not quant-opt %s --lowbit-quantize-weights='tensor-formats=up' 2>&1 | FileCheck %s --check-prefix=FORM
// RUN: not quant-opt %s --lowbit-quantize-weights='tensor-formats=(up=rtn4g32' 2>&1 | FileCheck %s --check-prefix=REGEX
// RUN: not quant-opt %s --lowbit-quantize-weights='tensor-formats=up=rtn4' 2>&1 | FileCheck %s --check-prefix=RULE
// RUN: not quant-opt %s --lowbit-quantize-weights='activations=i4' 2>&1 | FileCheck %s --check-prefix=ACTIVATIONS
// RUN: not quant-opt %s --lowbit-quantize-weights='strategy=fast' 2>&1 | FileCheck %s --check-prefix=STRATEGY
// RUN: not quant-opt %s --lowbit-quantize-weights='strategy=dot' 2>&1 | FileCheck %s --check-prefix=INTEGERS
// RUN: not quant-opt %s --lowbit-quantize-weights='strategy=lut activations=f32' 2>&1 | FileCheck %s --check-prefix=INTEGERS
// RUN: not quant-opt %s --lowbit-quantize-weights='weight-range=max' 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: quant-opt %s --lowbit-quantize-weights='weight-range=mse' 2>&1 | FileCheck %s --check-prefix=UNUSED
// RUN: quant-opt %s --verify-diagnostics --lowbit-quantize-weights='tensor-formats=down=rtn4g32,up=rtn4g32'

// FORMAT: error: unknown format 'bcq3'; did you mean 'bcq3g
// EMBEDDING: error: unknown format 'rtn9g32': rtn has 2 to 8 bits, not 9
// HEAD: error: unknown format 'x'
// FORM: error: tensor format 'up' is not of the form regex=format
// REGEX: error: tensor format '(up=rtn4g32': invalid regular expression: parentheses not balanced
// RULE: error: unknown format 'rtn4'
// ACTIVATIONS: error: unknown activations 'i4', expected f32, i8, i16, b1 to b8 or vsq<bits>v<vector>s<scale bits>
// STRATEGY: error: unknown strategy 'fast', expected auto, lut, dot, dequant or popcount
// INTEGERS: error: strategy {{dot|lut}} works on integer activations; add activations=i8 or use dequant
// RANGE: error: unknown weight range 'max', expected minmax, mse, percentile:<P> or hqq
// UNUSED: warning: the weight range 'mse' has no effect: no weights become uniform integers

// expected-warning@below {{the tensor format 'down=rtn4g32' matches no weight tensor}}
module {
  func.func @f(%x: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
    %w = lowbit.external "up" : tensor<64x8xf32>
    %y = linalg.matmul ins(%x, %w : tensor<4x64xf32>, tensor<64x8xf32>) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
    return %y : tensor<4x8xf32>
  }
}
