// RUN: quant-opt %s --halftone-add-biases=weights=down | FileCheck %s
// RUN: quant-opt %s --halftone-add-biases=weights=down,up --halftone-cut-at-products | FileCheck %s --check-prefix=CUT

// Everything that read the product reads the sum; other products stay as they are.
// CHECK-DAG: #[[ROWS:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[COLS:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func @body(
// CHECK: %[[X:.+]] = nn.embed
// CHECK: lowbit.external "up"
// CHECK: %[[A:.+]] = linalg.matmul
// CHECK-NOT: up.correction
// CHECK: %[[D:.+]] = linalg.matmul {{.+}} ins(%[[A]],
// CHECK: %[[B:.+]] = lowbit.external "down.correction" : tensor<8xf32>
// CHECK: %[[S:.+]] = linalg.generic {indexing_maps = [#[[ROWS]], #[[COLS]], #[[ROWS]]], iterator_types = ["parallel", "parallel"]} ins(%[[D]], %[[B]] : tensor<?x8xf32>, tensor<8xf32>)
// CHECK: arith.addf
// CHECK: linalg.add ins(%[[X]], %[[S]]

// A cut leaves the bias with its product, and finds the residual stream behind it.
// CUT-LABEL: func @piece1(
// CUT: lowbit.external "up.correction"
// CUT: return
// CUT-LABEL: func @piece2(
// CUT-SAME: residuals = array<i64: 0>, weights = ["down"]
// CUT: lowbit.external "down.correction"
// CUT: return
#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>
module attributes {halftone.model = {}} {
  func.func @body(%ids: tensor<?xi32>, %position: index) -> tensor<?x8xf32> {
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %ids, %c0 : tensor<?xi32>
    %table = lowbit.external "table" : tensor<4x8xf32>
    %e8 = tensor.empty(%n) : tensor<?x8xf32>
    %e6 = tensor.empty(%n) : tensor<?x6xf32>
    %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<4x8xf32>) outs(%e8 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %up = lowbit.external "up" : tensor<6x8xf32>
    %zeros6 = linalg.fill ins(%zero : f32) outs(%e6 : tensor<?x6xf32>) -> tensor<?x6xf32>
    %a = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %up : tensor<?x8xf32>, tensor<6x8xf32>) outs(%zeros6 : tensor<?x6xf32>) -> tensor<?x6xf32>
    %down = lowbit.external "down" : tensor<8x6xf32>
    %zeros8 = linalg.fill ins(%zero : f32) outs(%e8 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %d = linalg.matmul indexing_maps = [#x, #w, #y] ins(%a, %down : tensor<?x6xf32>, tensor<8x6xf32>) outs(%zeros8 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.add ins(%x, %d : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e8 : tensor<?x8xf32>) -> tensor<?x8xf32>
    return %r : tensor<?x8xf32>
  }
  func.func @head(%h: tensor<?x8xf32>) -> tensor<?x8xf32> {
    return %h : tensor<?x8xf32>
  }
}
