// What is no product of float activations with a constant float matrix stays as it is.
// RUN: quant-opt --lowbit-quantize-weights --split-input-file %s | FileCheck %s --implicit-check-not='{{lowbit.(quantize|matmul)}}'

// CHECK-LABEL: func @weights_on_the_left
// CHECK: linalg.matmul
func.func @weights_on_the_left(%x: tensor<64x4xf32>, %init: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %w = lowbit.external "up" : tensor<8x64xf32>
  %y = linalg.matmul ins(%w, %x : tensor<8x64xf32>, tensor<64x4xf32>) outs(%init : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// -----

// CHECK-LABEL: func @computed_weights
// CHECK: linalg.matmul
func.func @computed_weights(%x: tensor<4x64xf32>, %w: tensor<64x8xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<4x64xf32>, tensor<64x8xf32>) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @two_weights
// CHECK: linalg.matmul
func.func @two_weights(%init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %v = lowbit.external "v" : tensor<4x64xf32>
  %w = lowbit.external "w" : tensor<64x8xf32>
  %y = linalg.matmul ins(%v, %w : tensor<4x64xf32>, tensor<64x8xf32>) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @uninitialized_weights
// CHECK: linalg.matmul
func.func @uninitialized_weights(%x: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = tensor.empty() : tensor<64x8xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x64xf32>, tensor<64x8xf32>) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @half_precision
// CHECK: linalg.matmul
func.func @half_precision(%x: tensor<4x64xf16>, %init: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %w = arith.constant dense<0.5> : tensor<64x8xf16>
  %y = linalg.matmul ins(%x, %w : tensor<4x64xf16>, tensor<64x8xf16>) outs(%init : tensor<4x8xf16>) -> tensor<4x8xf16>
  return %y : tensor<4x8xf16>
}

// -----

// CHECK-LABEL: func @batches
// CHECK: linalg.batch_matmul
func.func @batches(%x: tensor<2x4x64xf32>, %init: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
  %w = lowbit.external "up" : tensor<2x64x8xf32>
  %y = linalg.batch_matmul ins(%x, %w : tensor<2x4x64xf32>, tensor<2x64x8xf32>) outs(%init : tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return %y : tensor<2x4x8xf32>
}

// -----

// An identity "transposition" must not be taken for a transposition.
// CHECK-LABEL: func @not_transposed
// CHECK: linalg.matmul
func.func @not_transposed(%x: tensor<4x8xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = lowbit.external "square" : tensor<8x8xf32>
  %empty = tensor.empty() : tensor<8x8xf32>
  %t = linalg.transpose ins(%w : tensor<8x8xf32>) outs(%empty : tensor<8x8xf32>) permutation = [0, 1]
  %y = linalg.matmul ins(%x, %t : tensor<4x8xf32>, tensor<8x8xf32>) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @empty_product
// CHECK: linalg.matmul
func.func @empty_product(%x: tensor<4x0xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = arith.constant dense<0.0> : tensor<0x8xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x0xf32>, tensor<0x8xf32>) outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @table_in_arguments
// CHECK: nn.embed
func.func @table_in_arguments(%ids: tensor<?xi32>, %table: tensor<512x64xf32>, %init: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<512x64xf32>) outs(%init : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
