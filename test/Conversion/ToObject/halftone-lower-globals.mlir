// RUN: quant-opt --halftone-lower-globals --split-input-file %s | FileCheck %s

// The section's address is data, weights are at constant offsets from it; globals are gone.
// CHECK: llvm.mlir.global external constant @halftone_weights_base() {{.*}}: !llvm.ptr
// CHECK-NOT: lowbit
// CHECK-LABEL: func @f
// CHECK: %[[A:.+]] = llvm.mlir.addressof @halftone_weights_base : !llvm.ptr
// CHECK: %[[BASE:.+]] = llvm.load %[[A]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[OFFSET:.+]] = llvm.mlir.constant(4294967296 : i64)
// CHECK: %[[W:.+]] = llvm.getelementptr %[[BASE]][%[[OFFSET]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK: llvm.insertvalue %[[W]], %{{.+}}[1]
// CHECK: %[[SIZE:.+]] = llvm.mlir.constant(64 : i64)
// CHECK: llvm.insertvalue %[[SIZE]], %{{.+}}[3, 0]
// CHECK: %[[M:.+]] = builtin.unrealized_conversion_cast %{{.+}} to memref<64xf32>
// CHECK: memref.load %[[M]]
func.func @f(%i: index) -> f32 {
  %w = lowbit.get_global @w : memref<64xf32>
  %x = memref.load %w[%i] : memref<64xf32>
  return %x : f32
}
lowbit.global "private" @w : tensor<64xf32> offset = 4294967296 {
  %w = lowbit.external "w" : tensor<64xf32>
  lowbit.yield %w : tensor<64xf32>
}

// -----

// No weights, no section.
// CHECK-NOT: halftone_weights_base
// CHECK: func @g
// CHECK-NOT: halftone_weights_base
func.func @g() {
  return
}
