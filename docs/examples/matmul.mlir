module attributes {lowbit.externals = "matmul.safetensors"} {
  func.func @project(%x: tensor<1x64xf32>) -> tensor<1x32xf32> {
    %w = lowbit.external "w" : tensor<32x64xf32>
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<1x32xf32>
    %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x32xf32>) -> tensor<1x32xf32>
    %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
        ins(%x, %w : tensor<1x64xf32>, tensor<32x64xf32>) outs(%zeros : tensor<1x32xf32>) -> tensor<1x32xf32>
    return %y : tensor<1x32xf32>
  }
}
