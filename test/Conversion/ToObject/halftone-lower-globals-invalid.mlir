// RUN: quant-opt --halftone-lower-globals --split-input-file --verify-diagnostics %s

lowbit.global "private" @w : tensor<64xf32> {
  %w = lowbit.external "w" : tensor<64xf32>
  lowbit.yield %w : tensor<64xf32>
}
func.func @nowhere() {
  // expected-error@below {{weights have no place yet; run lowbit-place-weights before}}
  %w = lowbit.get_global @w : memref<64xf32>
  return
}

// -----

lowbit.global "private" @w : tensor<64xf32> offset = 0 {
  %w = lowbit.external "w" : tensor<64xf32>
  lowbit.yield %w : tensor<64xf32>
}
func.func @tensors() {
  // expected-error@below {{works on tensors; bufferize before lowering}}
  %w = lowbit.get_global @w : tensor<64xf32>
  return
}
