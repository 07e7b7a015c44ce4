// RUN: quant-opt %s --halftone-rotate=seed=7 --canonicalize | FileCheck %s
// RUN: quant-opt %s --halftone-rotate='seed=7 heads=false' --canonicalize | FileCheck %s --check-prefix=STREAM

#a = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// A model: the table; v, which reads a norm with its gain, and whose heads are rotated; o, which reads the heads and
// writes the stream; the head, with the gain of the norm that the body returns.
// CHECK-LABEL: func @body
// CHECK: %[[ONES:.+]] = arith.constant dense<1.000000e+00> : tensor<8xf32>
// CHECK: %[[TABLE:.+]] = lowbit.rotate %{{.+}} columns seed = 7 : tensor<4x8xf32>
// CHECK: %[[X:.+]] = nn.embed ins(%{{.+}}, %[[TABLE]] :
// CHECK: %[[N:.+]] = nn.rms_norm ins(%[[X]], %[[ONES]] :
// CHECK: %[[G:.+]] = lowbit.external "gain"
// CHECK: %[[V1:.+]] = lowbit.scale %{{.+}} by %[[G]] columns : tensor<8x8xf32>, tensor<8xf32>
// CHECK: %[[V2:.+]] = lowbit.rotate %[[V1]] columns seed = 7 : tensor<8x8xf32>
// CHECK: %[[V3:.+]] = lowbit.rotate %[[V2]] rows seed = 8 block = 4 : tensor<8x8xf32>
// CHECK: %[[V:.+]] = linalg.matmul {{.+}} ins(%[[N]], %[[V3]] :
// CHECK: %[[A:.+]] = nn.attention
// CHECK: %[[O1:.+]] = lowbit.rotate %{{.+}} rows seed = 7 : tensor<8x8xf32>
// CHECK: %[[O2:.+]] = lowbit.rotate %[[O1]] columns seed = 8 block = 4 : tensor<8x8xf32>
// CHECK: linalg.matmul {{.+}} ins(%[[A]], %[[O2]] :
// CHECK: nn.rms_norm ins(%{{.+}}, %[[ONES]] :
// CHECK-LABEL: func @head
// CHECK: %[[F:.+]] = lowbit.external "final"
// CHECK: %[[H1:.+]] = lowbit.scale %{{.+}} by %[[F]] columns : tensor<4x8xf32>, tensor<8xf32>
// CHECK: %[[H2:.+]] = lowbit.rotate %[[H1]] columns seed = 7 : tensor<4x8xf32>
// CHECK: linalg.matmul {{.+}} ins(%{{.+}}, %[[H2]] :

// STREAM-NOT: block =
module attributes {halftone.model = {}} {
  func.func @body(%ids: tensor<?xi32>, %p: index, %keys: memref<1x2x4x16xf32>, %values: memref<1x2x16x4xf32>) -> tensor<?x8xf32> {
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %count = tensor.dim %ids, %c0 : tensor<?xi32>
    %e = tensor.empty(%count) : tensor<?x8xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %table = lowbit.external "table" : tensor<4x8xf32>
    %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<4x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %gain = lowbit.external "gain" : tensor<8xf32>
    %n = nn.rms_norm ins(%x, %gain : tensor<?x8xf32>, tensor<8xf32>) outs(%e : tensor<?x8xf32>) epsilon = 0.0 -> tensor<?x8xf32>
    %wv = lowbit.external "v" : tensor<8x8xf32>
    %v = linalg.matmul indexing_maps = [#a, #w, #c] ins(%n, %wv : tensor<?x8xf32>, tensor<8x8xf32>) outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
    %h = nn.attention ins(%z, %z, %v, %p : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>)
           cache(%keys, %values : memref<1x2x4x16xf32>, memref<1x2x16x4xf32>) outs(%e : tensor<?x8xf32>) layer = 0, heads = 2 -> tensor<?x8xf32>
    %wo = lowbit.external "o" : tensor<8x8xf32>
    %o = linalg.matmul indexing_maps = [#a, #w, #c] ins(%h, %wo : tensor<?x8xf32>, tensor<8x8xf32>) outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
    %y = linalg.add ins(%x, %o : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %final = lowbit.external "final" : tensor<8xf32>
    %r = nn.rms_norm ins(%y, %final : tensor<?x8xf32>, tensor<8xf32>) outs(%e : tensor<?x8xf32>) epsilon = 0.0 -> tensor<?x8xf32>
    return %r : tensor<?x8xf32>
  }
  func.func @head(%x: tensor<?x8xf32>) -> tensor<?x4xf32> {
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %count = tensor.dim %x, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%count) : tensor<?x4xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
    %table = lowbit.external "table" : tensor<4x8xf32>
    %y = linalg.matmul indexing_maps = [#a, #w, #c] ins(%x, %table : tensor<?x8xf32>, tensor<4x8xf32>) outs(%z : tensor<?x4xf32>) -> tensor<?x4xf32>
    return %y : tensor<?x4xf32>
  }
}
