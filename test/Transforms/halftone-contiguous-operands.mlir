// RUN: quant-opt --halftone-contiguous-operands %s | FileCheck %s

!slice = memref<?x64xf32, strided<[128, 1], offset: 64>>

// Inputs are copied before, outputs after; what is contiguous is not copied.
// CHECK-LABEL: func @slices
// CHECK-SAME: (%[[X:.+]]: memref<?x64xf32, strided{{.+}}>, %[[P:.+]]: memref<1280xi8>, %[[Y:.+]]: memref<?x64xf32, strided
// CHECK: %[[N:.+]] = memref.dim %[[X]]
// CHECK: %[[A:.+]] = memref.alloc(%[[N]]) : memref<?x64xf32>
// CHECK: linalg.copy ins(%[[X]] {{.+}} outs(%[[A]]
// CHECK: %[[M:.+]] = memref.dim %[[Y]]
// CHECK: %[[B:.+]] = memref.alloc(%[[M]]) : memref<?x64xf32>
// CHECK: lowbit.matmul_dequant ins(%[[A]], %[[P]] : {{.+}}) outs(%[[B]]
// CHECK: linalg.copy ins(%[[B]] {{.+}} outs(%[[Y]]
// CHECK: lowbit.matmul_dequant
// CHECK-NOT: linalg.copy
// CHECK: return
func.func @slices(%x: !slice, %p: memref<1280xi8>, %y: !slice, %z: memref<?x64xf32>) {
  lowbit.matmul_dequant ins(%x, %p : !slice, memref<1280xi8>) outs(%y : !slice) format = !lowbit.ternary<group = 32>
  lowbit.matmul_dequant ins(%z, %p : memref<?x64xf32>, memref<1280xi8>) outs(%z : memref<?x64xf32>) format = !lowbit.ternary<group = 32>
  return
}

// In place: in and out.
// CHECK-LABEL: func @in_place
// CHECK-SAME: (%[[X:[^ ]+]]: memref<?x64xf32
// CHECK: %[[A:.+]] = memref.alloc
// CHECK: linalg.copy ins(%[[X]] {{.+}} outs(%[[A]]
// CHECK: %[[B:.+]] = memref.alloc
// CHECK: nn.gated_activation ins(%[[A]], %{{.+}}) outs(%[[B]]
// CHECK: linalg.copy ins(%[[B]] {{.+}} outs(%[[X]]
func.func @in_place(%x: !slice, %up: memref<?x64xf32>) {
  nn.gated_activation ins(%x, %up : !slice, memref<?x64xf32>) outs(%x : !slice) kind = silu
  return
}

// What is changed in place: in and out.
// CHECK-LABEL: func @observed
// CHECK-SAME: (%[[X:[^ ]+]]: memref<?x64xf32
// CHECK: %[[A:.+]] = memref.alloc
// CHECK: linalg.copy ins(%[[X]] {{.+}} outs(%[[A]]
// CHECK: nn.observe input of ["w"] site = 0 outs(%[[A]]
// CHECK: linalg.copy ins(%[[A]] {{.+}} outs(%[[X]]
func.func @observed(%x: !slice) {
  nn.observe input of ["w"] site = 0 outs(%x : !slice)
  return
}

// A cache must stay where it is: making kernels reports it.
// CHECK-LABEL: func @cache
// CHECK-NOT: linalg.copy
func.func @cache(%q: memref<1x8xf32>, %position: index, %keys: memref<1x1x8x16xf32, strided<[256, 256, 16, 1]>>, %values: memref<1x1x16x8xf32>) {
  nn.attention ins(%q, %q, %q, %position : memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>)
      cache(%keys, %values : memref<1x1x8x16xf32, strided<[256, 256, 16, 1]>>, memref<1x1x16x8xf32>) outs(%q : memref<1x8xf32>) layer = 0, heads = 1
  return
}

// Strided copies become loops later, others a memcpy.
// CHECK-LABEL: func @copies
// CHECK: linalg.copy
// CHECK: memref.copy
func.func @copies(%x: !slice, %y: memref<?x64xf32>, %z: memref<?x64xf32>) {
  memref.copy %x, %y : !slice to memref<?x64xf32>
  memref.copy %y, %z : memref<?x64xf32> to memref<?x64xf32>
  return
}
