// RUN: quant-opt --split-input-file --verify-diagnostics --lowbit-uniform-to-bcq %s | FileCheck %s

// One conversion for all users.
// CHECK-LABEL: func @shared
// CHECK: %[[Q:.+]] = lowbit.quantize
// CHECK: %[[B:.+]] = lowbit.convert %[[Q]] : tensor<8x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>> -> tensor<8x64x!lowbit.bcq<planes = 4, group = 32, offset = per_group>>
// CHECK-NOT: lowbit.convert
// CHECK: lowbit.matmul ins(%{{.+}}, %[[B]] :
// CHECK: lowbit.dequantize %[[B]] :
func.func @shared(%x: tensor<?x64xf32>, %y: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<8x64xf32>) {
  %w = lowbit.external "w" : tensor<8x64xf32>
  %q = lowbit.quantize %w : tensor<8x64xf32> -> tensor<8x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>>
  %r = lowbit.matmul ins(%x, %q : tensor<?x64xf32>, tensor<8x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>>) outs(%y : tensor<?x8xf32>) activations = i8 -> tensor<?x8xf32>
  %d = lowbit.dequantize %q : tensor<8x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>> -> tensor<8x64xf32>
  return %r, %d : tensor<?x8xf32>, tensor<8x64xf32>
}

// -----

// Symmetric integers and one scale for the tensor, too; other formats are left alone.
// CHECK-LABEL: func @table
// CHECK: lowbit.convert {{.+}} : tensor<8x64x!lowbit.int<bits = 7, group = 0, scope = tensor>> -> tensor<8x64x!lowbit.bcq<planes = 7, group = 0, offset = per_group>>
// CHECK-NOT: lowbit.convert
func.func @table(%ids: tensor<2xi32>, %y: tensor<2x64xf32>) -> (tensor<2x64xf32>, tensor<8x64xf32>) {
  %w = lowbit.external "w" : tensor<8x64xf32>
  %q = lowbit.quantize %w : tensor<8x64xf32> -> tensor<8x64x!lowbit.int<bits = 7, group = 0, scope = tensor>>
  %r = lowbit.gather ins(%ids, %q : tensor<2xi32>, tensor<8x64x!lowbit.int<bits = 7, group = 0, scope = tensor>>) outs(%y : tensor<2x64xf32>) -> tensor<2x64xf32>
  %t = lowbit.quantize %w : tensor<8x64xf32> -> tensor<8x64x!lowbit.ternary<group = 32>>
  %d = lowbit.dequantize %t : tensor<8x64x!lowbit.ternary<group = 32>> -> tensor<8x64xf32>
  return %r, %d : tensor<2x64xf32>, tensor<8x64xf32>
}

// -----

// CHECK-LABEL: func @eight_bits
// CHECK-NOT: lowbit.convert
func.func @eight_bits() -> tensor<8x64xf32> {
  %w = lowbit.external "w" : tensor<8x64xf32>
  %q = lowbit.quantize %w : tensor<8x64xf32> -> tensor<8x64x!lowbit.int<bits = 8, group = 32>>
  // expected-warning@below {{weights of '!lowbit.int<bits = 8, group = 32>' stay: only integers of up to 7 bits with half-precision scales}}
  %d = lowbit.dequantize %q : tensor<8x64x!lowbit.int<bits = 8, group = 32>> -> tensor<8x64xf32>
  return %d : tensor<8x64xf32>
}
