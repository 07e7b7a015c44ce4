// RUN: quant-opt --halftone-decompose %s | FileCheck %s
// RUN: quant-opt %s --halftone-to-lowbit --halftone-to-planned --halftone-to-loops --halftone-to-llvm -o %t.mlir

// Maximum, exponentials of what is left, their sum, the quotient.
// CHECK-LABEL: func @softmax
// CHECK-NOT: linalg.softmax
// CHECK: arith.maxnumf
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK: %[[R:.+]] = linalg.generic
// CHECK: arith.divf
// CHECK: return %[[R]]
func.func @softmax(%x: tensor<?x10xf32>, %y: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %r = linalg.softmax dimension(1) ins(%x : tensor<?x10xf32>) outs(%y : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %r : tensor<?x10xf32>
}
