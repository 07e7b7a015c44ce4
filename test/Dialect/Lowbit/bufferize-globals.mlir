// RUN: quant-opt %s --lowbit-bufferize | FileCheck %s

// Globals become memory, and chains of weights stay on tensors.

!format = !lowbit.ternary<group = 32>

// CHECK-LABEL: lowbit.global "private" @w : tensor<1280xi8>
// CHECK: arith.constant dense<1.000000e+00> : tensor<64x64xf32>
// CHECK: lowbit.quantize
// CHECK: lowbit.pack
// CHECK: lowbit.yield %{{.+}} : tensor<1280xi8>
lowbit.global "private" @w : tensor<1280xi8> {
  %f = arith.constant dense<1.0> : tensor<64x64xf32>
  %q = lowbit.quantize %f : tensor<64x64xf32> -> tensor<64x64x!format>
  %p = lowbit.pack %q layout(rows16) : tensor<64x64x!format> -> tensor<1280xi8>
  lowbit.yield %p : tensor<1280xi8>
}

// CHECK-LABEL: func.func @global
// CHECK-SAME: (%[[X:.+]]: memref<4x64xf32>, %[[Y:.+]]: memref<4x64xf32>)
// CHECK: %[[W:.+]] = lowbit.get_global @w : memref<1280xi8>
// CHECK-NEXT: lowbit.matmul_dequant ins(%[[X]], %[[W]] : memref<4x64xf32>, memref<1280xi8>) outs(%[[Y]] : memref<4x64xf32>)
// CHECK-NEXT: return %[[Y]]
func.func @global(%x: tensor<4x64xf32>, %y: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %w = lowbit.get_global @w : tensor<1280xi8>
  %r = lowbit.matmul_dequant ins(%x, %w : tensor<4x64xf32>, tensor<1280xi8>) outs(%y : tensor<4x64xf32>)
       format = !format -> tensor<4x64xf32>
  return %r : tensor<4x64xf32>
}

// Weights are read-only: what would write over them works on a copy.
// CHECK-LABEL: func.func @read_only
// CHECK: %[[W:.+]] = lowbit.get_global @w : memref<1280xi8>
// CHECK: memref.copy %[[W]]
func.func @read_only(%i: index, %v: i8) -> tensor<1280xi8> {
  %w = lowbit.get_global @w : tensor<1280xi8>
  %r = tensor.insert %v into %w[%i] : tensor<1280xi8>
  return %r : tensor<1280xi8>
}
