// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3' %s | FileCheck %s

// Scales of vectors on both sides: the activations' scales and sums of 5 vectors, codes padded to 96.

// CHECK-LABEL: func @both
// CHECK: %[[Q:.+]]:4 = lowbit.quantize_activation_vectors ins(%{{.+}} : tensor<?x70xf32>) outs(%{{.+}} : tensor<?x96xi8>, tensor<?x5xi32>, tensor<?xf32>, tensor<?x5xi32>) bits = 8, vector = 16, scale_bits = 6
// CHECK: %[[P:.+]] = lowbit.pack %{{.+}} layout(rows16)
// CHECK: lowbit.matmul_vector_dot ins(%[[Q]]#0, %[[Q]]#1, %[[Q]]#2, %[[Q]]#3, %[[P]] : {{.+}} in_features = 70, bits = 8, scale_bits = 6, product_bits = 7
func.func @both(%x: tensor<?x70xf32>, %w: tensor<8x70x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>,
                %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %r = lowbit.matmul ins(%x, %w : tensor<?x70xf32>, tensor<8x70x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>)
      outs(%y : tensor<?x8xf32>) activations = i8 vectors = <vector = 16, scale_bits = 6, product_bits = 7> -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}

// Scales of vectors on one side: the activations have a sum per vector all the same.

// CHECK-LABEL: func @weights
// CHECK: %[[Q:.+]]:3 = lowbit.quantize_activations ins(%{{.+}} : tensor<1x70xf32>) outs(%{{.+}} : tensor<1x96xi8>, tensor<1xf32>, tensor<1x5xi32>) group = 32 vector = 16 ->
// CHECK: lowbit.matmul_dot ins(%[[Q]]#0, %[[Q]]#1, %[[Q]]#2,
func.func @weights(%x: tensor<1x70xf32>, %w: tensor<8x70x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>,
                   %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %r = lowbit.matmul ins(%x, %w : tensor<1x70xf32>, tensor<8x70x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 4>>)
      outs(%y : tensor<1x8xf32>) activations = i8 strategy = dot -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// Vectors of 32 are groups.

// CHECK-LABEL: func @groups
// CHECK: lowbit.quantize_activations {{.+}} tensor<1x3xi32>) group = 32 ->
func.func @groups(%x: tensor<1x70xf32>, %w: tensor<8x70x!lowbit.vsq<bits = 4, vector = 32, scale_bits = 4>>,
                  %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %r = lowbit.matmul ins(%x, %w : tensor<1x70xf32>, tensor<8x70x!lowbit.vsq<bits = 4, vector = 32, scale_bits = 4>>)
      outs(%y : tensor<1x8xf32>) activations = i8 strategy = dot -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}
