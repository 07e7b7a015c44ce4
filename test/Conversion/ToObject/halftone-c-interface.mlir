// RUN: quant-opt --halftone-c-interface --split-input-file %s | FileCheck %s

// A static function in full: exec, one pointer per buffer, index as i64; scratch from malloc, aligned to 64 bytes.
// CHECK-DAG: llvm.func @malloc(i64) -> !llvm.ptr
// CHECK-DAG: llvm.func @free(!llvm.ptr)
// CHECK: llvm.func @f(%[[EXEC:[^:]+]]: !llvm.ptr, %[[X:[^:]+]]: !llvm.ptr, %[[I:[^:]+]]: i64) -> i32
// CHECK: %[[SIZE:.+]] = llvm.mlir.constant(192 : i64)
// CHECK: %[[RAW:.+]] = llvm.call @malloc(%[[SIZE]])
// CHECK: %[[NULL:.+]] = llvm.mlir.zero
// CHECK: %[[NONE:.+]] = llvm.icmp "eq" %[[RAW]], %[[NULL]]
// CHECK: llvm.cond_br %[[NONE]], ^[[FAILED:.+]], ^[[WORK:.+]]
// CHECK: ^[[WORK]]:
// CHECK: llvm.ptrtoint %[[RAW]]
// CHECK: %[[MASK:.+]] = llvm.mlir.constant(-64 : i64)
// CHECK: llvm.and %{{.+}}, %[[MASK]]
// CHECK: %[[ALIGNED:.+]] = llvm.getelementptr %[[RAW]]
// CHECK: builtin.unrealized_conversion_cast %[[EXEC]] : !llvm.ptr to !simd.exec
// CHECK: llvm.insertvalue %[[X]], %{{.+}}[1]
// CHECK: builtin.unrealized_conversion_cast %{{.+}} to memref<2x3xf32>
// CHECK: builtin.unrealized_conversion_cast %[[I]] : i64 to index
// CHECK: llvm.insertvalue %[[ALIGNED]], %{{.+}}[1]
// CHECK: call @f__body(
// CHECK: llvm.call @free(%[[RAW]])
// CHECK: llvm.mlir.constant(0 : i32)
// CHECK: llvm.return
// CHECK: ^[[FAILED]]:
// CHECK: llvm.mlir.constant(1 : i32)
// CHECK: llvm.return
// CHECK: func.func private @f__body(%{{.+}}: !simd.exec, %{{.+}}: memref<2x3xf32>, %{{.+}}: index, %{{.+}}: memref<128xi8>)
func.func @f(%exec: !simd.exec, %x: memref<2x3xf32>, %i: index, %scratch: memref<128xi8>) {
  return
}

// -----

// The size of dynamic dimensions comes last. Without launches the body takes no execution context, C passes one anyway.
// CHECK: llvm.func @dynamic(%{{[^:]+}}: !llvm.ptr, %{{[^:]+}}: !llvm.ptr, %[[N:[^:]+]]: i64) -> i32
// CHECK-NOT: simd.exec
// CHECK: llvm.insertvalue %[[N]], %{{.+}}[3, 0]
// CHECK: builtin.unrealized_conversion_cast %{{.+}} to memref<?x3xf32>
func.func @dynamic(%x: memref<?x3xf32>, %scratch: memref<64xi8>) {
  return
}

// -----

// Models: scratch comes from the caller, n is always there; functions that C cannot see stay.
// CHECK-NOT: malloc
// CHECK: llvm.func @decode(%{{[^:]+}}: !llvm.ptr, %{{[^:]+}}: !llvm.ptr, %[[S:[^:]+]]: !llvm.ptr, %{{[^:]+}}: i64) -> i32
// CHECK: llvm.insertvalue %[[S]]
// CHECK: call @decode__body
// CHECK: func.func private @kernel(
// CHECK: func.func private @declared(
module attributes {halftone.model = {}} {
  func.func @decode(%x: memref<1x3xf32>, %scratch: memref<64xi8>) {
    return
  }
  func.func private @kernel(%x: f32) {
    return
  }
  func.func private @declared(f32)
}
