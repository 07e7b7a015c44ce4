// RUN: quant-opt --convert-nn-to-kernels --split-input-file --verify-diagnostics %s

func.func @tensors(%x: tensor<1x16xf32>, %g: tensor<16xf32>) -> tensor<1x16xf32> {
  // expected-error@below {{works on tensors; bufferize before making kernels}}
  %r = nn.rms_norm ins(%x, %g : tensor<1x16xf32>, tensor<16xf32>) outs(%x : tensor<1x16xf32>) epsilon = 1.0e-05 -> tensor<1x16xf32>
  return %r : tensor<1x16xf32>
}

// -----

func.func @layout(%x: memref<1x16xf32>, %g: memref<16xf32, strided<[2]>>) {
  // expected-error@below {{has an operand of type 'memref<16xf32, strided<[2]>>' whose layout is not the identity}}
  nn.rms_norm ins(%x, %g : memref<1x16xf32>, memref<16xf32, strided<[2]>>) outs(%x : memref<1x16xf32>) epsilon = 1.0e-05
  return
}

// -----

// Scores are computed for 16 positions at once.
func.func @context(%q: memref<1x8xf32>, %position: index, %keys: memref<1x1x8x20xf32>, %values: memref<1x1x20x8xf32>) {
  // expected-error@below {{the context of the cache must be a multiple of 16, not 20}}
  nn.attention ins(%q, %q, %q, %position : memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>)
      cache(%keys, %values : memref<1x1x8x20xf32>, memref<1x1x20x8xf32>) outs(%q : memref<1x8xf32>) layer = 0, heads = 1
  return
}

// -----

// Tables are gathered from in packed form.
func.func @embed(%ids: memref<1xi32>, %table: memref<4x16xf32>, %y: memref<1x16xf32>) {
  // expected-error@below {{has no kernel; run lowbit-quantize-weights before}}
  nn.embed ins(%ids, %table : memref<1xi32>, memref<4x16xf32>) outs(%y : memref<1x16xf32>)
  return
}
