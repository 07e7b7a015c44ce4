// RUN: quant-opt --halftone-plan-memory --split-input-file %s | FileCheck %s
// Separate buffers: nothing is placed or aligned, everything is freed once.
// RUN: quant-opt --halftone-plan-memory=separate --split-input-file %s | FileCheck %s --check-prefix=SEPARATE --implicit-check-not=memref.view --implicit-check-not=alignment

// SEPARATE-LABEL: func @share
// SEPARATE-SAME: memref<64xi8>
// SEPARATE-COUNT-3: memref.alloc() : memref<32xf32>
// SEPARATE-COUNT-2: memref.dealloc
// SEPARATE-NOT: memref.dealloc
// SEPARATE: return

// Three buffers of 128 bytes: %c starts after the last use of %a and takes its place; %b lives through both.
// CHECK-LABEL: func @share
// CHECK-SAME: (%[[X:.+]]: memref<32xf32>, %[[S:.+]]: memref<256xi8>) attributes {halftone.scratch_bytes = 256 : i64}
// CHECK: %[[ZERO:.+]] = arith.constant 0 : index
// CHECK: %[[A:.+]] = memref.view %[[S]][%[[ZERO]]][] : memref<256xi8> to memref<32xf32>
// CHECK: %[[MIDDLE:.+]] = arith.constant 128 : index
// CHECK: memref.view %[[S]][%[[MIDDLE]]][] : memref<256xi8> to memref<32xf32>
// CHECK: %[[AGAIN:.+]] = arith.constant 0 : index
// CHECK: memref.view %[[S]][%[[AGAIN]]][]
// CHECK-NOT: memref.dealloc
func.func @share(%x: memref<32xf32>) {
  %a = memref.alloc() : memref<32xf32>
  memref.copy %x, %a : memref<32xf32> to memref<32xf32>
  %b = memref.alloc() : memref<32xf32>
  memref.copy %a, %b : memref<32xf32> to memref<32xf32>
  memref.dealloc %a : memref<32xf32>
  %c = memref.alloc() : memref<32xf32>
  memref.copy %b, %c : memref<32xf32> to memref<32xf32>
  memref.copy %c, %x : memref<32xf32> to memref<32xf32>
  return
}

// -----

// A buffer lives as long as its views, and as what a region yields of it: here nothing can share, 64 bytes each.
// CHECK-LABEL: func @views
// CHECK-SAME: halftone.scratch_bytes = 192
func.func @views(%x: memref<8xf32>, %condition: i1) {
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  %half = memref.subview %a[0] [8] [1] : memref<8xf32> to memref<8xf32, strided<[1]>>
  %either = scf.if %condition -> memref<8xf32> {
    scf.yield %b : memref<8xf32>
  } else {
    scf.yield %x : memref<8xf32>
  }
  %c = memref.alloc() : memref<8xf32>
  memref.copy %half, %c : memref<8xf32, strided<[1]>> to memref<8xf32>
  memref.copy %either, %c : memref<8xf32> to memref<8xf32>
  return
}

// -----

// Any size is rounded up to 64 bytes; private functions and declarations have no scratch area.
// CHECK-LABEL: func @sizes
// CHECK-SAME: halftone.scratch_bytes = 256
func.func @sizes() {
  %a = memref.alloc() : memref<f32>
  %b = memref.alloc() : memref<9xindex>
  %c = memref.alloc() : memref<4xvector<4xf32>>
  call @private(%a, %b, %c) : (memref<f32>, memref<9xindex>, memref<4xvector<4xf32>>) -> ()
  return
}
// CHECK: func private @private(memref<f32>, memref<9xindex>, memref<4xvector<4xf32>>)
func.func private @private(memref<f32>, memref<9xindex>, memref<4xvector<4xf32>>)

// -----

// Outside of models a dynamic size has no bound; buffers in loops are freed in each iteration. There is always an area.
// CHECK-LABEL: func @elsewhere
// CHECK-SAME: %{{.+}}: memref<64xi8>
// CHECK: %[[D:.+]] = memref.alloc(%{{.+}}) : memref<?xf32>
// CHECK: scf.for
// CHECK: %[[I:.+]] = memref.alloc()
// CHECK: memref.dealloc %[[I]]
// CHECK: memref.dealloc %[[D]]
// CHECK-NEXT: return
func.func @elsewhere(%x: memref<?xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %d = memref.alloc(%n) : memref<?xf32>
  scf.for %i = %zero to %n step %one {
    %a = memref.alloc() : memref<8xf32>
    memref.copy %x, %d : memref<?xf32> to memref<?xf32>
  }
  return
}

// -----

// In models there are at most 64 tokens in a call.
// CHECK-LABEL: func @tokens
// CHECK-SAME: %[[S:[^ ]+]]: memref<2048xi8>
// CHECK: memref.view %[[S]][%{{.+}}][%{{.+}}] : memref<2048xi8> to memref<?x8xf32>
module attributes {halftone.model = {}} {
  func.func @tokens(%n: index) {
    %d = memref.alloc(%n) : memref<?x8xf32>
    return
  }
}
