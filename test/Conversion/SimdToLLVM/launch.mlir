// RUN: quant-opt --convert-simd-to-llvm %s | FileCheck %s
// RUN: quant-opt --lower-to-llvm %s | FileCheck %s --check-prefix=LOWERED

func.func private @kernel(%x: memref<?xf32>, %a: i32, %begin: index, %end: index) {
  return
}

// The type of the host's services becomes a pointer; arguments are stored on the stack, once per function.
// CHECK-LABEL: func @run
// CHECK-SAME: %[[EXEC:[^:]+]]: !llvm.ptr
// CHECK-DAG: %[[ARGS:.+]] = llvm.alloca %{{.+}} x !llvm.struct<(struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>, i32)>
// CHECK-DAG: %[[COUNT:.+]] = builtin.unrealized_conversion_cast %{{.+}} : index to i64
// CHECK: scf.for
// CHECK-NEXT: llvm.intr.lifetime.start %[[ARGS]]
// CHECK: llvm.store
// CHECK: llvm.store
// CHECK: %[[TASK:.+]] = llvm.mlir.addressof @kernel__task
// CHECK-NEXT: llvm.call @simd_launch__run(%[[EXEC]], %[[TASK]], %[[ARGS]], %[[COUNT]])
// CHECK-NEXT: llvm.intr.lifetime.end %[[ARGS]]
func.func @run(%exec: !simd.exec, %x: memref<?xf32>, %a: i32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    simd.launch %exec @kernel(%x, %a) count(%n) : memref<?xf32>, i32
  }
  func.call @again(%exec, %x, %a, %n) : (!simd.exec, memref<?xf32>, i32, index) -> ()
  return
}

// CHECK-LABEL: llvm.func internal @kernel__task(
// CHECK-SAME: %[[ARGS:.+]]: !llvm.ptr, %{{.+}}: i64, %{{.+}}: i64)
// CHECK: llvm.getelementptr %[[ARGS]][0, 0]
// CHECK: llvm.getelementptr %[[ARGS]][0, 1]
// CHECK: call @kernel(
// CHECK-NEXT: llvm.return
// LOWERED: llvm.func internal @kernel__task
// LOWERED: llvm.call @kernel({{.*}}) : (!llvm.ptr, !llvm.ptr, i64, i64, i64, i32, i64, i64) -> ()

// CHECK-LABEL: llvm.func internal @simd_launch__run(
// CHECK-SAME: %[[EXEC:[^:]+]]: !llvm.ptr
// CHECK: %[[NULL:.+]] = llvm.mlir.zero
// CHECK: llvm.icmp "eq" %[[EXEC]], %[[NULL]]

// Second launches share the functions of the first.
// CHECK-NOT: llvm.func
func.func @again(%exec: !simd.exec, %x: memref<?xf32>, %a: i32, %n: index) {
  simd.launch %exec @kernel(%x, %a) count(%n) : memref<?xf32>, i32
  return
}
