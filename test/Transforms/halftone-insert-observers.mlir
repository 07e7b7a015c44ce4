// RUN: quant-opt --halftone-insert-observers --split-input-file %s | FileCheck %s
// RUN: quant-opt --halftone-insert-observers='inputs=false outputs residuals sums' --split-input-file %s | FileCheck %s --check-prefix=ALL

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Products that share an input share its observation; everything that reads the input comes after it.
// CHECK-LABEL: func @shared
// CHECK-SAME: (%[[X:[^:]+]]: tensor<?x64xf32>
// CHECK: %[[O:.+]] = nn.observe input of ["wq", "wk"] site = 0 outs(%[[X]] : tensor<?x64xf32>) -> tensor<?x64xf32>
// CHECK: %[[Q:.+]] = linalg.matmul {{.*}} ins(%[[O]],
// CHECK: linalg.matmul {{.*}} ins(%[[O]],
// CHECK: linalg.add ins(%[[O]], %[[Q]]

// The product with wq is added to %x and to nothing else; that with wk is not added, and not to zeros.
// ALL-LABEL: func @shared
// ALL-SAME: (%[[X:[^:]+]]: tensor<?x64xf32>
// ALL: %[[R:.+]] = nn.observe residual of ["wq"] site = 0 outs(%[[X]] :
// ALL: %[[Q:.+]] = linalg.matmul {{.*}} ins(%[[R]],
// ALL: %[[QO:.+]] = nn.observe output of ["wq"] site = 1 outs(%[[Q]] :
// ALL-NOT: nn.observe
// ALL: %[[S:.+]] = linalg.add ins(%[[R]], %[[QO]]
// ALL: %[[SO:.+]] = nn.observe sum of ["wq"] site = 2 outs(%[[S]] :
// ALL: return %[[SO]]
func.func @shared(%x: tensor<?x64xf32>, %zeros: tensor<?x64xf32>, %init: tensor<?x64xf32>)
    -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %wq = lowbit.external "wq" : tensor<64x64xf32>
  %wk = lowbit.external "wk" : tensor<64x64xf32>
  %zero = arith.constant 0.0 : f32
  %z = linalg.fill ins(%zero : f32) outs(%zeros : tensor<?x64xf32>) -> tensor<?x64xf32>
  %q = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %wq : tensor<?x64xf32>, tensor<64x64xf32>) outs(%z : tensor<?x64xf32>) -> tensor<?x64xf32>
  %k = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %wk : tensor<?x64xf32>, tensor<64x64xf32>) outs(%init : tensor<?x64xf32>) -> tensor<?x64xf32>
  %s = linalg.add ins(%x, %q : tensor<?x64xf32>, tensor<?x64xf32>) outs(%z : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %s, %k : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// Sites are numbered over the whole module; products without a constant weight are left alone.
// CHECK-LABEL: func @first
// CHECK: nn.observe input of ["a"] site = 0
// CHECK-LABEL: func @second
// CHECK: nn.observe input of ["b"] site = 1
// CHECK-LABEL: func @no_weight
// CHECK-NOT: nn.observe
func.func @first(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = lowbit.external "a" : tensor<8x8xf32>
  %r = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
func.func @second(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = lowbit.external "b" : tensor<8x8xf32>
  %r = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
func.func @no_weight(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %r = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}
