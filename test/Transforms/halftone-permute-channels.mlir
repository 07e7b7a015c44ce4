// RUN: quant-opt --halftone-permute-channels='policy=sum:=peg3' --verify-diagnostics --split-input-file %s | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// A residual stream from the embedding to the head: every weight with a dimension of it, and its ranges.
// CHECK: module attributes {lowbit.activation_ranges =
// CHECK-SAME: "in:up" = {max = array<f32: 3.000000e+00, 1.000000e+00, 2.000000e+00>, min = array<f32: 0.000000e+00, 0.000000e+00, 0.000000e+00>}
// CHECK-SAME: "sum:down" = {max = array<f32: 1.000000e+00, 5.000000e+00, 9.000000e+00>
module attributes {lowbit.activation_ranges = {
    "in:up" = {min = array<f32: 0.0, 0.0, 0.0>, max = array<f32: 1.0, 2.0, 3.0>},
    "sum:down" = {min = array<f32: 0.0, 0.0, 0.0>, max = array<f32: 5.0, 9.0, 1.0>}}} {
  // CHECK-LABEL: func @stream
  // CHECK: %[[TABLE:.+]] = lowbit.external "table"
  // CHECK: %[[T:.+]] = lowbit.permute %[[TABLE]] dim = 1 order = [2, 0, 1]
  // CHECK: nn.embed ins(%{{.+}}, %[[T]]
  // CHECK-DAG: %[[G:.+]] = lowbit.permute %{{.+}} dim = 0 order = [2, 0, 1] : tensor<3xf32>
  // CHECK-DAG: %[[B:.+]] = lowbit.permute %{{.+}} dim = 0 order = [2, 0, 1] : tensor<3xf32>
  // CHECK: nn.layer_norm ins(%{{.+}}, %{{.+}}, %{{.+}} :
  // CHECK: %[[U:.+]] = lowbit.permute %{{.+}} dim = 1 order = [2, 0, 1] : tensor<8x3xf32>
  // CHECK: linalg.matmul {{.+}} ins(%{{.+}}, %[[U]] :
  // CHECK: nn.gelu
  // CHECK: %[[D:.+]] = lowbit.permute %{{.+}} dim = 0 order = [2, 0, 1] : tensor<3x8xf32>
  // CHECK: linalg.matmul {{.+}} ins(%{{.+}}, %[[D]] :
  // CHECK: linalg.add
  // CHECK: %[[H:.+]] = lowbit.permute %{{.+}} dim = 0 order = [2, 0, 1] : tensor<3x7xf32>
  // CHECK: linalg.matmul ins(%{{.+}}, %[[H]] :
  // CHECK-NOT: lowbit.permute
  func.func @stream(%ids: tensor<?xi32>, %n: index) -> tensor<?x7xf32> {
    %e = tensor.empty(%n) : tensor<?x3xf32>
    %w = tensor.empty(%n) : tensor<?x8xf32>
    %l = tensor.empty(%n) : tensor<?x7xf32>
    %table = lowbit.external "table" : tensor<9x3xf32>
    %gain = lowbit.external "gain" : tensor<3xf32>
    %bias = lowbit.external "bias" : tensor<3xf32>
    %up = lowbit.external "up" : tensor<8x3xf32>
    %down = lowbit.external "down" : tensor<3x8xf32>
    %head = lowbit.external "head" : tensor<3x7xf32>
    %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<9x3xf32>) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
    %y = nn.layer_norm ins(%x, %gain, %bias : tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) outs(%e : tensor<?x3xf32>) epsilon = 0.0 -> tensor<?x3xf32>
    %p = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %up : tensor<?x3xf32>, tensor<8x3xf32>) outs(%w : tensor<?x8xf32>) -> tensor<?x8xf32>
    %g = nn.gelu ins(%p : tensor<?x8xf32>) outs(%w : tensor<?x8xf32>) -> tensor<?x8xf32>
    %d = linalg.matmul indexing_maps = [#a, #b, #c] ins(%g, %down : tensor<?x8xf32>, tensor<3x8xf32>) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
    %s = linalg.add ins(%d, %x : tensor<?x3xf32>, tensor<?x3xf32>) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
    %z = linalg.matmul ins(%s, %head : tensor<?x3xf32>, tensor<3x7xf32>) outs(%l : tensor<?x7xf32>) -> tensor<?x7xf32>
    return %z : tensor<?x7xf32>
  }
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// The caller knows the order of what it gets.
// CHECK-LABEL: func @argument
// CHECK-NOT: lowbit.permute
module attributes {lowbit.activation_ranges = {
    "sum:down" = {min = array<f32: 0.0, 0.0, 0.0>, max = array<f32: 5.0, 9.0, 1.0>}}} {
  // expected-warning@below {{the channels of activation 'sum:down' keep their order, because 'func.func' depends on it}}
  func.func @argument(%x: tensor<?x3xf32>, %h: tensor<?x8xf32>) -> tensor<?x3xf32> {
    %down = lowbit.external "down" : tensor<3x8xf32>
    %d = linalg.matmul indexing_maps = [#a, #b, #c] ins(%h, %down : tensor<?x8xf32>, tensor<3x8xf32>) outs(%x : tensor<?x3xf32>) -> tensor<?x3xf32>
    %s = linalg.add ins(%d, %x : tensor<?x3xf32>, tensor<?x3xf32>) outs(%x : tensor<?x3xf32>) -> tensor<?x3xf32>
    return %s : tensor<?x3xf32>
  }
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// The stream of a model goes on in its head, from both functions that its body became.
module attributes {halftone.model = {}, lowbit.activation_ranges = {
    "sum:down" = {min = array<f32: 0.0, 0.0, 0.0>, max = array<f32: 5.0, 9.0, 1.0>}}} {
  // CHECK-LABEL: func @decode
  // CHECK: lowbit.permute %{{.+}} dim = 1 order = [2, 0, 1] : tensor<9x3xf32>
  // CHECK: lowbit.permute %{{.+}} dim = 0 order = [2, 0, 1] : tensor<3x8xf32>
  func.func @decode(%ids: tensor<1xi32>, %h: tensor<1x8xf32>) -> tensor<1x3xf32> {
    %e = tensor.empty() : tensor<1x3xf32>
    %table = lowbit.external "table" : tensor<9x3xf32>
    %down = lowbit.external "down" : tensor<3x8xf32>
    %x = nn.embed ins(%ids, %table : tensor<1xi32>, tensor<9x3xf32>) outs(%e : tensor<1x3xf32>) -> tensor<1x3xf32>
    %d = linalg.matmul indexing_maps = [#a, #b, #c] ins(%h, %down : tensor<1x8xf32>, tensor<3x8xf32>) outs(%e : tensor<1x3xf32>) -> tensor<1x3xf32>
    %s = linalg.add ins(%d, %x : tensor<1x3xf32>, tensor<1x3xf32>) outs(%e : tensor<1x3xf32>) -> tensor<1x3xf32>
    return %s : tensor<1x3xf32>
  }
  // CHECK-LABEL: func @prefill
  // CHECK: lowbit.permute %{{.+}} dim = 1 order = [2, 0, 1] : tensor<9x3xf32>
  func.func @prefill(%ids: tensor<?xi32>, %n: index) -> tensor<?x3xf32> {
    %e = tensor.empty(%n) : tensor<?x3xf32>
    %table = lowbit.external "table" : tensor<9x3xf32>
    %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<9x3xf32>) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
    return %x : tensor<?x3xf32>
  }
  // CHECK-LABEL: func @head
  // CHECK: lowbit.permute %{{.+}} dim = 0 order = [2, 0, 1] : tensor<3xf32>
  // CHECK: lowbit.permute %{{.+}} dim = 1 order = [2, 0, 1] : tensor<9x3xf32>
  func.func @head(%x: tensor<?x3xf32>) -> tensor<?x9xf32> {
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?x3xf32>
    %e = tensor.empty(%n) : tensor<?x3xf32>
    %l = tensor.empty(%n) : tensor<?x9xf32>
    %gain = lowbit.external "gain" : tensor<3xf32>
    %table = lowbit.external "table" : tensor<9x3xf32>
    %y = nn.rms_norm ins(%x, %gain : tensor<?x3xf32>, tensor<3xf32>) outs(%e : tensor<?x3xf32>) epsilon = 0.0 -> tensor<?x3xf32>
    %z = linalg.matmul indexing_maps = [#a, #b, #c] ins(%y, %table : tensor<?x3xf32>, tensor<9x3xf32>) outs(%l : tensor<?x9xf32>) -> tensor<?x9xf32>
    return %z : tensor<?x9xf32>
  }
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// A head without a body: nobody knows where its input comes from.
// CHECK-LABEL: func @head
// CHECK-NOT: lowbit.permute
module attributes {halftone.model = {}, lowbit.activation_ranges = {
    "in:table" = {min = array<f32: 0.0, 0.0, 0.0>, max = array<f32: 5.0, 9.0, 1.0>},
    "sum:table" = {min = array<f32: 0.0, 0.0, 0.0>, max = array<f32: 5.0, 9.0, 1.0>}}} {
  // expected-warning@below {{the channels of activation 'sum:table' keep their order, because 'func.func' depends on it}}
  func.func @head(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
    %table = lowbit.external "table" : tensor<3x3xf32>
    %z = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %table : tensor<?x3xf32>, tensor<3x3xf32>) outs(%x : tensor<?x3xf32>) -> tensor<?x3xf32>
    %s = linalg.add ins(%z, %x : tensor<?x3xf32>, tensor<?x3xf32>) outs(%x : tensor<?x3xf32>) -> tensor<?x3xf32>
    return %s : tensor<?x3xf32>
  }
}
