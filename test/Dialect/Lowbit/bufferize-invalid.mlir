// RUN: quant-opt %s --lowbit-bufferize --split-input-file --verify-diagnostics

// What must have happened before bufferization is named.

func.func @external(%x: tensor<4x64xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error@below {{has no form on buffers; outline weights into lowbit.global before bufferization}}
  // expected-error@below {{failed to bufferize op}}
  %w = lowbit.external "w" : tensor<8x64xf32>
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

func.func @rope_table() -> tensor<16x8xf32> {
  // expected-error@below {{has no form on buffers; outline weights into lowbit.global before bufferization}}
  // expected-error@below {{failed to bufferize op}}
  %t = nn.rope_table theta = 1.0e+04 : tensor<16x8xf32>
  return %t : tensor<16x8xf32>
}

// -----

// A product without a kernel: its weights have no memory form.
func.func @no_kernel(%x: tensor<4x64xf32>, %w: tensor<8x64x!lowbit.binary<group = 0>>, %y: tensor<4x8xf32>)
    -> tensor<4x8xf32> {
  // expected-error@below {{has an operand of type 'tensor<8x64x!lowbit.binary<group = 0>>' that has no buffer; pack the weights and select kernels before bufferization}}
  // expected-error@below {{failed to bufferize op}}
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64x!lowbit.binary<group = 0>>)
       outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
