// RUN: quant-opt --lowbit-requantize-activations='policy=in:up=static8,out:up=i16,sum:down=peg2' %s | FileCheck %s
// RUN: quant-opt --lowbit-requantize-activations='policy=sum:down=static8' %s | FileCheck %s --check-prefix=CHOSEN
// RUN: quant-opt --lowbit-requantize-activations='policy=sum:down=peg1' %s | FileCheck %s --check-prefix=CHOSEN
// RUN: quant-opt --lowbit-requantize-activations='policy=up=i8,out:up=f32' %s | FileCheck %s --check-prefix=TOKENS

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

module attributes {lowbit.activation_ranges = {
    "in:up" = {min = array<f32: -1.0, -2.0, 0.0, 0.0>, max = array<f32: 3.0, 0.5, 0.0, 1.0>},
    "sum:down" = {min = array<f32: 0.0, 0.0, -1.0, 0.0>, max = array<f32: 2.55, 1.0, 1.55, 0.0>, chosen = array<f32: -0.5, 2.05>}}} {
  // An input is rounded for its product, an output (with its bias) and a sum for all who read them.
  // CHECK-LABEL: func @block
  // CHECK-SAME: (%[[X:.+]]: tensor<?x4xf32>
  // CHECK-DAG: %[[S:.+]] = arith.constant dense<0.0196078438> : tensor<1xf32>
  // CHECK-DAG: %[[Z:.+]] = arith.constant dense<1.020000e+02> : tensor<1xf32>
  // CHECK: %[[I:.+]] = lowbit.requantize ins(%[[X]], %[[S]], %[[Z]] : {{.+}}) outs({{.+}}) format = !lowbit.grouped<bits = 8, groups = 1>
  // CHECK: linalg.matmul {{.+}} ins(%[[I]],
  // CHECK: %[[B:.+]] = linalg.add
  // CHECK: %[[O:.+]] = lowbit.requantize_tokens ins(%[[B]] : {{.+}}) outs({{.+}}) bits = 16
  // CHECK: nn.gelu ins(%[[O]]
  // CHECK: %[[SUM:.+]] = linalg.add ins(%{{.+}}, %[[X]]
  // CHECK-DAG: arith.constant dense<0.00999999977> : tensor<2xf32>
  // CHECK-DAG: arith.constant dense<[0.000000e+00, 1.000000e+02]> : tensor<2xf32>
  // CHECK: %[[R:.+]] = lowbit.requantize ins(%[[SUM]], {{.+}} format = !lowbit.grouped<bits = 8, groups = 2>
  // CHECK: return %[[R]]

  // One scale is that of the chosen range; groups have their own.
  // CHOSEN-LABEL: func @block
  // CHOSEN-DAG: arith.constant dense<0.00999999977> : tensor<1xf32>
  // CHOSEN-DAG: arith.constant dense<5.000000e+01> : tensor<1xf32>

  // The inputs of products are left to the products; `up` is found in its input, too.
  // TOKENS-LABEL: func @block
  // TOKENS-NOT: lowbit.requantize
  func.func @block(%x: tensor<?x4xf32>, %h: tensor<?x8xf32>) -> tensor<?x4xf32> {
    %up = lowbit.external "up" : tensor<8x4xf32>
    %bias = lowbit.external "bias" : tensor<8xf32>
    %down = lowbit.external "down" : tensor<4x8xf32>
    %p = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %up : tensor<?x4xf32>, tensor<8x4xf32>) outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
    %repeated = linalg.broadcast ins(%bias : tensor<8xf32>) outs(%h : tensor<?x8xf32>) dimensions = [0]
    %q = linalg.add ins(%p, %repeated : tensor<?x8xf32>, tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
    %g = nn.gelu ins(%q : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
    %d = linalg.matmul indexing_maps = [#a, #b, #c] ins(%g, %down : tensor<?x8xf32>, tensor<4x8xf32>) outs(%x : tensor<?x4xf32>) -> tensor<?x4xf32>
    %r = linalg.add ins(%d, %x : tensor<?x4xf32>, tensor<?x4xf32>) outs(%x : tensor<?x4xf32>) -> tensor<?x4xf32>
    return %r : tensor<?x4xf32>
  }
}
