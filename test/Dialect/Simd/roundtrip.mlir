// RUN: quant-opt --verify-roundtrip %s | FileCheck %s

func.func private @scale(%x: memref<64xf32>, %begin: index, %end: index)
func.func private @bare(%begin: index, %end: index)

// CHECK-LABEL: func @lookup
func.func @lookup(%table: vector<128xi8>, %indices: vector<64xi8>) -> vector<64xi8> {
  // CHECK: simd.table_lookup %{{.+}}, %{{.+}} : vector<128xi8>, vector<64xi8> -> vector<64xi8>
  %0 = simd.table_lookup %table, %indices : vector<128xi8>, vector<64xi8> -> vector<64xi8>
  return %0 : vector<64xi8>
}

// CHECK-LABEL: func @dot
func.func @dot(%acc: vector<16xi32>, %u: vector<64xi8>, %s: vector<64xi8>) -> vector<16xi32> {
  // CHECK: simd.dot4 %{{.+}}, %{{.+}}, %{{.+}} {max_u = 127 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %0 = simd.dot4 %acc, %u, %s {max_u = 127 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  // The default is not printed.
  // CHECK: simd.dot4 %{{.+}}, %{{.+}}, %{{.+}} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %1 = simd.dot4 %0, %u, %s {max_u = 255 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  return %1 : vector<16xi32>
}

// CHECK-LABEL: func @matrices
func.func @matrices(%acc: vector<6xi32>, %u: vector<24xi8>, %s: vector<16xi8>) -> vector<6xi32> {
  // CHECK: simd.dot8x2 %{{.+}}, %{{.+}}, %{{.+}} : vector<6xi32>, vector<24xi8>, vector<16xi8>
  %0 = simd.dot8x2 %acc, %u, %s : vector<6xi32>, vector<24xi8>, vector<16xi8>
  return %0 : vector<6xi32>
}

// CHECK-LABEL: func @pairs
func.func @pairs(%half: vector<32xi16>, %acc: vector<16xi32>, %u: vector<64xi8>, %s: vector<64xi8>) -> vector<16xi32> {
  // CHECK: simd.dot2 %{{.+}}, %{{.+}}, %{{.+}} {max_u = 128 : i32} : vector<32xi16>, vector<64xi8>, vector<64xi8>
  %0 = simd.dot2 %half, %u, %s {max_u = 128 : i32} : vector<32xi16>, vector<64xi8>, vector<64xi8>
  // CHECK: simd.dot2_halves %{{.+}}, %{{.+}}, %{{.+}} : vector<16xi32>, vector<32xi16>
  %1 = simd.dot2_halves %acc, %0, %half : vector<16xi32>, vector<32xi16>
  return %1 : vector<16xi32>
}

// CHECK-LABEL: func @popcount
func.func @popcount(%acc: vector<3xi32>, %v: vector<12xi8>) -> vector<3xi32> {
  // CHECK: simd.popcount_accumulate %{{.+}}, %{{.+}} : vector<3xi32>, vector<12xi8>
  %0 = simd.popcount_accumulate %acc, %v : vector<3xi32>, vector<12xi8>
  return %0 : vector<3xi32>
}

// CHECK-LABEL: func @count_bits
func.func @count_bits(%acc: vector<5xi8>, %v: vector<5xi8>, %byte: i8) -> vector<5xi8> {
  // CHECK: %[[R:.+]] = simd.count_bits %{{.+}}, %{{.+}}, %{{.+}} : vector<5xi8>
  // CHECK: simd.count_bits %[[R]], %{{.+}}, %{{.+}} differ : vector<5xi8>
  %0 = simd.count_bits %acc, %v, %byte : vector<5xi8>
  %1 = simd.count_bits %0, %v, %byte differ : vector<5xi8>
  return %1 : vector<5xi8>
}

// CHECK-LABEL: func @half
func.func @half(%h: vector<16xi16>) -> vector<16xf32> {
  // CHECK: simd.extend_half %{{.+}} : vector<16xi16> -> vector<16xf32>
  %0 = simd.extend_half %h : vector<16xi16> -> vector<16xf32>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: func @launch
// CHECK-SAME: !simd.exec
func.func @launch(%exec: !simd.exec, %x: memref<64xf32>, %n: index) {
  // CHECK: simd.launch %{{.+}} @scale(%{{.+}}) count(%{{.+}}) : memref<64xf32>
  simd.launch %exec @scale(%x) count(%n) : memref<64xf32>
  // CHECK: simd.launch %{{.+}} @bare() count(%{{.+}}){{$}}
  simd.launch %exec @bare() count(%n)
  return
}

// CHECK-LABEL: func @observe
func.func @observe(%exec: !simd.exec, %x: memref<?x64xf32>) {
  // CHECK: simd.observe %{{.+}} site = 3(%{{.+}}) : memref<?x64xf32>
  simd.observe %exec site = 3 (%x) : memref<?x64xf32>
  return
}
