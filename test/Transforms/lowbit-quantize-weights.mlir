// Which linalg operations are products with weights, and what becomes of their parts.
// RUN: quant-opt --split-input-file --lowbit-quantize-weights='format=ternaryg32' %s | FileCheck %s
// RUN: quant-opt --split-input-file --lowbit-quantize-weights='format=rtn8g0 activations=i8 strategy=lut' %s | FileCheck %s --check-prefix=OPTIONS
// RUN: quant-opt --split-input-file --lowbit-quantize-weights='format=float activations=i8 strategy=lut' %s | FileCheck %s --check-prefix=FLOAT

// Rows are output channels: the weights are taken as they are.
// CHECK-LABEL: func @rows_are_outputs
// CHECK-SAME: %[[X:[^:]+]]: tensor<?x64xf32>
// CHECK: %[[W:.+]] = lowbit.external "up"
// CHECK: %[[Q:.+]] = lowbit.quantize %[[W]] : tensor<8x64xf32> -> tensor<8x64x!lowbit.ternary<group = 32>>
// CHECK: %[[Y:.+]] = tensor.empty(%{{.+}}) : tensor<?x8xf32>
// CHECK: %[[R:.+]] = lowbit.matmul ins(%[[X]], %[[Q]] : {{.+}}) outs(%[[Y]] : tensor<?x8xf32>) -> tensor<?x8xf32>
// CHECK: return %[[R]]
// OPTIONS-LABEL: func @rows_are_outputs
// OPTIONS: !lowbit.int<bits = 8, group = 0>
// OPTIONS: lowbit.matmul {{.+}} activations = i8 strategy = lut
// Unquantized weights have one kernel only.
// FLOAT-LABEL: func @rows_are_outputs
// FLOAT: lowbit.matmul ins(%{{.+}}, %{{.+}} : tensor<?x64xf32>, tensor<8x64xf32>) outs(%{{.+}} : tensor<?x8xf32>) ->
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @rows_are_outputs(%x: tensor<?x64xf32>, %zeros: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %zero = arith.constant 0.0 : f32
  %w = lowbit.external "up" : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%zeros : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<?x64xf32>, tensor<8x64xf32>) outs(%init : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Columns are output channels: through a transposition.
// CHECK-LABEL: func @columns_are_outputs
// CHECK: %[[W:.+]] = lowbit.external "up"
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[W]] : tensor<64x8xf32>) outs(%{{.+}} : tensor<8x64xf32>) permutation = [1, 0]
// CHECK: lowbit.quantize %[[T]] : tensor<8x64xf32>
// CHECK: lowbit.matmul
// CHECK-NOT: linalg.add
func.func @columns_are_outputs(%x: tensor<4x64xf32>) -> tensor<4x8xf32> {
  %w = lowbit.external "up" : tensor<64x8xf32>
  %init = tensor.empty() : tensor<4x8xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x64xf32>, tensor<64x8xf32>) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// ... which cancels with one that is there.
// CHECK-LABEL: func @transposed
// CHECK: %[[W:.+]] = lowbit.external "up"
// CHECK: lowbit.quantize %[[W]] : tensor<8x64xf32>
func.func @transposed(%x: tensor<4x64xf32>) -> tensor<4x8xf32> {
  %w = lowbit.external "up" : tensor<8x64xf32>
  %empty = tensor.empty() : tensor<64x8xf32>
  %t = linalg.transpose ins(%w : tensor<8x64xf32>) outs(%empty : tensor<64x8xf32>) permutation = [1, 0]
  %init = tensor.empty() : tensor<4x8xf32>
  %y = linalg.matmul ins(%x, %t : tensor<4x64xf32>, tensor<64x8xf32>) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// A contraction in general form, of a constant, added to a bias.
// CHECK-LABEL: func @generic
// CHECK-SAME: %[[BIAS:[^:]+]]: tensor<4x8xf32>
// CHECK: %[[W:.+]] = arith.constant dense<5.000000e-01> : tensor<8x64xf32>
// CHECK: lowbit.quantize %[[W]]
// CHECK: %[[P:.+]] = lowbit.matmul
// CHECK: %[[SUM:.+]] = linalg.add ins(%[[P]], %[[BIAS]]
// CHECK: return %[[SUM]]
#a = affine_map<(n, k, m) -> (m, k)>
#b = affine_map<(n, k, m) -> (n, k)>
#c = affine_map<(n, k, m) -> (m, n)>
func.func @generic(%bias: tensor<4x8xf32>, %x: tensor<4x64xf32>) -> tensor<4x8xf32> {
  %w = arith.constant dense<0.5> : tensor<8x64xf32>
  %y = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%bias : tensor<4x8xf32>) {
  ^bb0(%p: f32, %q: f32, %acc: f32):
    %product = arith.mulf %p, %q : f32
    %sum = arith.addf %acc, %product : f32
    linalg.yield %sum : f32
  } -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// Sizes that the caller left open are those of the weights.
// CHECK-LABEL: func @dynamic
// CHECK-DAG: %[[X:.+]] = tensor.cast %{{.+}} : tensor<?x?xf32> to tensor<?x64xf32>
// CHECK-DAG: %[[Y:.+]] = tensor.cast %{{.+}} : tensor<?x?xf32> to tensor<?x8xf32>
// CHECK: %[[R:.+]] = lowbit.matmul ins(%[[X]], {{.+}} outs(%[[Y]]
// CHECK: tensor.cast %[[R]] : tensor<?x8xf32> to tensor<?x?xf32>
func.func @dynamic(%x: tensor<?x?xf32>, %bias: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %w = lowbit.external "up" : tensor<64x8xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x?xf32>, tensor<64x8xf32>) outs(%bias : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
