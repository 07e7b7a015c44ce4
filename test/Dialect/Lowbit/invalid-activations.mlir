// RUN: quant-opt %s --split-input-file --verify-diagnostics

// Formats of activations: one case per rule.

// expected-error@below {{bits must be in 2..16, not 17}}
func.func private @bits() attributes {format = !lowbit.grouped<bits = 17, groups = 1>}

// -----

// expected-error@below {{groups must be positive, not 0}}
func.func private @groups() attributes {format = !lowbit.grouped<bits = 8, groups = 0>}

// -----

func.func @divide(%x: tensor<?x96xf32>, %s: tensor<7xf32>) -> tensor<?x96xf32> {
  // expected-error@below {{7 groups do not divide 96 dimensions}}
  %r = lowbit.requantize ins(%x, %s, %s : tensor<?x96xf32>, tensor<7xf32>, tensor<7xf32>) outs(%x : tensor<?x96xf32>)
       format = !lowbit.grouped<bits = 8, groups = 7> -> tensor<?x96xf32>
  return %r : tensor<?x96xf32>
}

// -----

func.func @scales(%x: tensor<?x96xf32>, %s: tensor<7xf32>, %z: tensor<6xf32>) -> tensor<?x96xf32> {
  // expected-error@below {{groups of scales must be 6, not 7}}
  %r = lowbit.requantize ins(%x, %s, %z : tensor<?x96xf32>, tensor<7xf32>, tensor<6xf32>) outs(%x : tensor<?x96xf32>)
       format = !lowbit.grouped<bits = 8, groups = 6> -> tensor<?x96xf32>
  return %r : tensor<?x96xf32>
}

// -----

func.func @zero_points(%x: tensor<?x96xf32>, %s: tensor<6xf32>, %z: tensor<7xf32>) -> tensor<?x96xf32> {
  // expected-error@below {{groups of zero_points must be 6, not 7}}
  %r = lowbit.requantize ins(%x, %s, %z : tensor<?x96xf32>, tensor<6xf32>, tensor<7xf32>) outs(%x : tensor<?x96xf32>)
       format = !lowbit.grouped<bits = 8, groups = 6> -> tensor<?x96xf32>
  return %r : tensor<?x96xf32>
}

// -----

func.func @shape(%x: tensor<?x96xf32>, %y: tensor<?x95xf32>) -> tensor<?x95xf32> {
  // expected-error@below {{dimensions (D) differ: 96 in input, 95 in output}}
  %r = lowbit.requantize_tokens ins(%x : tensor<?x96xf32>) outs(%y : tensor<?x95xf32>) bits = 8 -> tensor<?x95xf32>
  return %r : tensor<?x95xf32>
}

// -----

func.func @token_bits(%x: tensor<?x96xf32>) -> tensor<?x96xf32> {
  // expected-error@below {{bits must be 8 or 16, not 12}}
  %r = lowbit.requantize_tokens ins(%x : tensor<?x96xf32>) outs(%x : tensor<?x96xf32>) bits = 12 -> tensor<?x96xf32>
  return %r : tensor<?x96xf32>
}

// -----

func.func @code_bits(%x: tensor<4x64xf32>, %c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>) {
  // expected-error@below {{bits must be}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x64xf32>)
      outs(%c, %s, %g : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>) group = 32, bits = 12
      -> tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>
  return
}

// -----

func.func @halves(%x: tensor<4x64xf32>, %c: tensor<4x64xi8>, %s: tensor<8xf32>, %g: tensor<8x2xi32>) {
  // expected-error@below {{rows (2T) of codes must be 8, not 4}}
  %r:3 = lowbit.quantize_activations ins(%x : tensor<4x64xf32>)
      outs(%c, %s, %g : tensor<4x64xi8>, tensor<8xf32>, tensor<8x2xi32>) group = 32, bits = 16
      -> tensor<4x64xi8>, tensor<8xf32>, tensor<8x2xi32>
  return
}

// -----

func.func @pairs(%x: tensor<4x64xf32>, %y: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // expected-error@below {{rows (R * T) of input must be 8, not 4}}
  %r = lowbit.sum_token_rows ins(%x : tensor<4x64xf32>) outs(%y : tensor<4x64xf32>) rows = 2 -> tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}

// -----

func.func @no_rows(%x: tensor<4x64xf32>, %y: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // expected-error@below {{rows must be positive, not 0}}
  %r = lowbit.sum_token_rows ins(%x : tensor<4x64xf32>) outs(%y : tensor<4x64xf32>) rows = 0 -> tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}

// -----

func.func @digits(%x: tensor<4x64xf32>, %v: tensor<2xf32>, %c: tensor<32x64xi8>, %s: tensor<32xf32>, %g: tensor<32x2xi32>) {
  // expected-error@below {{digits must be in 1..3, not 4}}
  %r:3 = lowbit.quantize_activations_static ins(%x, %v, %v : tensor<4x64xf32>, tensor<2xf32>, tensor<2xf32>)
      outs(%c, %s, %g : tensor<32x64xi8>, tensor<32xf32>, tensor<32x2xi32>)
      format = !lowbit.grouped<bits = 8, groups = 2>, group = 32, digits = 4
      -> tensor<32x64xi8>, tensor<32xf32>, tensor<32x2xi32>
  return
}

// -----

func.func @static_groups(%x: tensor<4x64xf32>, %v: tensor<3xf32>, %c: tensor<24x64xi8>, %s: tensor<24xf32>, %g: tensor<24x2xi32>) {
  // expected-error@below {{3 groups do not divide 64 dimensions}}
  %r:3 = lowbit.quantize_activations_static ins(%x, %v, %v : tensor<4x64xf32>, tensor<3xf32>, tensor<3xf32>)
      outs(%c, %s, %g : tensor<24x64xi8>, tensor<24xf32>, tensor<24x2xi32>)
      format = !lowbit.grouped<bits = 8, groups = 3>, group = 32, digits = 2
      -> tensor<24x64xi8>, tensor<24xf32>, tensor<24x2xi32>
  return
}

// -----

func.func @static_steps(%x: tensor<4x64xf32>, %v: tensor<1xf32>, %c: tensor<16x64xi8>, %s: tensor<16xf32>, %g: tensor<16x2xi32>) {
  // expected-error@below {{groups of steps must be 2, not 1}}
  %r:3 = lowbit.quantize_activations_static ins(%x, %v, %v : tensor<4x64xf32>, tensor<1xf32>, tensor<1xf32>)
      outs(%c, %s, %g : tensor<16x64xi8>, tensor<16xf32>, tensor<16x2xi32>)
      format = !lowbit.grouped<bits = 8, groups = 2>, group = 32, digits = 2
      -> tensor<16x64xi8>, tensor<16xf32>, tensor<16x2xi32>
  return
}

// -----

func.func @static_only(%x: tensor<4x64xf32>, %v: tensor<2xf32>, %c: tensor<8x64xi8>, %s: tensor<8xf32>, %g: tensor<8x2xi32>) {
  // expected-error@below {{group 2 is none of 2}}
  %r:3 = lowbit.quantize_activations_static ins(%x, %v, %v : tensor<4x64xf32>, tensor<2xf32>, tensor<2xf32>)
      outs(%c, %s, %g : tensor<8x64xi8>, tensor<8xf32>, tensor<8x2xi32>)
      format = !lowbit.grouped<bits = 8, groups = 2>, group = 32, digits = 2, only = 2
      -> tensor<8x64xi8>, tensor<8xf32>, tensor<8x2xi32>
  return
}

// -----

func.func @columns(%c: tensor<4x64xi8>, %s: tensor<4xf32>, %g: tensor<4x2xi32>, %p: tensor<640xi8>, %y: tensor<4x32xf32>) -> tensor<4x32xf32> {
  // expected-error@below {{columns must be [begin, end] within 0..64}}
  %r = lowbit.matmul_dot ins(%c, %s, %g, %p : tensor<4x64xi8>, tensor<4xf32>, tensor<4x2xi32>, tensor<640xi8>) outs(%y : tensor<4x32xf32>)
      format = !lowbit.ternary<group = 32>, in_features = 64 columns = [32, 96] -> tensor<4x32xf32>
  return %r : tensor<4x32xf32>
}

// -----

func.func @static_rows(%x: tensor<4x64xf32>, %v: tensor<2xf32>, %c: tensor<8x64xi8>, %s: tensor<16xf32>, %g: tensor<16x2xi32>) {
  // expected-error@below {{rows (T * groups * digits) of codes must be 16, not 8}}
  %r:3 = lowbit.quantize_activations_static ins(%x, %v, %v : tensor<4x64xf32>, tensor<2xf32>, tensor<2xf32>)
      outs(%c, %s, %g : tensor<8x64xi8>, tensor<16xf32>, tensor<16x2xi32>)
      format = !lowbit.grouped<bits = 8, groups = 2>, group = 32, digits = 2
      -> tensor<8x64xi8>, tensor<16xf32>, tensor<16x2xi32>
  return
}

// -----

func.func @permute_dim(%w: tensor<8x3xf32>) -> tensor<8x3xf32> {
  // expected-error@below {{dim 2 is not a dimension of 'tensor<8x3xf32>'}}
  %p = lowbit.permute %w dim = 2 order = [2, 0, 1] : tensor<8x3xf32>
  return %p : tensor<8x3xf32>
}

// -----

func.func @permute_size(%w: tensor<8x3xf32>) -> tensor<8x3xf32> {
  // expected-error@below {{order has 3 entries for the 8 of dimension 0}}
  %p = lowbit.permute %w dim = 0 order = [2, 0, 1] : tensor<8x3xf32>
  return %p : tensor<8x3xf32>
}

// -----

func.func @permute_twice(%w: tensor<8x3xf32>) -> tensor<8x3xf32> {
  // expected-error@below {{order is no permutation of 0..2: 1 comes twice}}
  %p = lowbit.permute %w dim = 1 order = [1, 0, 1] : tensor<8x3xf32>
  return %p : tensor<8x3xf32>
}

// -----

func.func @permute_range(%w: tensor<8x3xf32>) -> tensor<8x3xf32> {
  // expected-error@below {{order is no permutation of 0..2: 3 is out of range}}
  %p = lowbit.permute %w dim = 1 order = [1, 0, 3] : tensor<8x3xf32>
  return %p : tensor<8x3xf32>
}
