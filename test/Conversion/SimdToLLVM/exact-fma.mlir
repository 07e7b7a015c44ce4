// RUN: quant-opt --convert-vector-to-llvm --exact-fma %s | FileCheck %s
// The whole pipeline must not end in fmuladd either, which may round twice.
// RUN: quant-opt --lower-to-llvm=cpu=x86-64 %s | FileCheck %s

// CHECK-NOT: fmuladd
// CHECK-LABEL: func @fma
// CHECK-COUNT-2: llvm.intr.fma
// CHECK-NOT: fmuladd
func.func @fma(%a: vector<2x4xf32>, %b: vector<2x4xf32>, %c: vector<2x4xf32>) -> vector<2x4xf32> {
  %0 = vector.fma %a, %b, %c : vector<2x4xf32>
  return %0 : vector<2x4xf32>
}

// CHECK-LABEL: func @outer_product
// CHECK-COUNT-4: llvm.intr.fma
// CHECK-NOT: fmuladd
func.func @outer_product(%a: vector<4xf32>, %b: vector<8xf32>, %c: vector<4x8xf32>) -> vector<4x8xf32> {
  %0 = vector.outerproduct %a, %b, %c : vector<4xf32>, vector<8xf32>
  return %0 : vector<4x8xf32>
}
