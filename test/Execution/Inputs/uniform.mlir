// Two products whose weights carry upstream's types: stored codes per row, and per column of a right-hand side.
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @product(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %zero = arith.constant 0.0 : f32
  %c = arith.constant dense<[[5, 3, 3, 3], [1, 2, -4, 0], [-1, -1, -1, 1]]> : tensor<3x4xi8>
  %q = quant.scast %c : tensor<3x4xi8> to tensor<3x4x!quant.uniform<i8:f32:0, {0.5:3, 0.25, 1.0:-1}>>
  %w = quant.dcast %q : tensor<3x4x!quant.uniform<i8:f32:0, {0.5:3, 0.25, 1.0:-1}>> to tensor<3x4xf32>
  %e0 = tensor.empty() : tensor<1x3xf32>
  %z0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<1x3xf32>) -> tensor<1x3xf32>
  %h = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<1x4xf32>, tensor<3x4xf32>) outs(%z0 : tensor<1x3xf32>) -> tensor<1x3xf32>
  %d = arith.constant dense<[[1, -7], [2, 0], [-3, 7]]> : tensor<3x2xi4>
  %p = quant.scast %d : tensor<3x2xi4> to tensor<3x2x!quant.uniform<i4<-7:7>:f32:1, {0.1, 0.25}>>
  %v = quant.dcast %p : tensor<3x2x!quant.uniform<i4<-7:7>:f32:1, {0.1, 0.25}>> to tensor<3x2xf32>
  %e1 = tensor.empty() : tensor<1x2xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x2xf32>) -> tensor<1x2xf32>
  %y = linalg.matmul ins(%h, %v : tensor<1x3xf32>, tensor<3x2xf32>) outs(%z1 : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
