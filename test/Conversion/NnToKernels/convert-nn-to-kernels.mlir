// RUN: quant-opt --convert-nn-to-kernels %s | FileCheck %s

// A unit is a token; equal shapes share a function, another epsilon is another function.
// CHECK-LABEL: func @norms
// CHECK-SAME: (%[[E:.+]]: !simd.exec, %[[X:.+]]: memref<?x20xf32>, %[[G:.+]]: memref<20xf32>, %[[Y:.+]]: memref<?x20xf32>)
// CHECK: %[[N:.+]] = memref.dim %[[X]]
// CHECK: simd.launch %[[E]] @[[NORM:.+]](%[[X]], %[[G]], %[[Y]]) count(%[[N]])
// CHECK: simd.launch %[[E]] @[[NORM]](%[[Y]], %[[G]], %[[X]])
// CHECK-NOT: @[[NORM]](
// CHECK: simd.launch %[[E]] @rms_norm_20_tn_
func.func @norms(%x: memref<?x20xf32>, %g: memref<20xf32>, %y: memref<?x20xf32>) {
  nn.rms_norm ins(%x, %g : memref<?x20xf32>, memref<20xf32>) outs(%y : memref<?x20xf32>) epsilon = 1.0e-05
  nn.rms_norm ins(%y, %g : memref<?x20xf32>, memref<20xf32>) outs(%x : memref<?x20xf32>) epsilon = 1.0e-05
  nn.rms_norm ins(%y, %g : memref<?x20xf32>, memref<20xf32>) outs(%x : memref<?x20xf32>) epsilon = 1.0e-06
  return
}

// One token: calls.
// CHECK-LABEL: func @decode
// CHECK-NOT: !simd.exec
// CHECK: call @rope_2x8_c32_t1(
// CHECK: call @silu_gate_16_t1(
func.func @decode(%x: memref<1x16xf32>, %table: memref<32x8xf32>, %position: index, %y: memref<1x16xf32>) {
  nn.rope ins(%x, %table, %position : memref<1x16xf32>, memref<32x8xf32>) outs(%y : memref<1x16xf32>)
  nn.gated_activation ins(%x, %y : memref<1x16xf32>, memref<1x16xf32>) outs(%x : memref<1x16xf32>) kind = silu
  return
}

// Attention stores first (a unit is a key-value head), then computes (a head of a token). Layers share both kernels.
// CHECK-LABEL: func @attention
// CHECK: %[[L:.+]] = arith.constant 1 : index
// CHECK: %[[KV:.+]] = arith.constant 2 : index
// CHECK: simd.launch %[[E:[^ ]+]] @[[STORE:[^(]+]](%[[K:[^ ]+]], %[[V:[^ ]+]], %[[KEYS:[^ ]+]], %[[VALUES:[^ ]+]], %[[P:[^ ]+]], %[[L]]) count(%[[KV]])
// CHECK: %[[HEADS:.+]] = arith.constant 4 : index
// CHECK: %[[N:.+]] = memref.dim
// CHECK: %[[UNITS:.+]] = arith.muli %[[N]], %[[HEADS]]
// CHECK: simd.launch %[[E]] @[[COMPUTE:[^(]+]](%{{.+}}, %[[KEYS]], %[[VALUES]], %[[P]], %[[L]], %{{.+}}) count(%[[UNITS]])
// CHECK: simd.launch %[[E]] @[[STORE]](
// CHECK: simd.launch %[[E]] @[[COMPUTE]](
func.func @attention(%q: memref<?x32xf32>, %k: memref<?x16xf32>, %v: memref<?x16xf32>, %position: index,
                     %keys: memref<2x2x8x32xf32>, %values: memref<2x2x32x8xf32>, %o: memref<?x32xf32>) {
  nn.attention ins(%q, %k, %v, %position : memref<?x32xf32>, memref<?x16xf32>, memref<?x16xf32>)
      cache(%keys, %values : memref<2x2x8x32xf32>, memref<2x2x32x8xf32>) outs(%o : memref<?x32xf32>) layer = 1, heads = 4
  nn.attention ins(%q, %k, %v, %position : memref<?x32xf32>, memref<?x16xf32>, memref<?x16xf32>)
      cache(%keys, %values : memref<2x2x8x32xf32>, memref<2x2x32x8xf32>) outs(%o : memref<?x32xf32>) layer = 0, heads = 4
  return
}

// No kernel: the host is called.
// CHECK-LABEL: func @observe
// CHECK-SAME: (%[[E:.+]]: !simd.exec, %[[X:.+]]: memref<1x16xf32>)
// CHECK: simd.observe %[[E]] site = 5(%[[X]]) : memref<1x16xf32>
func.func @observe(%x: memref<1x16xf32>) {
  nn.observe input of ["w"] site = 5 outs(%x : memref<1x16xf32>)
  return
}

// CHECK-LABEL: func @layer_norm
// CHECK: simd.launch %{{.+}} @layer_norm_20_tn_
// CHECK: simd.launch %{{.+}} @gelu_20_tn
func.func @layer_norm(%x: memref<?x20xf32>, %g: memref<20xf32>, %b: memref<20xf32>, %y: memref<?x20xf32>) {
  nn.layer_norm ins(%x, %g, %b : memref<?x20xf32>, memref<20xf32>, memref<20xf32>) outs(%y : memref<?x20xf32>) epsilon = 1.0e-12
  nn.gelu ins(%y : memref<?x20xf32>) outs(%x : memref<?x20xf32>)
  return
}

// Twenty elements are one vector of 16 and one of 4.
// CHECK-LABEL: func private @rms_norm_20_tn_
// CHECK: vector.load {{.+}} vector<16xf32>
// CHECK: vector.load {{.+}} vector<4xf32>
// CHECK: math.sqrt

// CHECK-LABEL: func private @gelu_20_tn
// CHECK: math.erf %{{.+}} : vector<16xf32>
// CHECK: math.erf %{{.+}} : vector<4xf32>
