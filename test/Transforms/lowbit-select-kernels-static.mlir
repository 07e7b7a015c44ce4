// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3' %s | FileCheck %s

// Static activations become the integers that they were rounded to, in as many digits as these need. With several groups
// dot has a product for each. The rounding itself goes.
!ternary = !lowbit.ternary<group = 32>
!bytes = !lowbit.grouped<bits = 8, groups = 2>

// CHECK-LABEL: func @groups
// CHECK-SAME: (%[[X:.+]]: tensor<?x64xf32>, %[[S:.+]]: tensor<2xf32>
// CHECK: %[[Z:.+]] = arith.constant dense<[0.000000e+00, 1.280000e+02]>
// CHECK-NOT: lowbit.requantize
// CHECK: %[[Q:.+]]:3 = lowbit.quantize_activations_static ins(%[[X]], %[[S]], %[[Z]] : {{.+}}) outs(%{{.+}} : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>) format = !lowbit.grouped<bits = 8, groups = 2>, group = 32, digits = 2, only = 0
// CHECK: %[[P:.+]] = lowbit.matmul_dot ins(%[[Q]]#0, %[[Q]]#1, %[[Q]]#2, {{.+}} columns = [0, 32]
// CHECK: %[[A:.+]] = lowbit.sum_token_rows ins(%[[P]] : {{.+}} rows = 2
// CHECK: lowbit.quantize_activations_static {{.+}} only = 1
// CHECK: %[[R:.+]] = lowbit.matmul_dot {{.+}} columns = [32, 64]
// CHECK: %[[B:.+]] = lowbit.sum_token_rows ins(%[[R]] : {{.+}} rows = 2
// CHECK: linalg.add ins(%[[A]], %[[B]]

func.func @groups(%x: tensor<?x64xf32>, %s: tensor<2xf32>, %w: tensor<8x64x!ternary>, %y: tensor<?x8xf32>, %e: tensor<?x64xf32>) -> tensor<?x8xf32> {
  %z = arith.constant dense<[0.0, 128.0]> : tensor<2xf32>
  %q = lowbit.requantize ins(%x, %s, %z : tensor<?x64xf32>, tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<?x64xf32>) format = !bytes -> tensor<?x64xf32>
  %r = lowbit.matmul ins(%q, %w : tensor<?x64xf32>, tensor<8x64x!ternary>) outs(%y : tensor<?x8xf32>) activations = static strategy = dot -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}

// Other strategies have the rows of all groups in one product.
// CHECK-LABEL: func @rows
// CHECK: lowbit.quantize_activations_static {{.+}} group = 32, digits = 2 -> tensor<4x64xi8>
// CHECK: %[[P:.+]] = lowbit.matmul_lut
// CHECK: %[[D:.+]] = lowbit.sum_token_rows ins(%[[P]] : tensor<4x8xf32>) outs(%{{.+}} : tensor<2x8xf32>) rows = 2
// CHECK: lowbit.sum_token_rows ins(%[[D]] : tensor<2x8xf32>) outs(%{{.+}} : tensor<1x8xf32>) rows = 2
func.func @rows(%x: tensor<1x64xf32>, %s: tensor<2xf32>, %w: tensor<8x64x!ternary>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %q = lowbit.requantize ins(%x, %s, %s : tensor<1x64xf32>, tensor<2xf32>, tensor<2xf32>) outs(%x : tensor<1x64xf32>) format = !bytes -> tensor<1x64xf32>
  %r = lowbit.matmul ins(%q, %w : tensor<1x64xf32>, tensor<8x64x!ternary>) outs(%y : tensor<1x8xf32>) activations = static strategy = lut -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// Seven bits fit one digit, 16 take three; two products share what they can.
// CHECK-LABEL: func @digits
// CHECK: lowbit.quantize_activations_static {{.+}}<bits = 7, groups = 1>, group = 32, digits = 1 -> tensor<1x64xi8>
// CHECK: lowbit.matmul_lut
// CHECK-NOT: lowbit.sum_token_rows
// CHECK: lowbit.quantize_activations_static {{.+}}<bits = 16, groups = 1>, group = 32, digits = 3 -> tensor<3x64xi8>
// CHECK: lowbit.sum_token_rows ins(%{{.+}} : tensor<3x8xf32>) outs(%{{.+}} : tensor<1x8xf32>) rows = 3
func.func @digits(%x: tensor<1x64xf32>, %s: tensor<1xf32>, %z: tensor<1xf32>, %w: tensor<8x64x!ternary>, %y: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %q = lowbit.requantize ins(%x, %s, %z : tensor<1x64xf32>, tensor<1xf32>, tensor<1xf32>) outs(%x : tensor<1x64xf32>) format = !lowbit.grouped<bits = 7, groups = 1> -> tensor<1x64xf32>
  %r = lowbit.matmul ins(%q, %w : tensor<1x64xf32>, tensor<8x64x!ternary>) outs(%y : tensor<1x8xf32>) activations = static strategy = lut -> tensor<1x8xf32>
  %p = lowbit.requantize ins(%x, %s, %z : tensor<1x64xf32>, tensor<1xf32>, tensor<1xf32>) outs(%x : tensor<1x64xf32>) format = !lowbit.grouped<bits = 16, groups = 1> -> tensor<1x64xf32>
  %t = lowbit.matmul ins(%p, %w : tensor<1x64xf32>, tensor<8x64x!ternary>) outs(%y : tensor<1x8xf32>) activations = static -> tensor<1x8xf32>
  return %r, %t : tensor<1x8xf32>, tensor<1x8xf32>
}

// Plane scales are floats, and so are the products with them; so is a product with many groups.
// CHECK-LABEL: func @floats
// CHECK: %[[Q:.+]] = lowbit.requantize
// CHECK: lowbit.matmul_dequant ins(%[[Q]],
// CHECK: %[[R:.+]] = lowbit.requantize
// CHECK: lowbit.matmul_dequant ins(%[[R]],
func.func @floats(%x: tensor<1x64xf32>, %s: tensor<2xf32>, %m: tensor<32xf32>, %w: tensor<8x64x!lowbit.bcq<planes = 2, group = 32, scale = plane>>, %v: tensor<8x64x!ternary>, %y: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %q = lowbit.requantize ins(%x, %s, %s : tensor<1x64xf32>, tensor<2xf32>, tensor<2xf32>) outs(%x : tensor<1x64xf32>) format = !bytes -> tensor<1x64xf32>
  %r = lowbit.matmul ins(%q, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.bcq<planes = 2, group = 32, scale = plane>>) outs(%y : tensor<1x8xf32>) activations = static -> tensor<1x8xf32>
  %p = lowbit.requantize ins(%x, %m, %m : tensor<1x64xf32>, tensor<32xf32>, tensor<32xf32>) outs(%x : tensor<1x64xf32>) format = !lowbit.grouped<bits = 8, groups = 32> -> tensor<1x64xf32>
  %t = lowbit.matmul ins(%p, %v : tensor<1x64xf32>, tensor<8x64x!ternary>) outs(%y : tensor<1x8xf32>) activations = static -> tensor<1x8xf32>
  return %r, %t : tensor<1x8xf32>, tensor<1x8xf32>
}
