// Units of work, shared functions, and what the enclosing function gets.
// RUN: quant-opt --convert-lowbit-to-kernels %s | FileCheck %s

!format = !lowbit.ternary<group = 32>

// Operations of one shape share one function; a dynamic number of tokens is another shape.
// CHECK-LABEL: func @shapes
// CHECK-SAME: (%[[E:.+]]: !simd.exec, %{{.+}}: memref<1x64xf32>
// CHECK-COUNT-2: simd.launch %[[E]] @dequant_ternaryg32_64x64_t1(
// CHECK: simd.launch %[[E]] @dequant_ternaryg32_64x64_tn(
func.func @shapes(%x: memref<1x64xf32>, %p: memref<1280xi8>, %y: memref<1x64xf32>, %xs: memref<?x64xf32>, %ys: memref<?x64xf32>) {
  lowbit.matmul_dequant ins(%x, %p : memref<1x64xf32>, memref<1280xi8>) outs(%y : memref<1x64xf32>) format = !format
  lowbit.matmul_dequant ins(%y, %p : memref<1x64xf32>, memref<1280xi8>) outs(%x : memref<1x64xf32>) format = !format
  lowbit.matmul_dequant ins(%xs, %p : memref<?x64xf32>, memref<1280xi8>) outs(%ys : memref<?x64xf32>) format = !format
  return
}

// Also across functions. One that has an execution context keeps it.
// CHECK-LABEL: func @other
// CHECK-SAME: (%[[E:[^:]+]]: !simd.exec, %{{[^:]+}}: memref<1x64xf32>
// CHECK: simd.launch %[[E]] @dequant_ternaryg32_64x64_t1(
func.func @other(%exec: !simd.exec, %x: memref<1x64xf32>, %p: memref<1280xi8>, %y: memref<1x64xf32>) {
  lowbit.matmul_dequant ins(%x, %p : memref<1x64xf32>, memref<1280xi8>) outs(%y : memref<1x64xf32>) format = !format
  return
}

// Units per token: one for quantization and look-up, 8 slices of 8 activations for tables.
// CHECK-LABEL: func @per_token
// CHECK: %[[N:.+]] = memref.dim %[[X:.+]], %{{.+}} : memref<?x64xf32>
// CHECK: simd.launch %{{.+}} @quantize_64g32_tn(%[[X]], {{.+}} count(%[[N]])
// CHECK: %[[SLICES:.+]] = arith.constant 8 : index
// CHECK: %[[N:.+]] = memref.dim
// CHECK: %[[ALL:.+]] = arith.muli %[[N]], %[[SLICES]]
// CHECK: simd.launch %{{.+}} @tables16_64_tn({{.+}} count(%[[ALL]])
// CHECK: %[[N:.+]] = memref.dim
// CHECK: simd.launch %{{.+}} @gather_ternaryg32_64x64_tn({{.+}} count(%[[N]])
func.func @per_token(%x: memref<?x64xf32>, %c: memref<?x64xi8>, %s: memref<?xf32>, %g: memref<?x2xi32>, %t: memref<?x512xi8>,
                     %ids: memref<?xi32>, %p: memref<1280xi8>, %y: memref<?x64xf32>) {
  lowbit.quantize_activations ins(%x : memref<?x64xf32>) outs(%c, %s, %g : memref<?x64xi8>, memref<?xf32>, memref<?x2xi32>) group = 32
  lowbit.build_tables ins(%c : memref<?x64xi8>) outs(%t : memref<?x512xi8>) width = 16
  lowbit.gather_packed ins(%ids, %p : memref<?xi32>, memref<1280xi8>) outs(%y : memref<?x64xf32>) format = !format, rows = 64
  return
}

// One token and one unit: a call, and no execution context.
// CHECK-LABEL: func @single
// CHECK-NOT: !simd.exec
// CHECK: call @gather_ternaryg32_64x64_t1
func.func @single(%ids: memref<1xi32>, %p: memref<1280xi8>, %y: memref<1x64xf32>) {
  lowbit.gather_packed ins(%ids, %p : memref<1xi32>, memref<1280xi8>) outs(%y : memref<1x64xf32>) format = !format, rows = 64
  return
}

// Operands that disagree in whether the number of tokens is known.
// CHECK-LABEL: func @mixed
// CHECK: %[[X:.+]] = memref.cast %{{.+}} : memref<1x64xf32> to memref<?x64xf32>
// CHECK: simd.launch %{{.+}} @dequant_ternaryg32_64x64_tn(%[[X]]
func.func @mixed(%x: memref<1x64xf32>, %p: memref<1280xi8>, %y: memref<?x64xf32>) {
  lowbit.matmul_dequant ins(%x, %p : memref<1x64xf32>, memref<1280xi8>) outs(%y : memref<?x64xf32>) format = !format
  return
}
