// RUN: quant-opt %s --split-input-file --verify-diagnostics --lowbit-to-quant

// One case per reason that something would be lost.

func.func @format() -> tensor<2x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error@below {{of '!lowbit.ternary<group = 32>': format ternaryg32 is not uniform}}
  %q = lowbit.quantize %w : tensor<2x4xf32> -> tensor<2x4x!lowbit.ternary<group = 32>>
  %d = lowbit.dequantize %q : tensor<2x4x!lowbit.ternary<group = 32>> -> tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @external() -> tensor<2x4xf32> {
  %w = lowbit.external "w" : tensor<2x4xf32>
  // expected-error@below {{its numbers are not in the module}}
  %q = lowbit.quantize %w : tensor<2x4xf32> -> tensor<2x4x!lowbit.int<bits = 8, group = 0>>
  %d = lowbit.dequantize %q : tensor<2x4x!lowbit.int<bits = 8, group = 0>> -> tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

// expected-error@below {{has no constant scales, as upstream's types need}}
func.func @argument(%q: tensor<2x4x!lowbit.int<bits = 8, group = 0>>) -> tensor<2x4xf32> {
  %d = lowbit.dequantize %q : tensor<2x4x!lowbit.int<bits = 8, group = 0>> -> tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @short_group() -> tensor<2x4xf32> {
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error@below {{groups of 3 do not divide rows of 4, as the blocks of !quant.uniform must}}
  %q = lowbit.quantize %w : tensor<2x4xf32> -> tensor<2x4x!lowbit.int<bits = 8, group = 3>>
  %d = lowbit.dequantize %q : tensor<2x4x!lowbit.int<bits = 8, group = 3>> -> tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

func.func @zero_scale() -> tensor<1x4xf32> {
  %w = lowbit.external "w" : tensor<1x4xf32>
  %s = arith.constant dense<0.0> : tensor<1x1xf16>
  // expected-error@below {{a group has a scale that is not positive, which !quant.uniform does not allow}}
  %q = lowbit.encode %w, %s : (tensor<1x4xf32>, tensor<1x1xf16>) -> tensor<1x4x!lowbit.int<bits = 4, group = 0>>
  %d = lowbit.dequantize %q : tensor<1x4x!lowbit.int<bits = 4, group = 0>> -> tensor<1x4xf32>
  return %d : tensor<1x4xf32>
}

// -----

func.func @not_finite() -> tensor<1x4xf32> {
  %w = arith.constant dense<0x7F800000> : tensor<1x4xf32>
  // expected-error@below {{tensor 'constant': the weight at [0, 0] is infinite}}
  %q = lowbit.quantize %w : tensor<1x4xf32> -> tensor<1x4x!lowbit.int<bits = 4, group = 0>>
  %d = lowbit.dequantize %q : tensor<1x4x!lowbit.int<bits = 4, group = 0>> -> tensor<1x4xf32>
  return %d : tensor<1x4xf32>
}

// -----

func.func @converted() -> tensor<1x4xf32> {
  %w = arith.constant dense<1.0> : tensor<1x4xf32>
  %q = lowbit.quantize %w : tensor<1x4xf32> -> tensor<1x4x!lowbit.bcq<planes = 4, group = 0, offset = per_group>>
  // expected-error@below {{only matrices of constants have upstream's types}}
  %c = lowbit.convert %q : tensor<1x4x!lowbit.bcq<planes = 4, group = 0, offset = per_group>> -> tensor<1x4x!lowbit.int<bits = 4, group = 0, range = asymmetric>>
  %d = lowbit.dequantize %c : tensor<1x4x!lowbit.int<bits = 4, group = 0, range = asymmetric>> -> tensor<1x4xf32>
  return %d : tensor<1x4xf32>
}

// -----

func.func @activations(%x: tensor<1x4xf32>, %y: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  %q = lowbit.quantize %w : tensor<2x4xf32> -> tensor<2x4x!lowbit.int<bits = 8, group = 0>>
  // expected-error@below {{rounds its activations, which upstream's matmul does not; use activations = f32}}
  %r = lowbit.matmul ins(%x, %q : tensor<1x4xf32>, tensor<2x4x!lowbit.int<bits = 8, group = 0>>) outs(%y : tensor<1x2xf32>) activations = i8 -> tensor<1x2xf32>
  return %r : tensor<1x2xf32>
}
