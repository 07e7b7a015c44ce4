// RUN: quant-opt --halftone-merge-launches %s | FileCheck %s

func.func private @dot_rtn4g32_64x32_t1(%x: memref<32xi8>, %w: memref<64xi8>, %y: memref<64xf32>, %begin: index, %end: index) {
  %v = vector.load %w[%begin] : memref<64xi8>, vector<4xi8>
  %u = vector.load %x[%begin] : memref<32xi8>, vector<4xi8>
  %z = arith.constant dense<0.0> : vector<4xf32>
  vector.store %z, %y[%begin] : memref<64xf32>, vector<4xf32>
  return
}
func.func private @dot_rtn4g32_32x32_t1(%x: memref<32xi8>, %w: memref<64xi8>, %y: memref<64xf32>, %begin: index, %end: index) {
  call @dot_rtn4g32_64x32_t1(%x, %w, %y, %begin, %end) : (memref<32xi8>, memref<64xi8>, memref<64xf32>, index, index) -> ()
  return
}
func.func private @lut_rtn4g32_32x32_t1(%x: memref<32xi8>, %w: memref<64xi8>, %y: memref<64xf32>, %begin: index, %end: index) {
  call @dot_rtn4g32_64x32_t1(%x, %w, %y, %begin, %end) : (memref<32xi8>, memref<64xi8>, memref<64xf32>, index, index) -> ()
  return
}
func.func private @norm(%x: memref<?x64xf32>, %y: memref<?x64xf32>, %begin: index, %end: index) {
  %zero = arith.constant 0 : index
  %v = memref.load %x[%begin, %zero] : memref<?x64xf32>
  memref.store %v, %y[%begin, %zero] : memref<?x64xf32>
  return
}
func.func private @change(memref<64xf32>, index, index)

// Products of one kind on one input become one launch in the place of the first, and bring their buffers with them.
// What does not depend on them, as the norm, may stand between.
// CHECK-LABEL: func.func @products
// CHECK: memref.alloc(
// CHECK: %[[Y:.+]] = memref.alloc()
// CHECK-NEXT: %[[Z:.+]] = memref.alloc
// CHECK: %[[ALL:.+]] = arith.constant 6 : index
// CHECK-NEXT: simd.launch %{{.+}} @dot_rtn4g32_64x32_t1__dot_rtn4g32_32x32_t1(%[[X:.+]], %[[W:.+]], %[[Y]], %[[X]], %[[W]], %[[Z]]) count(%[[ALL]])
// CHECK-NEXT: simd.launch %{{.+}} @norm
// CHECK-NEXT: return
func.func @products(%exec: !simd.exec, %x: memref<32xi8>, %w: memref<64xi8>, %n: index) {
  %t = memref.alloc(%n) : memref<?x64xf32>
  %four = arith.constant 4 : index
  %two = arith.constant 2 : index
  %y = memref.alloc() : memref<64xf32>
  simd.launch %exec @dot_rtn4g32_64x32_t1(%x, %w, %y) count(%four) : memref<32xi8>, memref<64xi8>, memref<64xf32>
  simd.launch %exec @norm(%t, %t) count(%n) {halftone.per_token} : memref<?x64xf32>, memref<?x64xf32>
  %z = memref.alloc() : memref<64xf32>
  simd.launch %exec @dot_rtn4g32_32x32_t1(%x, %w, %z) count(%two) : memref<32xi8>, memref<64xi8>, memref<64xf32>
  return
}

// Not merged: another kind, another input, a buffer that both write, a change between. Arguments may overlap.
// CHECK-LABEL: func.func @apart
// CHECK-COUNT-6: simd.launch %{{.+}} @{{(dot_rtn4g32_64x32_t1|lut_rtn4g32_32x32_t1|dot_rtn4g32_32x32_t1|change)}}(
// CHECK-NEXT: return
func.func @apart(%exec: !simd.exec, %x: memref<32xi8>, %w: memref<64xi8>) {
  %four = arith.constant 4 : index
  %y = memref.alloc() : memref<64xf32>
  %z = memref.alloc() : memref<64xf32>
  %u = memref.alloc() : memref<64xf32>
  %x2 = memref.alloc() : memref<32xi8>
  simd.launch %exec @dot_rtn4g32_64x32_t1(%x, %w, %y) count(%four) : memref<32xi8>, memref<64xi8>, memref<64xf32>
  simd.launch %exec @lut_rtn4g32_32x32_t1(%x, %w, %z) count(%four) : memref<32xi8>, memref<64xi8>, memref<64xf32>
  simd.launch %exec @dot_rtn4g32_32x32_t1(%x2, %w, %z) count(%four) : memref<32xi8>, memref<64xi8>, memref<64xf32>
  simd.launch %exec @dot_rtn4g32_32x32_t1(%x, %w, %y) count(%four) : memref<32xi8>, memref<64xi8>, memref<64xf32>
  simd.launch %exec @change(%u) count(%four) : memref<64xf32>
  simd.launch %exec @dot_rtn4g32_32x32_t1(%x, %w, %u) count(%four) : memref<32xi8>, memref<64xi8>, memref<64xf32>
  return
}

// Token by token: the second may read what the first wrote.
// CHECK-LABEL: func.func @tokens
// CHECK: simd.launch %{{.+}} @norm__norm__norm(%[[A:.+]], %[[B:.+]], %[[B]], %[[A]], %[[A]], %[[B]]) count(%{{.+}}) {halftone.per_token}
// CHECK-NEXT: simd.launch %{{.+}} @norm(%[[A]], %[[B]]) count(%{{.+}}) {halftone.per_token}
// CHECK-NEXT: simd.launch %{{.+}} @norm(%[[A]], %[[B]]) count(%{{.+}}) :
// CHECK-NEXT: return
func.func @tokens(%exec: !simd.exec, %a: memref<?x64xf32>, %b: memref<?x64xf32>, %n: index, %m: index) {
  simd.launch %exec @norm(%a, %b) count(%n) {halftone.per_token} : memref<?x64xf32>, memref<?x64xf32>
  simd.launch %exec @norm(%b, %a) count(%n) {halftone.per_token} : memref<?x64xf32>, memref<?x64xf32>
  simd.launch %exec @norm(%a, %b) count(%n) {halftone.per_token} : memref<?x64xf32>, memref<?x64xf32>
  simd.launch %exec @norm(%a, %b) count(%m) {halftone.per_token} : memref<?x64xf32>, memref<?x64xf32>
  simd.launch %exec @norm(%a, %b) count(%n) : memref<?x64xf32>, memref<?x64xf32>
  return
}

// A range of all units is cut to the units of each kernel.
// CHECK-LABEL: func.func private @dot_rtn4g32_64x32_t1__dot_rtn4g32_32x32_t1
// CHECK-SAME: %[[BEGIN:[^:]+]]: index, %[[END:[^:]+]]: index)
// CHECK: arith.maxui %[[BEGIN]], %{{.+}} : index
// CHECK: call @dot_rtn4g32_64x32_t1(
// CHECK: call @dot_rtn4g32_32x32_t1(

// CHECK-LABEL: func.func private @norm__norm__norm
// CHECK: scf.for %[[T:.+]] = %{{.+}} to
// CHECK: %[[NEXT:.+]] = arith.addi %[[T]]
// CHECK: call @norm(%{{.+}}, %{{.+}}, %[[T]], %[[NEXT]])
// CHECK: call @norm(%{{.+}}, %{{.+}}, %[[T]], %[[NEXT]])
// CHECK: call @norm(
