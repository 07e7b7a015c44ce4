// RUN: quant-opt --halftone-cut-at-products --split-input-file %s | FileCheck %s

// A new piece begins at the first product of each value; x lives across the products of n, and is passed on.
// CHECK-LABEL: func @piece0(
// CHECK-SAME: tensor<?xi32>, %{{.+}}: index) -> (tensor<?x8xf32>, tensor<?x8xf32>)
// CHECK-SAME: halftone.piece = {next = array<i64: 0, 1>}
// CHECK: %[[X:.+]] = nn.embed
// CHECK: %[[N:.+]] = nn.rms_norm
// CHECK: return %[[X]], %[[N]]

// CHECK-LABEL: func @piece1(
// CHECK-SAME: %[[X:.+]]: tensor<?x8xf32>, %[[N:.+]]: tensor<?x8xf32>, %{{.+}}: index) -> tensor<?x6xf32>
// CHECK-SAME: gain = "gain", input = 1 : i64, next = array<i64: -1, 0>, residuals = array<i64: -1, -1>, weights = ["gate", "up"]
// CHECK: tensor.dim %[[X]]
// CHECK: lowbit.external "gate"
// CHECK: linalg.matmul {{.+}} ins(%[[N]],
// CHECK: linalg.matmul {{.+}} ins(%[[N]],
// CHECK: %[[A:.+]] = nn.gated_activation
// CHECK: return %[[A]]

// The product is added to x.
// CHECK-LABEL: func @piece2(
// CHECK-SAME: %[[X:.+]]: tensor<?x8xf32>, %[[A:.+]]: tensor<?x6xf32>, %{{.+}}: index) -> tensor<?x8xf32>
// CHECK-SAME: input = 1 : i64, next = array<i64: 0>, residuals = array<i64: 0>, weights = ["down"]
// CHECK: linalg.add ins(%[[X]], %{{.+}})

// The head goes on where the body ends.
// CHECK-LABEL: func @piece3(
// CHECK-SAME: tensor<?x8xf32>) -> tensor<?x4xf32>
// CHECK-SAME: input = 0 : i64, next = array<i64: 0>, residuals = array<i64: -1>, weights = ["table"]
// CHECK-NOT: func
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
    %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<4x8xf32>) outs(%e8 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %gain = lowbit.external "gain" : tensor<8xf32>
    %norm = nn.rms_norm ins(%x, %gain : tensor<?x8xf32>, tensor<8xf32>) outs(%e8 : tensor<?x8xf32>) epsilon = 1.0e-6 -> tensor<?x8xf32>
    %gate = lowbit.external "gate" : tensor<6x8xf32>
    %up = lowbit.external "up" : tensor<6x8xf32>
    %e6 = tensor.empty(%n) : tensor<?x6xf32>
    %zeros6 = linalg.fill ins(%zero : f32) outs(%e6 : tensor<?x6xf32>) -> tensor<?x6xf32>
    %g = linalg.matmul indexing_maps = [#x, #w, #y] ins(%norm, %gate : tensor<?x8xf32>, tensor<6x8xf32>) outs(%zeros6 : tensor<?x6xf32>) -> tensor<?x6xf32>
    %u = linalg.matmul indexing_maps = [#x, #w, #y] ins(%norm, %up : tensor<?x8xf32>, tensor<6x8xf32>) outs(%zeros6 : tensor<?x6xf32>) -> tensor<?x6xf32>
    %a = nn.gated_activation ins(%g, %u : tensor<?x6xf32>, tensor<?x6xf32>) outs(%e6 : tensor<?x6xf32>) kind = silu -> tensor<?x6xf32>
    %down = lowbit.external "down" : tensor<8x6xf32>
    %zeros8 = linalg.fill ins(%zero : f32) outs(%e8 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %d = linalg.matmul indexing_maps = [#x, #w, #y] ins(%a, %down : tensor<?x6xf32>, tensor<8x6xf32>) outs(%zeros8 : tensor<?x8xf32>) -> tensor<?x8xf32>
    %r = linalg.add ins(%x, %d : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e8 : tensor<?x8xf32>) -> tensor<?x8xf32>
    return %r : tensor<?x8xf32>
  }
  func.func @head(%h: tensor<?x8xf32>) -> tensor<?x4xf32> {
    %c0 = arith.constant 0 : index
    %zero = arith.constant 0.0 : f32
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %table = lowbit.external "table" : tensor<4x8xf32>
    %e = tensor.empty(%n) : tensor<?x4xf32>
    %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
    %l = linalg.matmul indexing_maps = [#x, #w, #y] ins(%h, %table : tensor<?x8xf32>, tensor<4x8xf32>) outs(%zeros : tensor<?x4xf32>) -> tensor<?x4xf32>
    return %l : tensor<?x4xf32>
  }
}
