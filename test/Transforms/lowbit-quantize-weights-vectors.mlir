// RUN: quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq4v16s6p8' | FileCheck %s
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v32s4 activations=vsq4v16s6' 2>&1 | FileCheck %s --check-prefix=LENGTH
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq4v16s6 strategy=lut' 2>&1 | FileCheck %s --check-prefix=STRATEGY
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq9v16s6' 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq4v16sf' 2>&1 | FileCheck %s --check-prefix=FLOAT
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq4v16s4p21' 2>&1 | FileCheck %s --check-prefix=PRODUCT

// LENGTH: error: activations vsq4v16s6 need weights in a format vsq<bits>v16s<scale bits>, but up is in vsq4v32s4
// STRATEGY: error: strategy lut has no kernel for activations vsq4v16s6; use dot
// BITS: error: activations 'vsq9v16s6': unknown format 'vsq9v16s6'
// FLOAT: error: activations 'vsq4v16sf': expected signed elements with integer scales, as in vsq4v16s4
// PRODUCT: error: activations 'vsq4v16s4p21': products of scales have 1 to 20 bits, as in vsq4v16s4p6

// The head keeps 8 bits and one scale per token.
// CHECK: lowbit.matmul {{.+}} activations = b4 vectors = <vector = 16, scale_bits = 6, product_bits = 8> ->
// CHECK: lowbit.matmul {{.+}} activations = i8 ->
func.func @f(%x: tensor<4x64xf32>, %init: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %w = lowbit.external "up" : tensor<64x64xf32>
  %h = lowbit.external "lm_head.weight" : tensor<64x64xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x64xf32>, tensor<64x64xf32>) outs(%init : tensor<4x64xf32>) -> tensor<4x64xf32>
  %z = linalg.matmul ins(%y, %h : tensor<4x64xf32>, tensor<64x64xf32>) outs(%init : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}
