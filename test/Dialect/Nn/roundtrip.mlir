// RUN: quant-opt %s --verify-roundtrip | FileCheck %s

// Every op of the dialect, on tensors and on memrefs.

// CHECK-LABEL: func.func @tensors
func.func @tensors(%ids: tensor<?xi32>, %table: tensor<512x64xf32>, %gain: tensor<64xf32>, %y: tensor<?x64xf32>,
                   %kv: tensor<?x32xf32>, %ffn: tensor<?x172xf32>, %position: index,
                   %keys: memref<5x4x8x512xf32>, %values: memref<5x4x512x8xf32>) {
  // CHECK: %[[E:.+]] = nn.embed ins(%{{.+}}, %{{.+}} : tensor<?xi32>, tensor<512x64xf32>) outs(%{{.+}} : tensor<?x64xf32>) -> tensor<?x64xf32>
  %e = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<512x64xf32>) outs(%y : tensor<?x64xf32>) -> tensor<?x64xf32>
  // CHECK: %[[N:.+]] = nn.rms_norm ins(%[[E]], %{{.+}} : tensor<?x64xf32>, tensor<64xf32>) outs(%{{.+}} : tensor<?x64xf32>) epsilon = 9.99999974E-6 -> tensor<?x64xf32>
  %n = nn.rms_norm ins(%e, %gain : tensor<?x64xf32>, tensor<64xf32>) outs(%y : tensor<?x64xf32>) epsilon = 1.0e-05
       -> tensor<?x64xf32>
  // CHECK: %[[R:.+]] = nn.rope_table theta = 1.000000e+04 : tensor<512x8xf32>
  %r = nn.rope_table theta = 1.0e+04 : tensor<512x8xf32>
  // CHECK: %[[Q:.+]] = nn.rope ins(%[[N]], %[[R]], %{{.+}} : tensor<?x64xf32>, tensor<512x8xf32>) outs(%{{.+}} : tensor<?x64xf32>) -> tensor<?x64xf32>
  %q = nn.rope ins(%n, %r, %position : tensor<?x64xf32>, tensor<512x8xf32>) outs(%y : tensor<?x64xf32>) -> tensor<?x64xf32>
  // CHECK: nn.attention ins(%[[Q]], %{{.+}}, %{{.+}}, %{{.+}} : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>) cache(%{{.+}}, %{{.+}} : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%{{.+}} : tensor<?x64xf32>) layer = 4, heads = 8 -> tensor<?x64xf32>
  %o = nn.attention ins(%q, %kv, %kv, %position : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>)
       cache(%keys, %values : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : tensor<?x64xf32>)
       layer = 4, heads = 8 -> tensor<?x64xf32>
  // CHECK: nn.gated_activation ins(%{{.+}}, %{{.+}} : tensor<?x172xf32>, tensor<?x172xf32>) outs(%{{.+}} : tensor<?x172xf32>) kind = silu -> tensor<?x172xf32>
  %g = nn.gated_activation ins(%ffn, %ffn : tensor<?x172xf32>, tensor<?x172xf32>) outs(%ffn : tensor<?x172xf32>)
       kind = silu -> tensor<?x172xf32>
  // CHECK: %[[L:.+]] = nn.layer_norm ins(%[[N]], %{{.+}}, %{{.+}} : tensor<?x64xf32>, tensor<64xf32>, tensor<64xf32>) outs(%{{.+}} : tensor<?x64xf32>) epsilon = 0.000000e+00 -> tensor<?x64xf32>
  %l = nn.layer_norm ins(%n, %gain, %gain : tensor<?x64xf32>, tensor<64xf32>, tensor<64xf32>) outs(%y : tensor<?x64xf32>)
       epsilon = 0.0 -> tensor<?x64xf32>
  // CHECK: nn.gelu ins(%[[L]] : tensor<?x64xf32>) outs(%{{.+}} : tensor<?x64xf32>) -> tensor<?x64xf32>
  %u = nn.gelu ins(%l : tensor<?x64xf32>) outs(%y : tensor<?x64xf32>) -> tensor<?x64xf32>
  return
}

// CHECK-LABEL: func.func @memrefs
func.func @memrefs(%ids: memref<1xi32>, %table: memref<512x64xf32>, %gain: memref<64xf32>, %y: memref<1x64xf32>,
                   %kv: memref<1x32xf32>, %rope: memref<512x8xf32>, %position: index,
                   %keys: memref<5x4x8x512xf32>, %values: memref<5x4x512x8xf32>) {
  // CHECK: nn.embed ins(%{{.+}}, %{{.+}} : memref<1xi32>, memref<512x64xf32>) outs(%{{.+}} : memref<1x64xf32>){{$}}
  nn.embed ins(%ids, %table : memref<1xi32>, memref<512x64xf32>) outs(%y : memref<1x64xf32>)
  // CHECK: nn.rms_norm ins(%{{.+}}, %{{.+}} : memref<1x64xf32>, memref<64xf32>) outs(%{{.+}} : memref<1x64xf32>) epsilon = 0.000000e+00{{$}}
  nn.rms_norm ins(%y, %gain : memref<1x64xf32>, memref<64xf32>) outs(%y : memref<1x64xf32>) epsilon = 0.0
  // CHECK: nn.rope ins(%{{.+}}, %{{.+}}, %{{.+}} : memref<1x64xf32>, memref<512x8xf32>) outs(%{{.+}} : memref<1x64xf32>){{$}}
  nn.rope ins(%y, %rope, %position : memref<1x64xf32>, memref<512x8xf32>) outs(%y : memref<1x64xf32>)
  // CHECK: nn.attention ins(%{{.+}}) cache(%{{.+}}) outs(%{{.+}} : memref<1x64xf32>) layer = 0, heads = 8{{$}}
  nn.attention ins(%y, %kv, %kv, %position : memref<1x64xf32>, memref<1x32xf32>, memref<1x32xf32>)
    cache(%keys, %values : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%y : memref<1x64xf32>)
    layer = 0, heads = 8
  // CHECK: nn.gated_activation ins(%{{.+}}, %{{.+}} : memref<1x64xf32>, memref<1x64xf32>) outs(%{{.+}} : memref<1x64xf32>) kind = silu{{$}}
  nn.gated_activation ins(%y, %y : memref<1x64xf32>, memref<1x64xf32>) outs(%y : memref<1x64xf32>) kind = silu
  // CHECK: nn.layer_norm ins(%{{.+}}, %{{.+}}, %{{.+}} : memref<1x64xf32>, memref<64xf32>, memref<64xf32>) outs(%{{.+}} : memref<1x64xf32>) epsilon = 0.000000e+00{{$}}
  nn.layer_norm ins(%y, %gain, %gain : memref<1x64xf32>, memref<64xf32>, memref<64xf32>) outs(%y : memref<1x64xf32>)
    epsilon = 0.0
  // CHECK: nn.gelu ins(%{{.+}} : memref<1x64xf32>) outs(%{{.+}} : memref<1x64xf32>){{$}}
  nn.gelu ins(%y : memref<1x64xf32>) outs(%y : memref<1x64xf32>)
  return
}

// CHECK-LABEL: func.func @observe
func.func @observe(%x: tensor<?x64xf32>, %y: memref<4x64xf32>) -> tensor<?x64xf32> {
  // CHECK: nn.observe input of ["a", "b"] site = 3 outs(%{{.+}} : tensor<?x64xf32>) -> tensor<?x64xf32>
  %r = nn.observe input of ["a", "b"] site = 3 outs(%x : tensor<?x64xf32>) -> tensor<?x64xf32>
  // CHECK: nn.observe residual of ["a"] site = 0 outs(%{{.+}} : memref<4x64xf32>){{$}}
  nn.observe residual of ["a"] site = 0 outs(%y : memref<4x64xf32>)
  return %r : tensor<?x64xf32>
}
