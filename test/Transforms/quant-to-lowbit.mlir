// RUN: quant-opt --split-input-file --quant-to-lowbit %s | FileCheck %s
// RUN: quant-opt --split-input-file --quant-to-lowbit --lowbit-quantize-weights='format=bcq3g32' %s | FileCheck %s --check-prefix=PRODUCT

// Weights to be rounded, signed and per row of outputs: scales that are halves stay halves.
// CHECK-LABEL: func @per_row
// CHECK: %[[W:.+]] = lowbit.external "w" : tensor<2x4xf32>
// CHECK-DAG: %[[S:.+]] = arith.constant dense<{{.+}}> : tensor<2x1xf16>
// CHECK-DAG: %[[P:.+]] = arith.constant dense<{{\[\[}}-125], [-128]]> : tensor<2x1xi8>
// CHECK: %[[Q:.+]] = lowbit.encode %[[W]], %[[S]], %[[P]] : (tensor<2x4xf32>, tensor<2x1xf16>, tensor<2x1xi8>) -> tensor<2x4x!lowbit.int<bits = 8, group = 0, range = asymmetric>>
// CHECK: %[[D:.+]] = lowbit.dequantize %[[Q]]
// CHECK: linalg.matmul {{.*}}, %[[D]] :
// CHECK-NOT: quant.
// The module's format stays, whatever the policy.
// PRODUCT-LABEL: func @per_row
// PRODUCT: %[[Q:.+]] = lowbit.encode
// PRODUCT: lowbit.matmul ins(%{{.+}}, %[[Q]] : tensor<?x4xf32>, tensor<2x4x!lowbit.int<bits = 8, group = 0, range = asymmetric>>)
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @per_row(%x: tensor<?x4xf32>, %y: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = lowbit.external "w" : tensor<2x4xf32>
  %q = quant.qcast %w : tensor<2x4xf32> to tensor<2x4x!quant.uniform<i8:f32:0, {0.5:3, 0.25}>>
  %d = quant.dcast %q : tensor<2x4x!quant.uniform<i8:f32:0, {0.5:3, 0.25}>> to tensor<2x4xf32>
  %r = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %d : tensor<?x4xf32>, tensor<2x4xf32>) outs(%y : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

// Stored codes of a right-hand side: columns are outputs, so the matrix is transposed. 0.1 is no half.
// CHECK-LABEL: func @stored_columns
// CHECK-DAG: %[[S:.+]] = arith.constant dense<{{.+}}> : tensor<2x1xf32>
// CHECK-DAG: %[[C:.+]] = arith.constant dense<{{.+}}> : tensor<4x2x4xi8>
// CHECK: %[[Q:.+]] = lowbit.assemble %[[C]], %[[S]] : (tensor<4x2x4xi8>, tensor<2x1xf32>) -> tensor<2x3x!lowbit.int<bits = 4, group = 0, scale = f32>>
// CHECK: %[[D:.+]] = lowbit.dequantize %[[Q]]
// CHECK: linalg.transpose ins(%[[D]] : tensor<2x3xf32>)
// PRODUCT-LABEL: func @stored_columns
// PRODUCT: lowbit.matmul ins(%{{.+}}, %{{.+}} : tensor<1x3xf32>, tensor<2x3x!lowbit.int<bits = 4, group = 0, scale = f32>>)
func.func @stored_columns(%x: tensor<1x3xf32>, %y: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %c = arith.constant dense<[[1, -7], [2, 0], [-3, 7]]> : tensor<3x2xi4>
  %q = quant.scast %c : tensor<3x2xi4> to tensor<3x2x!quant.uniform<i4<-7:7>:f32:1, {0.1, 0.25}>>
  %d = quant.dcast %q : tensor<3x2x!quant.uniform<i4<-7:7>:f32:1, {0.1, 0.25}>> to tensor<3x2xf32>
  %r = linalg.matmul ins(%x, %d : tensor<1x3xf32>, tensor<3x2xf32>) outs(%y : tensor<1x2xf32>) -> tensor<1x2xf32>
  return %r : tensor<1x2xf32>
}

// -----

// One unsigned scale for all, and blocks of four.
// CHECK-LABEL: func @tensor_and_blocks
// CHECK: lowbit.encode {{.+}} -> tensor<2x8x!lowbit.int<bits = 8, group = 0, range = asymmetric, scope = tensor>>
// CHECK: lowbit.encode {{.+}} -> tensor<2x8x!lowbit.int<bits = 4, group = 4, range = asymmetric>>
func.func @tensor_and_blocks() -> (tensor<2x8xf32>, tensor<2x8xf32>) {
  %w = lowbit.external "w" : tensor<2x8xf32>
  %q = quant.qcast %w : tensor<2x8xf32> to tensor<2x8x!quant.uniform<u8:f32, 0.5:128>>
  %d = quant.dcast %q : tensor<2x8x!quant.uniform<u8:f32, 0.5:128>> to tensor<2x8xf32>
  %p = quant.qcast %w : tensor<2x8xf32> to tensor<2x8x!quant.uniform<u4:f32:{0:1, 1:4}, {{0.5:3, 0.25}, {1.0, 2.0:15}}>>
  %e = quant.dcast %p : tensor<2x8x!quant.uniform<u4:f32:{0:1, 1:4}, {{0.5:3, 0.25}, {1.0, 2.0:15}}>> to tensor<2x8xf32>
  return %d, %e : tensor<2x8xf32>, tensor<2x8xf32>
}
