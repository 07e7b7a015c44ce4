// Helpers are inlined first, whatever they are made of: C functions are whole programs.
// RUN: quant-opt %s --halftone-to-lowbit='format=ternaryg32' | FileCheck %s
// RUN: quant-opt %s --halftone-to-lowbit='format=ternaryg32' --halftone-to-planned --halftone-to-loops --halftone-to-llvm -o %t.mlir

// CHECK-NOT: func private
// CHECK-LABEL: func @main
// CHECK: lowbit.matmul
// CHECK: nn.gated_activation
// CHECK: lowbit.matmul
// CHECK: nn.gated_activation
// CHECK-NOT: call
// CHECK: return
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func private @layer(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %w = arith.constant dense<0.5> : tensor<64x64xf32>
  %e = tensor.empty() : tensor<4x64xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x64xf32>, tensor<64x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %z = func.call @activate(%y) : (tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}
func.func private @activate(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %e = tensor.empty() : tensor<4x64xf32>
  %y = nn.gated_activation ins(%x, %x : tensor<4x64xf32>, tensor<4x64xf32>) outs(%e : tensor<4x64xf32>) kind = silu -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}
func.func @main(%x: tensor<4x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>) {
  %y = call @layer(%x) : (tensor<4x64xf32>) -> tensor<4x64xf32>
  %z = call @layer(%y) : (tensor<4x64xf32>) -> tensor<4x64xf32>
  return %y, %z : tensor<4x64xf32>, tensor<4x64xf32>
}
