// RUN: quant-opt --canonicalize %s | FileCheck %s

// A mask that keeps the bits that count is not needed.
// CHECK-LABEL: func @drop_mask
// CHECK-SAME: %[[TABLE:.+]]: vector<16xi8>, %[[INDICES:.+]]: vector<4xi8>
func.func @drop_mask(%t: vector<16xi8>, %i: vector<4xi8>) -> vector<4xi8> {
  %mask = arith.constant dense<[15, 31, 127, -1]> : vector<4xi8>
  %low = arith.andi %i, %mask : vector<4xi8>
  // CHECK-NEXT: simd.table_lookup %[[TABLE]], %[[INDICES]]
  %0 = simd.table_lookup %t, %low : vector<16xi8>, vector<4xi8> -> vector<4xi8>
  return %0 : vector<4xi8>
}

// CHECK-LABEL: func @keep_mask
func.func @keep_mask(%t: vector<32xi8>, %i: vector<4xi8>) -> vector<4xi8> {
  %mask = arith.constant dense<15> : vector<4xi8>
  // CHECK: %[[LOW:.+]] = arith.andi
  %low = arith.andi %i, %mask : vector<4xi8>
  // CHECK: simd.table_lookup %{{.+}}, %[[LOW]]
  %0 = simd.table_lookup %t, %low : vector<32xi8>, vector<4xi8> -> vector<4xi8>
  return %0 : vector<4xi8>
}

// CHECK-LABEL: func @same_entries
func.func @same_entries(%i: vector<4xi8>) -> vector<4xi8> {
  %t = arith.constant dense<7> : vector<16xi8>
  // CHECK: arith.constant dense<7> : vector<4xi8>
  // CHECK-NOT: simd
  %0 = simd.table_lookup %t, %i : vector<16xi8>, vector<4xi8> -> vector<4xi8>
  return %0 : vector<4xi8>
}

// Only the low four bits of an index count.
// CHECK-LABEL: func @fold_lookup
func.func @fold_lookup() -> vector<5xi8> {
  %t = arith.constant dense<[0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, -112, -87, -60, -31]> : vector<16xi8>
  %i = arith.constant dense<[15, 16, 35, -1, 3]> : vector<5xi8>
  // CHECK: arith.constant dense<[-31, 0, 9, -31, 9]> : vector<5xi8>
  %0 = simd.table_lookup %t, %i : vector<16xi8>, vector<5xi8> -> vector<5xi8>
  return %0 : vector<5xi8>
}

// 2 * (255 * -128) + 255 * 127 + 1; the second lane wraps.
// CHECK-LABEL: func @fold_dot
func.func @fold_dot() -> vector<2xi32> {
  %a = arith.constant dense<[1, -2147483648]> : vector<2xi32>
  %u = arith.constant dense<[-1, -1, -1, 0, 1, 0, 0, 0]> : vector<8xi8>
  %s = arith.constant dense<[-128, -128, 127, 5, -1, 0, 0, 0]> : vector<8xi8>
  // CHECK: arith.constant dense<[-32894, 2147483647]> : vector<2xi32>
  %0 = simd.dot4 %a, %u, %s : vector<2xi32>, vector<8xi8>, vector<8xi8>
  return %0 : vector<2xi32>
}

// CHECK-LABEL: func @add_nothing
// CHECK-SAME: %[[ACC:.+]]: vector<2xi32>, %
func.func @add_nothing(%a: vector<2xi32>, %u: vector<8xi8>) -> vector<2xi32> {
  %zero = arith.constant dense<0> : vector<8xi8>
  %0 = simd.dot4 %a, %u, %zero : vector<2xi32>, vector<8xi8>, vector<8xi8>
  %1 = simd.dot4 %0, %zero, %u : vector<2xi32>, vector<8xi8>, vector<8xi8>
  %2 = simd.popcount_accumulate %1, %zero : vector<2xi32>, vector<8xi8>
  // CHECK-NEXT: return %[[ACC]]
  return %2 : vector<2xi32>
}

// CHECK-LABEL: func @fold_popcount
func.func @fold_popcount() -> vector<2xi32> {
  %a = arith.constant dense<[10, -1]> : vector<2xi32>
  %v = arith.constant dense<[-1, 1, 0, -128, 3, 0, 0, 0]> : vector<8xi8>
  // CHECK: arith.constant dense<[20, 1]> : vector<2xi32>
  %0 = simd.popcount_accumulate %a, %v : vector<2xi32>, vector<8xi8>
  return %0 : vector<2xi32>
}

// One, minus zero, the largest finite and the smallest subnormal half.
// CHECK-LABEL: func @fold_half
func.func @fold_half() -> vector<4xf32> {
  %h = arith.constant dense<[15360, -32768, 31743, 1]> : vector<4xi16>
  // CHECK: arith.constant dense<[1.000000e+00, -0.000000e+00, 6.550400e+04, 5.96046448E-8]> : vector<4xf32>
  %0 = simd.extend_half %h : vector<4xi16> -> vector<4xf32>
  return %0 : vector<4xf32>
}
