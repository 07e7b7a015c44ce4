// RUN: quant-opt %s --canonicalize --cse | FileCheck %s

// On tensors the ops are pure, except that attention always writes the cache.

// CHECK-LABEL: func.func @unused
// CHECK-NOT: nn.rms_norm
// CHECK-NOT: nn.rope_table
// CHECK: nn.attention
// CHECK-NEXT: return
func.func @unused(%x: tensor<4x64xf32>, %gain: tensor<64xf32>, %kv: tensor<4x32xf32>, %position: index,
                  %keys: memref<1x4x8x16xf32>, %values: memref<1x4x16x8xf32>) {
  %n = nn.rms_norm ins(%x, %gain : tensor<4x64xf32>, tensor<64xf32>) outs(%x : tensor<4x64xf32>) epsilon = 0.0
       -> tensor<4x64xf32>
  %t = nn.rope_table theta = 1.0e+04 : tensor<16x8xf32>
  %o = nn.attention ins(%x, %kv, %kv, %position : tensor<4x64xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%keys, %values : memref<1x4x8x16xf32>, memref<1x4x16x8xf32>) outs(%x : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return
}

// Equal products merge; two attentions do not, the second sees the cache that the first wrote.
// CHECK-LABEL: func.func @twice
// CHECK-COUNT-1: nn.gated_activation
// CHECK-NOT: nn.gated_activation
// CHECK-COUNT-2: nn.attention
func.func @twice(%x: tensor<4x64xf32>, %kv: tensor<4x32xf32>, %position: index, %keys: memref<1x4x8x16xf32>,
                 %values: memref<1x4x16x8xf32>)
    -> (tensor<4x64xf32>, tensor<4x64xf32>, tensor<4x64xf32>, tensor<4x64xf32>) {
  %g = nn.gated_activation ins(%x, %x : tensor<4x64xf32>, tensor<4x64xf32>) outs(%x : tensor<4x64xf32>) kind = silu
       -> tensor<4x64xf32>
  %h = nn.gated_activation ins(%x, %x : tensor<4x64xf32>, tensor<4x64xf32>) outs(%x : tensor<4x64xf32>) kind = silu
       -> tensor<4x64xf32>
  %o = nn.attention ins(%x, %kv, %kv, %position : tensor<4x64xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%keys, %values : memref<1x4x8x16xf32>, memref<1x4x16x8xf32>) outs(%x : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  %p = nn.attention ins(%x, %kv, %kv, %position : tensor<4x64xf32>, tensor<4x32xf32>, tensor<4x32xf32>)
       cache(%keys, %values : memref<1x4x8x16xf32>, memref<1x4x16x8xf32>) outs(%x : tensor<4x64xf32>)
       layer = 0, heads = 8 -> tensor<4x64xf32>
  return %g, %h, %o, %p : tensor<4x64xf32>, tensor<4x64xf32>, tensor<4x64xf32>, tensor<4x64xf32>
}

// Observations stay, in their order, used or not.
// CHECK-LABEL: func.func @observed
// CHECK: nn.observe output of ["w"] site = 1
// CHECK: nn.observe output of ["w"] site = 1
// CHECK: nn.observe residual of ["w"] site = 0
func.func @observed(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %a = nn.observe output of ["w"] site = 1 outs(%x : tensor<4x64xf32>) -> tensor<4x64xf32>
  %b = nn.observe output of ["w"] site = 1 outs(%x : tensor<4x64xf32>) -> tensor<4x64xf32>
  %c = nn.observe residual of ["w"] site = 0 outs(%x : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %x : tensor<4x64xf32>
}
