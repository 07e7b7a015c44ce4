// Slices of activations go in and out of products, without calls of library functions.
// RUN: quant-opt %s --halftone-to-lowbit='format=ternaryg32' --halftone-to-planned --halftone-to-loops -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir
// RUN: quant-opt %t.mlir --halftone-to-llvm | FileCheck %s --check-prefix=LLVM

// CHECK-LABEL: func @slices
// CHECK: memref.subview
// CHECK: simd.launch %{{.+}} @dequant_ternaryg32_64x64_t4(
// CHECK-NOT: memref.copy {{.+}}strided
// LLVM-NOT: memrefCopy
func.func @slices(%x: tensor<4x128xf32>) -> tensor<4x128xf32> {
  %w = arith.constant dense<0.5> : tensor<64x64xf32>
  %right = tensor.extract_slice %x[0, 64] [4, 64] [1, 1] : tensor<4x128xf32> to tensor<4x64xf32>
  %e = tensor.empty() : tensor<4x64xf32>
  %y = linalg.matmul ins(%right, %w : tensor<4x64xf32>, tensor<64x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %f = tensor.empty() : tensor<4x128xf32>
  %p = tensor.insert_slice %y into %f[0, 0] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x128xf32>
  %q = tensor.insert_slice %y into %p[0, 64] [4, 64] [1, 1] : tensor<4x64xf32> into tensor<4x128xf32>
  return %q : tensor<4x128xf32>
}
