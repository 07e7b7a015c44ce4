// RUN: quant-opt --simd-chain-dots='cpu=x86-64-v3 triple=x86_64-linux-gnu' %s | FileCheck %s
// RUN: quant-opt --simd-chain-dots='cpu=znver5 triple=x86_64-linux-gnu' %s | FileCheck %s --check-prefix=SAME
// RUN: quant-opt --simd-chain-dots='cpu=x86-64 triple=x86_64-linux-gnu' %s | FileCheck %s --check-prefix=SAME
// RUN: quant-opt --simd-chain-dots='cpu=neoverse-n1 triple=aarch64-linux-gnu' %s | FileCheck %s --check-prefix=SAME

// SAME-NOT: simd.dot2
// SAME: simd.dot4
// SAME-NOT: simd.dot2

// CHECK-LABEL: func @chain
// CHECK-SAME: %[[ACC:.+]]: vector<16xi32>, %[[U:.+]]: vector<64xi8>, %[[S:.+]]: vector<64xi8>)
func.func @chain(%acc: vector<16xi32>, %u: vector<64xi8>, %s: vector<64xi8>) -> vector<16xi32> {
  // CHECK: %[[ZERO:.+]] = arith.constant dense<0> : vector<32xi16>
  // CHECK: %[[A:.+]] = simd.dot2 %[[ZERO]], %[[U]], %[[S]] {max_u = 2 : i32} : vector<32xi16>, vector<64xi8>, vector<64xi8>
  // CHECK: %[[B:.+]] = simd.dot2 %[[A]], %[[U]], %[[S]] {max_u = 126 : i32}
  // CHECK: %[[ONES:.+]] = arith.constant dense<1> : vector<32xi16>
  // CHECK: %[[R:.+]] = simd.dot2_halves %[[ACC]], %[[B]], %[[ONES]] : vector<16xi32>, vector<32xi16>
  // CHECK: return %[[R]]
  %0 = simd.dot4 %acc, %u, %s {max_u = 2 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %1 = simd.dot4 %0, %u, %s {max_u = 126 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  return %1 : vector<16xi32>
}

// Three products of 64 do not fit: 3 * 2 * 64 > 256. The one that is left stays.
// CHECK-LABEL: func @budget
func.func @budget(%acc: vector<4xi32>, %u: vector<16xi8>, %s: vector<16xi8>) -> vector<4xi32> {
  // CHECK-COUNT-2: simd.dot2
  // CHECK: %[[R:.+]] = simd.dot2_halves
  // CHECK-NEXT: simd.dot4 %[[R]],
  %0 = simd.dot4 %acc, %u, %s {max_u = 64 : i32} : vector<4xi32>, vector<16xi8>, vector<16xi8>
  %1 = simd.dot4 %0, %u, %s {max_u = 64 : i32} : vector<4xi32>, vector<16xi8>, vector<16xi8>
  %2 = simd.dot4 %1, %u, %s {max_u = 64 : i32} : vector<4xi32>, vector<16xi8>, vector<16xi8>
  return %2 : vector<4xi32>
}

// Whole bytes: halves of 4 bits, made once.
// CHECK-LABEL: func @bytes
func.func @bytes(%acc: vector<4xi32>, %u: vector<16xi8>, %s: vector<16xi8>) -> vector<4xi32> {
  // CHECK: arith.shrui
  // CHECK-NOT: arith.shrui
  // CHECK-COUNT-4: simd.dot2 {{.*}} {max_u = 15 : i32}
  // CHECK: %[[LOW:.+]] = simd.dot2_halves
  // CHECK: %[[SIXTEEN:.+]] = arith.constant dense<16>
  // CHECK-NEXT: simd.dot2_halves %[[LOW]], {{.*}}, %[[SIXTEEN]]
  %0 = simd.dot4 %acc, %u, %s : vector<4xi32>, vector<16xi8>, vector<16xi8>
  %1 = simd.dot4 %0, %u, %s : vector<4xi32>, vector<16xi8>, vector<16xi8>
  return %1 : vector<4xi32>
}

// Not a chain: the first sum has another use; the second product is in another block.
// CHECK-LABEL: func @used
func.func @used(%acc: vector<4xi32>, %u: vector<16xi8>, %s: vector<16xi8>) -> (vector<4xi32>, vector<4xi32>) {
  // CHECK-NOT: simd.dot2
  %0 = simd.dot4 %acc, %u, %s {max_u = 2 : i32} : vector<4xi32>, vector<16xi8>, vector<16xi8>
  %1 = simd.dot4 %0, %u, %s {max_u = 2 : i32} : vector<4xi32>, vector<16xi8>, vector<16xi8>
  cf.br ^next
^next:
  %2 = simd.dot4 %1, %u, %s {max_u = 2 : i32} : vector<4xi32>, vector<16xi8>, vector<16xi8>
  // CHECK: return
  return %0, %2 : vector<4xi32>, vector<4xi32>
}
