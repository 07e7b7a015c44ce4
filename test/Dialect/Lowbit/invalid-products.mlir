// RUN: quant-opt %s --split-input-file --verify-diagnostics

// One case per rule of lowbit.matmul and lowbit.gather.

func.func @mix(%x: tensor<4x64xf32>, %w: memref<8x64xf32>, %y: tensor<4x8xf32>) {
  // expected-error@below {{mixes tensors and memrefs; bufferize all operands or none}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, memref<8x64xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @dynamic_weights(%x: tensor<4x64xf32>, %w: tensor<?x64xf32>, %y: tensor<4x8xf32>) {
  // expected-error@below {{weights must have static and positive sizes, not 'tensor<?x64xf32>'}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<?x64xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @input_features(%x: tensor<4x32xf32>, %w: tensor<8x64xf32>, %y: tensor<4x8xf32>) {
  // expected-error@below {{input features (K) differ: 32 in input, 64 in weights}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x32xf32>, tensor<8x64xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @output_features(%x: tensor<4x64xf32>, %w: tensor<8x64xf32>, %y: tensor<4x9xf32>) {
  // expected-error@below {{output features (N) differ: 8 in weights, 9 in output}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%y : tensor<4x9xf32>) -> tensor<4x9xf32>
  return
}

// -----

func.func @tokens(%x: tensor<4x64xf32>, %w: tensor<8x64xf32>, %y: tensor<5x8xf32>) {
  // expected-error@below {{tokens (T) differ: 4 in input, 5 in output}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%y : tensor<5x8xf32>) -> tensor<5x8xf32>
  return
}

// -----

func.func @lut(%x: tensor<4x64xf32>, %w: tensor<8x64x!lowbit.ternary<group = 0>>, %y: tensor<4x8xf32>) {
  // expected-error@below {{strategy = lut works on integer activations; add activations = i8 or use dequant}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64x!lowbit.ternary<group = 0>>)
       outs(%y : tensor<4x8xf32>) strategy = lut -> tensor<4x8xf32>
  return
}

// -----

func.func @dot(%x: tensor<4x64xf32>, %w: tensor<8x64x!lowbit.ternary<group = 0>>, %y: tensor<4x8xf32>) {
  // expected-error@below {{strategy = dot works on integer activations; add activations = i8 or use dequant}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64x!lowbit.ternary<group = 0>>)
       outs(%y : tensor<4x8xf32>) activations = f32 strategy = dot -> tensor<4x8xf32>
  return
}

// -----

func.func @popcount(%x: tensor<4x64xf32>, %w: tensor<8x64x!lowbit.ternary<group = 0>>, %y: tensor<4x8xf32>) {
  // expected-error@below {{strategy = popcount works on integer activations; add activations = i8 or use dequant}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64x!lowbit.ternary<group = 0>>)
       outs(%y : tensor<4x8xf32>) strategy = popcount -> tensor<4x8xf32>
  return
}

// -----

func.func @activations(%x: tensor<4x64xf32>, %w: tensor<8x64xf32>, %y: tensor<4x8xf32>) {
  // expected-error@below {{expected one of [f32, i8, b1, b2, b3, b4, b5, b6, b7, b8, i16, static] for precision of the activations in a product, got: b9}}
  // expected-error@below {{failed to parse Lowbit_ActivationsAttr parameter 'value'}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%y : tensor<4x8xf32>) activations = b9 -> tensor<4x8xf32>
  return
}

// -----

func.func @element_type(%x: tensor<4x64xf32>, %w: tensor<8x64xi8>, %y: tensor<4x8xf32>) {
  // expected-error@below {{operand #1 must be 2D tensor of low-bit or 32-bit float values, or 2D memref of 32-bit float values, but got 'tensor<8x64xi8>'}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xi8>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @strategy(%x: tensor<4x64xf32>, %w: tensor<8x64xf32>, %y: tensor<4x8xf32>) {
  // expected-error@below {{expected one of [auto, lut, dot, dequant, popcount] for kernel of a product, got: fast}}
  // expected-error@below {{failed to parse Lowbit_StrategyAttr parameter 'value'}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%y : tensor<4x8xf32>) strategy = fast -> tensor<4x8xf32>
  return
}

// -----

func.func @gather_mix(%ids: memref<4xi32>, %w: tensor<8x64xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{mixes tensors and memrefs}}
  %r = lowbit.gather ins(%ids, %w : memref<4xi32>, tensor<8x64xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @gather_table(%ids: tensor<4xi32>, %w: tensor<8x?xf32>, %y: tensor<4x64xf32>) {
  // expected-error@below {{table must have static and positive sizes}}
  %r = lowbit.gather ins(%ids, %w : tensor<4xi32>, tensor<8x?xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @gather_columns(%ids: tensor<4xi32>, %w: tensor<8x64xf32>, %y: tensor<4x32xf32>) {
  // expected-error@below {{columns (D) differ: 64 in table, 32 in output}}
  %r = lowbit.gather ins(%ids, %w : tensor<4xi32>, tensor<8x64xf32>) outs(%y : tensor<4x32xf32>) -> tensor<4x32xf32>
  return
}

// -----

func.func @gather_tokens(%ids: tensor<4xi32>, %w: tensor<8x64xf32>, %y: tensor<5x64xf32>) {
  // expected-error@below {{tokens (T) differ: 4 in ids, 5 in output}}
  %r = lowbit.gather ins(%ids, %w : tensor<4xi32>, tensor<8x64xf32>) outs(%y : tensor<5x64xf32>) -> tensor<5x64xf32>
  return
}
