// RUN: quant-opt --split-input-file --lowbit-to-quant %s | FileCheck %s
// And back: the same format and the same numbers.
// RUN: quant-opt --split-input-file --lowbit-to-quant --quant-to-lowbit --lowbit-quantize-weights %s | FileCheck %s --check-prefix=BACK

// Weights with given scales: rounding stays to be done.
// CHECK-LABEL: func @encoded
// CHECK: %[[W:.+]] = lowbit.external "w"
// CHECK: %[[Q:.+]] = quant.qcast %[[W]] : tensor<2x4xf32> to tensor<2x4x!quant.uniform<u4:f32:0, {5.000000e-01:3,2.500000e-01}>>
// CHECK: %[[D:.+]] = quant.dcast %[[Q]]
// CHECK: %[[Z:.+]] = linalg.fill
// CHECK: linalg.matmul indexing_maps = {{.+}} ins(%{{.+}}, %[[D]] : tensor<?x4xf32>, tensor<2x4xf32>) outs(%[[Z]] :
// CHECK-NOT: lowbit.encode
// BACK-LABEL: func @encoded
// BACK-DAG: arith.constant dense<{{\[\[}}5.000000e-01], [2.500000e-01]]> : tensor<2x1xf16>
// BACK-DAG: arith.constant dense<{{\[\[}}3], [0]]> : tensor<2x1xi8>
// BACK: lowbit.matmul ins(%{{.+}}, %{{.+}} : tensor<?x4xf32>, tensor<2x4x!lowbit.int<bits = 4, group = 0, range = asymmetric>>)
func.func @encoded(%x: tensor<?x4xf32>, %y: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = lowbit.external "w" : tensor<2x4xf32>
  %s = arith.constant dense<[[0.5], [0.25]]> : tensor<2x1xf16>
  %p = arith.constant dense<[[3], [0]]> : tensor<2x1xi8>
  %q = lowbit.encode %w, %s, %p : (tensor<2x4xf32>, tensor<2x1xf16>, tensor<2x1xi8>) -> tensor<2x4x!lowbit.int<bits = 4, group = 0, range = asymmetric>>
  %r = lowbit.matmul ins(%x, %q : tensor<?x4xf32>, tensor<2x4x!lowbit.int<bits = 4, group = 0, range = asymmetric>>) outs(%y : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}

// -----

// Numbers in the module are quantized here. A row of zeros has the scale 0, which upstream cannot say: it gets 1.
// CHECK-LABEL: func @quantized
// CHECK: %[[C:.+]] = arith.constant dense<{{\[\[}}7, -1, 3, 0], [0, 0, 0, 0]]> : tensor<2x4xi4>
// CHECK: %[[Q:.+]] = quant.scast %[[C]] : tensor<2x4xi4> to tensor<2x4x!quant.uniform<i4<-7:7>:f32:0, {1.000000e+00,1.000000e+00}>>
// CHECK: quant.dcast %[[Q]]
// BACK-LABEL: func @quantized
// BACK: lowbit.assemble {{.+}} -> tensor<2x4x!lowbit.int<bits = 4, group = 0>>
func.func @quantized() -> tensor<2x4xf32> {
  %w = arith.constant dense<[[7.0, -1.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32>
  %q = lowbit.quantize %w : tensor<2x4xf32> -> tensor<2x4x!lowbit.int<bits = 4, group = 0>>
  %d = lowbit.dequantize %q : tensor<2x4x!lowbit.int<bits = 4, group = 0>> -> tensor<2x4xf32>
  return %d : tensor<2x4xf32>
}

// -----

// Groups are blocks, one scale for all is per layer, tables are looked up by nn.embed.
// CHECK-LABEL: func @groups_and_tables
// CHECK: quant.scast {{.+}} to tensor<2x4x!quant.uniform<u8:f32:{0:1, 1:2}, {{.+}}>>
// CHECK: quant.scast {{.+}} to tensor<2x4x!quant.uniform<i8<-127:127>:f32, {{.+}}>>
// CHECK: nn.embed
// BACK-LABEL: func @groups_and_tables
// BACK: lowbit.assemble {{.+}} -> tensor<2x4x!lowbit.int<bits = 8, group = 2, range = asymmetric>>
// BACK: lowbit.gather {{.+}}!lowbit.int<bits = 8, group = 0, scope = tensor>>
func.func @groups_and_tables(%ids: tensor<3xi32>, %y: tensor<3x4xf32>) -> (tensor<2x4xf32>, tensor<3x4xf32>) {
  %w = arith.constant dense<[[7.0, -1.0, 3.0, 0.0], [1.0, 0.5, 2.0, 2.0]]> : tensor<2x4xf32>
  %q = lowbit.quantize %w : tensor<2x4xf32> -> tensor<2x4x!lowbit.int<bits = 8, group = 2, range = asymmetric>>
  %d = lowbit.dequantize %q : tensor<2x4x!lowbit.int<bits = 8, group = 2, range = asymmetric>> -> tensor<2x4xf32>
  %t = lowbit.quantize %w : tensor<2x4xf32> -> tensor<2x4x!lowbit.int<bits = 8, group = 0, scope = tensor>>
  %g = lowbit.gather ins(%ids, %t : tensor<3xi32>, tensor<2x4x!lowbit.int<bits = 8, group = 0, scope = tensor>>) outs(%y : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %d, %g : tensor<2x4xf32>, tensor<3x4xf32>
}
