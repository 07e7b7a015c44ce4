// RUN: quant-opt --convert-simd-to-llvm %s | FileCheck %s

// The data, the rows and the columns go to one function for all sites.
// CHECK-LABEL: func @look
// CHECK-SAME: %[[EXEC:[^:]+]]: !llvm.ptr
// CHECK: %[[SITE:.+]] = llvm.mlir.constant(3 : i32)
// CHECK: %[[DATA:.+]] = llvm.extractvalue %{{.+}}[1]
// CHECK: %[[ROWS:.+]] = llvm.extractvalue %{{.+}}[3, 0]
// CHECK: %[[COLS:.+]] = llvm.extractvalue %{{.+}}[3, 1]
// CHECK: llvm.call @simd_observe__call(%[[EXEC]], %[[SITE]], %[[DATA]], %[[ROWS]], %[[COLS]])
// CHECK: llvm.call @simd_observe__call(
func.func @look(%exec: !simd.exec, %x: memref<?x64xf32>) {
  simd.observe %exec site = 3 (%x) : memref<?x64xf32>
  simd.observe %exec site = 4 (%x) : memref<?x64xf32>
  return
}

// Nothing happens without a host, or without an observer.
// CHECK: llvm.func internal @simd_observe__call(
// CHECK: llvm.icmp "eq" %[[E:.+]], %{{.+}}
// CHECK: llvm.getelementptr %{{.+}}[0, 2]
// CHECK: llvm.icmp "eq"
// CHECK: llvm.getelementptr %{{.+}}[0, 3]
// CHECK: llvm.call %
// CHECK-NOT: llvm.func
