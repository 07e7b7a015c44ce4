// A kernel that has become an llvm.func before its launches do: the task passes the parts of a memref.
// RUN: quant-opt --convert-simd-to-llvm --reconcile-unrealized-casts %s | FileCheck %s

llvm.func @kernel(%base: !llvm.ptr, %aligned: !llvm.ptr, %offset: i64, %size: i64, %stride: i64, %begin: i64, %end: i64) {
  llvm.return
}

func.func @run(%exec: !simd.exec, %x: memref<64xf32>, %n: index) {
  simd.launch %exec @kernel(%x) count(%n) : memref<64xf32>
  return
}

// CHECK-LABEL: llvm.func internal @kernel__task(
// CHECK-SAME: %[[ARGS:.+]]: !llvm.ptr, %[[BEGIN:.+]]: i64, %[[END:.+]]: i64)
// CHECK: %[[BASE:.+]] = llvm.extractvalue %{{.+}}[0]
// CHECK: %[[ALIGNED:.+]] = llvm.extractvalue %{{.+}}[1]
// CHECK: llvm.call @kernel(%[[BASE]], %[[ALIGNED]], %{{.+}}, %{{.+}}, %{{.+}}, %[[BEGIN]], %[[END]])
// CHECK-NOT: unrealized_conversion_cast
// CHECK: llvm.return
