// Three layers as a front end would write them: weights are constants with inputs as rows, each layer has another
// way to add its bias, and relu is a linalg.generic or linalg.max.
#rows = affine_map<(i, j) -> (i, j)>
#bias = affine_map<(i, j) -> (j)>
func.func @mlp(%x: tensor<3x16xf32>) -> tensor<3x10xf32> {
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant dense<0.5> : tensor<16x32xf32>
  %b1 = arith.constant dense<-1.0> : tensor<32xf32>
  %e1 = tensor.empty() : tensor<3x32xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<3x32xf32>) -> tensor<3x32xf32>
  %p1 = linalg.matmul ins(%x, %w1 : tensor<3x16xf32>, tensor<16x32xf32>) outs(%z1 : tensor<3x32xf32>) -> tensor<3x32xf32>
  %r1 = linalg.generic {indexing_maps = [#rows, #bias, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%p1, %b1 : tensor<3x32xf32>, tensor<32xf32>) outs(%e1 : tensor<3x32xf32>) {
  ^bb0(%p: f32, %b: f32, %out: f32):
    %s = arith.addf %p, %b : f32
    %r = arith.maximumf %s, %zero : f32
    linalg.yield %r : f32
  } -> tensor<3x32xf32>

  %w2 = arith.constant dense<0.25> : tensor<32x32xf32>
  %b2 = arith.constant dense<2.0> : tensor<32xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<3x32xf32>) -> tensor<3x32xf32>
  %p2 = linalg.matmul ins(%r1, %w2 : tensor<3x32xf32>, tensor<32x32xf32>) outs(%z2 : tensor<3x32xf32>) -> tensor<3x32xf32>
  %broadcast = linalg.broadcast ins(%b2 : tensor<32xf32>) outs(%e1 : tensor<3x32xf32>) dimensions = [0]
  %s2 = linalg.add ins(%p2, %broadcast : tensor<3x32xf32>, tensor<3x32xf32>) outs(%e1 : tensor<3x32xf32>) -> tensor<3x32xf32>
  %r2 = linalg.max ins(%s2, %z2 : tensor<3x32xf32>, tensor<3x32xf32>) outs(%e1 : tensor<3x32xf32>) -> tensor<3x32xf32>

  %w3 = arith.constant dense<0.125> : tensor<32x10xf32>
  %b3 = arith.constant dense<3.0> : tensor<3x10xf32>
  %y = linalg.matmul ins(%r2, %w3 : tensor<3x32xf32>, tensor<32x10xf32>) outs(%b3 : tensor<3x10xf32>) -> tensor<3x10xf32>
  return %y : tensor<3x10xf32>
}
