// RUN: quant-opt %s --lowbit-bufferize | FileCheck %s
// RUN: quant-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   | FileCheck %s

// Every op becomes its memref form; the only copies are where an output would overwrite what is still read.

// CHECK-LABEL: func.func @layer
// CHECK-SAME: (%[[IDS:.+]]: memref<?xi32>, %[[N:.+]]: index, %[[TABLE:.+]]: memref<512x64xf32>, %[[GAIN:.+]]: memref<64xf32>
func.func @layer(%ids: tensor<?xi32>, %n: index, %table: tensor<512x64xf32>, %gain: tensor<64xf32>,
                 %rope: tensor<512x8xf32>, %position: index, %kv: tensor<?x32xf32>,
                 %keys: memref<5x4x8x512xf32>, %values: memref<5x4x512x8xf32>) -> tensor<?x64xf32> {
  // CHECK: %[[X:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x64xf32>
  // CHECK: nn.embed ins(%[[IDS]], %[[TABLE]] : memref<?xi32>, memref<512x64xf32>) outs(%[[X]] : memref<?x64xf32>){{$}}
  %0 = tensor.empty(%n) : tensor<?x64xf32>
  %x = nn.embed ins(%ids, %table : tensor<?xi32>, tensor<512x64xf32>) outs(%0 : tensor<?x64xf32>) -> tensor<?x64xf32>
  // CHECK: %[[Y:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x64xf32>
  // CHECK: nn.rms_norm ins(%[[X]], %[[GAIN]] : memref<?x64xf32>, memref<64xf32>) outs(%[[Y]] : memref<?x64xf32>) epsilon = 9.99999974E-6{{$}}
  %1 = tensor.empty(%n) : tensor<?x64xf32>
  %y = nn.rms_norm ins(%x, %gain : tensor<?x64xf32>, tensor<64xf32>) outs(%1 : tensor<?x64xf32>) epsilon = 1.0e-05
       -> tensor<?x64xf32>
  // CHECK: %[[Q:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x64xf32>
  // CHECK: nn.rope ins(%[[Y]], %{{.+}}, %{{.+}} : memref<?x64xf32>, memref<512x8xf32>) outs(%[[Q]] : memref<?x64xf32>){{$}}
  %2 = tensor.empty(%n) : tensor<?x64xf32>
  %q = nn.rope ins(%y, %rope, %position : tensor<?x64xf32>, tensor<512x8xf32>) outs(%2 : tensor<?x64xf32>)
       -> tensor<?x64xf32>
  // CHECK: %[[O:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x64xf32>
  // CHECK: nn.attention ins(%[[Q]], %{{.+}}, %{{.+}}, %{{.+}} : memref<?x64xf32>, memref<?x32xf32>, memref<?x32xf32>) cache(%{{.+}}, %{{.+}} : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%[[O]] : memref<?x64xf32>) layer = 0, heads = 8{{$}}
  %3 = tensor.empty(%n) : tensor<?x64xf32>
  %o = nn.attention ins(%q, %kv, %kv, %position : tensor<?x64xf32>, tensor<?x32xf32>, tensor<?x32xf32>)
       cache(%keys, %values : memref<5x4x8x512xf32>, memref<5x4x512x8xf32>) outs(%3 : tensor<?x64xf32>)
       layer = 0, heads = 8 -> tensor<?x64xf32>
  // CHECK: %[[R:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x64xf32>
  // CHECK-NOT: memref.copy
  // CHECK: nn.gated_activation ins(%[[O]], %[[X]] : memref<?x64xf32>, memref<?x64xf32>) outs(%[[R]] : memref<?x64xf32>) kind = silu{{$}}
  %4 = tensor.empty(%n) : tensor<?x64xf32>
  %r = nn.gated_activation ins(%o, %x : tensor<?x64xf32>, tensor<?x64xf32>) outs(%4 : tensor<?x64xf32>) kind = silu
       -> tensor<?x64xf32>
  // CHECK: return %[[R]]
  return %r : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @still_read
// CHECK-SAME: (%[[X:.+]]: memref<4x64xf32>, %[[GAIN:.+]]: memref<64xf32>)
// CHECK: %[[Y:.+]] = memref.alloc()
// CHECK: nn.rms_norm ins(%[[X]], %[[GAIN]] : {{.+}}) outs(%[[Y]] :
// CHECK: linalg.add ins(%[[X]], %[[Y]] :
func.func @still_read(%x: tensor<4x64xf32>, %gain: tensor<64xf32>) -> tensor<4x64xf32> {
  %y = nn.rms_norm ins(%x, %gain : tensor<4x64xf32>, tensor<64xf32>) outs(%x : tensor<4x64xf32>) epsilon = 0.0
       -> tensor<4x64xf32>
  %z = linalg.add ins(%x, %y : tensor<4x64xf32>, tensor<4x64xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}

// Observed in place; where the values before are still needed, in a copy.
// CHECK-LABEL: func.func @observed
// CHECK: %[[X:.+]] = memref.alloc()
// CHECK: nn.observe input of ["w"] site = 3 outs(%[[X]] : memref<4x64xf32>){{$}}
// CHECK: %[[C:.+]] = memref.alloc()
// CHECK: memref.copy %[[X]], %[[C]]
// CHECK: nn.observe output of ["w"] site = 4 outs(%[[C]] : memref<4x64xf32>){{$}}
// CHECK: linalg.add ins(%[[X]], %[[C]] :
func.func @observed(%in: tensor<4x64xf32>, %gain: tensor<64xf32>) -> tensor<4x64xf32> {
  %0 = tensor.empty() : tensor<4x64xf32>
  %x = nn.rms_norm ins(%in, %gain : tensor<4x64xf32>, tensor<64xf32>) outs(%0 : tensor<4x64xf32>) epsilon = 0.0
       -> tensor<4x64xf32>
  %y = nn.observe input of ["w"] site = 3 outs(%x : tensor<4x64xf32>) -> tensor<4x64xf32>
  %z = nn.observe output of ["w"] site = 4 outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  %1 = tensor.empty() : tensor<4x64xf32>
  %s = linalg.add ins(%y, %z : tensor<4x64xf32>, tensor<4x64xf32>) outs(%1 : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %s : tensor<4x64xf32>
}
