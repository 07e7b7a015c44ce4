// RUN: quant-opt --exact-vector-fma %s | FileCheck %s
// The whole pipeline must not end in fmuladd, which may round twice.
// RUN: quant-opt --lower-to-llvm=cpu=x86-64 %s | FileCheck %s --check-prefix=LLVM

// CHECK-LABEL: func @fma
// CHECK-SAME: %[[A:.+]]: vector<2x4xf32>, %[[B:.+]]: vector<2x4xf32>, %[[C:.+]]: vector<2x4xf32>
func.func @fma(%a: vector<2x4xf32>, %b: vector<2x4xf32>, %c: vector<2x4xf32>) -> vector<2x4xf32> {
  // CHECK-NEXT: %[[R:.+]] = math.fma %[[A]], %[[B]], %[[C]] : vector<2x4xf32>
  // CHECK-NEXT: return %[[R]]
  // LLVM-NOT: fmuladd
  // LLVM-COUNT-2: llvm.intr.fma
  // LLVM-NOT: fmuladd
  %0 = vector.fma %a, %b, %c : vector<2x4xf32>
  return %0 : vector<2x4xf32>
}
