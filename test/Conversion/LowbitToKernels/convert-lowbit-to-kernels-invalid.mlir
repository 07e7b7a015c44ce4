// RUN: quant-opt --convert-lowbit-to-kernels --split-input-file --verify-diagnostics %s

// Kernels read and write memory.
func.func @tensors(%x: tensor<1x64xf32>, %p: tensor<1280xi8>, %y: tensor<1x64xf32>) -> tensor<1x64xf32> {
  // expected-error@below {{works on tensors; bufferize before making kernels}}
  %r = lowbit.matmul_dequant ins(%x, %p : tensor<1x64xf32>, tensor<1280xi8>) outs(%y : tensor<1x64xf32>) format = !lowbit.ternary<group = 32> -> tensor<1x64xf32>
  return %r : tensor<1x64xf32>
}

// -----

// ... in rows without gaps.
func.func @layout(%x: memref<1x64xf32, strided<[128, 1]>>, %p: memref<1280xi8>, %y: memref<1x64xf32>) {
  // expected-error@below {{has an operand of type 'memref<1x64xf32, strided<[128, 1]>>' whose layout is not the identity}}
  lowbit.matmul_dequant ins(%x, %p : memref<1x64xf32, strided<[128, 1]>>, memref<1280xi8>) outs(%y : memref<1x64xf32>) format = !lowbit.ternary<group = 32>
  return
}

// -----

func.func @unselected(%x: memref<1x64xf32>, %w: memref<64x64xf32>, %y: memref<1x64xf32>) {
  // expected-error@below {{has no kernel; run lowbit-select-kernels and lowbit-outline-weights before}}
  lowbit.matmul ins(%x, %w : memref<1x64xf32>, memref<64x64xf32>) outs(%y : memref<1x64xf32>)
  return
}
