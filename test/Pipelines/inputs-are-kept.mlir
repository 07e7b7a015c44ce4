// A product that adds to an argument must not do so in the caller's memory.
// RUN: quant-opt %s --halftone-to-lowbit --halftone-to-planned --halftone-to-loops | FileCheck %s

// CHECK-LABEL: func @left
// CHECK-SAME: %[[X:[^ ]+]]: memref<64x4xf32>, %[[INIT:[^ ]+]]: memref<64x4xf32>, %[[OUT:[^ ]+]]: memref<64x4xf32>
// CHECK-NOT: memref.store %{{.+}}, %[[INIT]]
// CHECK: memref.copy %[[INIT]], %[[OUT:.+]] : memref<64x4xf32>
// CHECK-NOT: memref.store %{{.+}}, %[[INIT]]
// CHECK: memref.store %{{.+}}, %[[OUT]]
// CHECK-NOT: memref.store %{{.+}}, %[[INIT]]
// CHECK: return
func.func @left(%x: tensor<64x4xf32>, %init: tensor<64x4xf32>) -> tensor<64x4xf32> {
  %w = lowbit.external "w" : tensor<64x64xf32>
  %y = linalg.matmul ins(%w, %x : tensor<64x64xf32>, tensor<64x4xf32>) outs(%init : tensor<64x4xf32>) -> tensor<64x4xf32>
  return %y : tensor<64x4xf32>
}
