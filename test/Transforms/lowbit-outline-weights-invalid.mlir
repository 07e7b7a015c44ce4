// A quantized matrix that nothing has packed cannot be stored.
// RUN: quant-opt --lowbit-outline-weights --verify-diagnostics %s

func.func @f(%x: tensor<?x64xf32>, %init: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %w = lowbit.external "up" : tensor<64x64xf32>
  // expected-error@below {{cannot hold elements of type '!lowbit.ternary<group = 32>'; pack the weight first}}
  %q = lowbit.quantize %w : tensor<64x64xf32> -> tensor<64x64x!lowbit.ternary<group = 32>>
  %y = lowbit.matmul ins(%x, %q : tensor<?x64xf32>, tensor<64x64x!lowbit.ternary<group = 32>>) outs(%init : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
