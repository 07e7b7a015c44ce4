// RUN: quant-opt %s --lowbit-bufferize | FileCheck %s
// RUN: quant-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   | FileCheck %s

// Every compute op becomes its memref form without a copy.

!format = !lowbit.ternary<group = 32>

// CHECK-LABEL: func.func @integer
// CHECK-SAME: (%[[X:.+]]: memref<?x64xf32>, %[[N:.+]]: index, %[[P:.+]]: memref<1280xi8>)
func.func @integer(%x: tensor<?x64xf32>, %n: index, %packed: tensor<1280xi8>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  // CHECK: %[[C:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x64xi8>
  // CHECK: %[[S:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?xf32>
  // CHECK: %[[G:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x2xi32>
  %c = tensor.empty(%n) : tensor<?x64xi8>
  %s = tensor.empty(%n) : tensor<?xf32>
  %g = tensor.empty(%n) : tensor<?x2xi32>
  // CHECK: lowbit.quantize_activations ins(%[[X]] : memref<?x64xf32>) outs(%[[C]], %[[S]], %[[G]] : memref<?x64xi8>, memref<?xf32>, memref<?x2xi32>) group = 32{{$}}
  %codes, %scales, %sums = lowbit.quantize_activations ins(%x : tensor<?x64xf32>)
      outs(%c, %s, %g : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>) group = 32
      -> tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>
  // CHECK: %[[T:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x2048xi8>
  %t = tensor.empty(%n) : tensor<?x2048xi8>
  // CHECK: lowbit.build_tables ins(%[[C]] : memref<?x64xi8>) outs(%[[T]] : memref<?x2048xi8>) width = 128{{$}}
  %tables = lowbit.build_tables ins(%codes : tensor<?x64xi8>) outs(%t : tensor<?x2048xi8>) width = 128
      -> tensor<?x2048xi8>
  // CHECK: %[[Y0:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x64xf32>
  %y0 = tensor.empty(%n) : tensor<?x64xf32>
  // CHECK: lowbit.matmul_lut ins(%[[T]], %[[S]], %[[G]], %[[P]] : {{.+}}) outs(%[[Y0]] : memref<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64, width = 128{{$}}
  %0 = lowbit.matmul_lut ins(%tables, %scales, %sums, %packed
                             : tensor<?x2048xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
      outs(%y0 : tensor<?x64xf32>) format = !format, in_features = 64, width = 128 -> tensor<?x64xf32>
  // CHECK: %[[Y1:.+]] = memref.alloc(%[[N]]){{.*}} : memref<?x64xf32>
  %y1 = tensor.empty(%n) : tensor<?x64xf32>
  // CHECK: lowbit.matmul_dot ins(%[[C]], %[[S]], %[[G]], %[[P]] : {{.+}}) outs(%[[Y1]] : memref<?x64xf32>) format = !lowbit.ternary<group = 32>, in_features = 64{{$}}
  %1 = lowbit.matmul_dot ins(%codes, %scales, %sums, %packed
                             : tensor<?x64xi8>, tensor<?xf32>, tensor<?x2xi32>, tensor<1280xi8>)
      outs(%y1 : tensor<?x64xf32>) format = !format, in_features = 64 -> tensor<?x64xf32>
  // CHECK-NOT: memref.copy
  // CHECK: return %[[Y0]], %[[Y1]]
  return %0, %1 : tensor<?x64xf32>, tensor<?x64xf32>
}

// CHECK-LABEL: func.func @float
func.func @float(%x: tensor<4x64xf32>, %w: tensor<64x64xf32>, %ids: tensor<4xi32>, %packed: tensor<1280xi8>,
                 %y: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // CHECK: lowbit.matmul ins(%{{.+}}, %{{.+}} : memref<4x64xf32>, memref<64x64xf32>) outs(%[[Y:.+]] : memref<4x64xf32>){{$}}
  %0 = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<64x64xf32>) outs(%y : tensor<4x64xf32>) -> tensor<4x64xf32>
  // CHECK: lowbit.gather ins(%{{.+}}, %{{.+}} : memref<4xi32>, memref<64x64xf32>) outs(%{{.+}} : memref<4x64xf32>){{$}}
  %e = tensor.empty() : tensor<4x64xf32>
  %1 = lowbit.gather ins(%ids, %w : tensor<4xi32>, tensor<64x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  // CHECK: lowbit.gather_packed ins(%{{.+}}, %{{.+}} : memref<4xi32>, memref<1280xi8>) outs(%{{.+}} : memref<4x64xf32>) format = !lowbit.ternary<group = 32>, rows = 64{{$}}
  %2 = lowbit.gather_packed ins(%ids, %packed : tensor<4xi32>, tensor<1280xi8>) outs(%e : tensor<4x64xf32>)
       format = !format, rows = 64 -> tensor<4x64xf32>
  %3 = linalg.add ins(%1, %2 : tensor<4x64xf32>, tensor<4x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  %4 = linalg.add ins(%0, %3 : tensor<4x64xf32>, tensor<4x64xf32>) outs(%e : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %4 : tensor<4x64xf32>
}
