// RUN: quant-opt %s --lowbit-bufferize --split-input-file --verify-diagnostics

// What must have happened before bufferization is named.

func.func @external(%x: tensor<4x64xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error@below {{has no form on buffers; outline weights into lowbit.global before bufferization}}
  // expected-error@below {{failed to bufferize op}}
  %w = lowbit.external "w" : tensor<8x64xf32>
  %r = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
