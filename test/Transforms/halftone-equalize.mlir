// RUN: quant-opt %s --halftone-equalize='alpha=0.75 beta=0.25' --canonicalize --split-input-file | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// A norm and two products: the gain is divided by what the columns of both are multiplied with.
// CHECK-LABEL: func @norm
// CHECK-DAG: %[[G:.+]] = lowbit.external "gain"
// CHECK-DAG: %[[Q:.+]] = lowbit.external "q"
// CHECK-DAG: %[[K:.+]] = lowbit.external "k"
// CHECK: %[[S:.+]] = lowbit.equalizer %{{.+}} behind(%{{.+}}, %{{.+}}) columns alpha = 7.500000e-01 beta = 2.500000e-01 : tensor<8xf32>, (tensor<4x8xf32>, tensor<2x8xf32>) -> tensor<8xf32>
// CHECK-DAG: %[[NG:.+]] = lowbit.scale %{{.+}} by %[[S]] columns inverse : tensor<8xf32>, tensor<8xf32>
// CHECK-DAG: %[[NQ:.+]] = lowbit.scale %{{.+}} by %[[S]] columns : tensor<4x8xf32>, tensor<8xf32>
// CHECK-DAG: %[[NK:.+]] = lowbit.scale %{{.+}} by %[[S]] columns : tensor<2x8xf32>, tensor<8xf32>
// CHECK: %[[N:.+]] = nn.rms_norm ins(%{{.+}}, %[[NG]] :
// CHECK: linalg.matmul {{.+}} ins(%[[N]], %[[NQ]] :
// CHECK: linalg.matmul {{.+}} ins(%[[N]], %[[NK]] :
func.func @norm(%x: tensor<?x8xf32>, %o: tensor<?x8xf32>, %y: tensor<?x4xf32>, %z: tensor<?x2xf32>) -> (tensor<?x4xf32>, tensor<?x2xf32>) {
  %gain = lowbit.external "gain" : tensor<8xf32>
  %n = nn.rms_norm ins(%x, %gain : tensor<?x8xf32>, tensor<8xf32>) outs(%o : tensor<?x8xf32>) epsilon = 0.0 -> tensor<?x8xf32>
  %q = lowbit.external "q" : tensor<4x8xf32>
  %r = linalg.matmul indexing_maps = [#a, #w, #c] ins(%n, %q : tensor<?x8xf32>, tensor<4x8xf32>) outs(%y : tensor<?x4xf32>) -> tensor<?x4xf32>
  %k = lowbit.external "k" : tensor<2x8xf32>
  %s = linalg.matmul indexing_maps = [#a, #w, #c] ins(%n, %k : tensor<?x8xf32>, tensor<2x8xf32>) outs(%z : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %r, %s : tensor<?x4xf32>, tensor<?x2xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Measured magnitudes; weights with their outputs in columns.
// CHECK-NOT: channel_magnitudes
// CHECK-LABEL: func @measured
// CHECK: %[[M:.+]] = arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]> : tensor<3xf32>
// CHECK: %[[S:.+]] = lowbit.equalizer %[[M]] behind(%{{.+}}) rows
// CHECK-DAG: lowbit.scale %{{.+}} by %[[S]] columns inverse : tensor<3xf32>
// CHECK-DAG: lowbit.scale %{{.+}} by %[[S]] columns inverse : tensor<3xf32>
// CHECK-DAG: lowbit.scale %{{.+}} by %[[S]] rows : tensor<3x4xf32>
// CHECK: nn.layer_norm
module attributes {lowbit.channel_magnitudes = {w = array<f32: 1.0, -2.0, 3.0>}} {
  func.func @measured(%x: tensor<?x3xf32>, %o: tensor<?x3xf32>, %y: tensor<?x4xf32>) -> tensor<?x4xf32> {
    %gain = lowbit.external "gain" : tensor<3xf32>
    %bias = lowbit.external "bias" : tensor<3xf32>
    %n = nn.layer_norm ins(%x, %gain, %bias : tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) outs(%o : tensor<?x3xf32>) epsilon = 0.0 -> tensor<?x3xf32>
    %w = lowbit.external "w" : tensor<3x4xf32>
    %r = linalg.matmul ins(%n, %w : tensor<?x3xf32>, tensor<3x4xf32>) outs(%y : tensor<?x4xf32>) -> tensor<?x4xf32>
    return %r : tensor<?x4xf32>
  }
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// From the rows of v to the columns of o, which has two heads for each of v; from the rows of up to the columns of down.
// CHECK-LABEL: func @products
// CHECK-DAG: %[[S:.+]] = lowbit.equalizer %{{.+}} behind(%{{.+}}) columns alpha = {{.+}} beta = {{.+}} repeat = 2 block = 2 : tensor<4x8xf32>, (tensor<6x8xf32>) -> tensor<4xf32>
// CHECK-DAG: lowbit.scale %{{.+}} by %[[S]] rows inverse : tensor<4x8xf32>, tensor<4xf32>
// CHECK-DAG: lowbit.scale %{{.+}} by %[[S]] columns repeat = 2 block = 2 : tensor<6x8xf32>, tensor<4xf32>
// CHECK-DAG: %[[T:.+]] = lowbit.equalizer %{{.+}} behind(%{{.+}}) columns alpha = {{.+}} : tensor<8x8xf32>, (tensor<6x8xf32>) -> tensor<8xf32>
// CHECK-DAG: lowbit.scale %{{.+}} by %[[T]] rows inverse : tensor<8x8xf32>
// CHECK-DAG: lowbit.scale %{{.+}} by %[[T]] columns : tensor<6x8xf32>, tensor<8xf32>
func.func @products(%x: tensor<?x8xf32>, %q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %p: index, %n: index, %y: tensor<?x6xf32>,
                    %keys: memref<1x2x2x16xf32>, %values: memref<1x2x16x2xf32>) -> (tensor<?x6xf32>, tensor<?x6xf32>) {
  %zero = arith.constant 0.0 : f32
  %e4 = tensor.empty(%n) : tensor<?x4xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<?x4xf32>) -> tensor<?x4xf32>
  %e8 = tensor.empty(%n) : tensor<?x8xf32>
  %z8 = linalg.fill ins(%zero : f32) outs(%e8 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %wv = lowbit.external "v" : tensor<4x8xf32>
  %v = linalg.matmul indexing_maps = [#a, #w, #c] ins(%x, %wv : tensor<?x8xf32>, tensor<4x8xf32>) outs(%z4 : tensor<?x4xf32>) -> tensor<?x4xf32>
  %h = nn.attention ins(%q, %k, %v, %p : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32>)
         cache(%keys, %values : memref<1x2x2x16xf32>, memref<1x2x16x2xf32>) outs(%e8 : tensor<?x8xf32>) layer = 0, heads = 4 -> tensor<?x8xf32>
  %wo = lowbit.external "o" : tensor<6x8xf32>
  %o = linalg.matmul indexing_maps = [#a, #w, #c] ins(%h, %wo : tensor<?x8xf32>, tensor<6x8xf32>) outs(%y : tensor<?x6xf32>) -> tensor<?x6xf32>
  %wu = lowbit.external "up" : tensor<8x8xf32>
  %u = linalg.matmul indexing_maps = [#a, #w, #c] ins(%x, %wu : tensor<?x8xf32>, tensor<8x8xf32>) outs(%z8 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %g = nn.gated_activation ins(%q, %u : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e8 : tensor<?x8xf32>) kind = silu -> tensor<?x8xf32>
  %wd = lowbit.external "down" : tensor<6x8xf32>
  %d = linalg.matmul indexing_maps = [#a, #w, #c] ins(%g, %wd : tensor<?x8xf32>, tensor<6x8xf32>) outs(%y : tensor<?x6xf32>) -> tensor<?x6xf32>
  return %o, %d : tensor<?x6xf32>, tensor<?x6xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// Somebody else reads the norm: it stays.
// CHECK-LABEL: func @read
// CHECK-NOT: lowbit.scale
func.func @read(%x: tensor<?x8xf32>, %o: tensor<?x8xf32>, %y: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x8xf32>) {
  %gain = lowbit.external "gain" : tensor<8xf32>
  %n = nn.rms_norm ins(%x, %gain : tensor<?x8xf32>, tensor<8xf32>) outs(%o : tensor<?x8xf32>) epsilon = 0.0 -> tensor<?x8xf32>
  %q = lowbit.external "q" : tensor<4x8xf32>
  %r = linalg.matmul indexing_maps = [#a, #w, #c] ins(%n, %q : tensor<?x8xf32>, tensor<4x8xf32>) outs(%y : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %r, %n : tensor<?x4xf32>, tensor<?x8xf32>
}
