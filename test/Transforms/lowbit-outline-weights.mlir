// RUN: quant-opt --split-input-file --lowbit-outline-weights %s | FileCheck %s
// RUN: quant-opt --split-input-file --lowbit-outline-weights --mlir-elide-elementsattrs-if-larger=4 %s | FileCheck %s --check-prefix=ELIDED

// A chain becomes a global named after its root, with all its parts, in order.
// CHECK: lowbit.global "private" @model.up_proj : tensor<1280xi8> {
// CHECK-NEXT: %[[W:.+]] = lowbit.external "model.up-proj" : tensor<64x64xf32>
// CHECK-NEXT: %[[E:.+]] = tensor.empty() : tensor<64x64xf32>
// CHECK-NEXT: %[[T:.+]] = linalg.transpose ins(%[[W]] : {{.+}}) outs(%[[E]]
// CHECK-NEXT: %[[Q:.+]] = lowbit.quantize %[[T]]
// CHECK-NEXT: %[[P:.+]] = lowbit.pack %[[Q]]
// CHECK-NEXT: lowbit.yield %[[P]]
// CHECK: lowbit.global "private" @gain : tensor<64xf32>
// CHECK-NOT: lowbit.global
// CHECK-LABEL: func @layer
// CHECK-NOT: {{lowbit.(external|quantize|pack)}}
// CHECK-DAG: %[[P:.+]] = lowbit.get_global @model.up_proj : tensor<1280xi8>
// CHECK-DAG: %[[G:.+]] = lowbit.get_global @gain : tensor<64xf32>
// CHECK: nn.rms_norm ins(%{{.+}}, %[[G]]
// CHECK: lowbit.matmul_dequant ins(%{{.+}}, %[[P]]
func.func @layer(%x: tensor<?x64xf32>, %init: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %w = lowbit.external "model.up-proj" : tensor<64x64xf32>
  %e = tensor.empty() : tensor<64x64xf32>
  %t = linalg.transpose ins(%w : tensor<64x64xf32>) outs(%e : tensor<64x64xf32>) permutation = [1, 0]
  %q = lowbit.quantize %t : tensor<64x64xf32> -> tensor<64x64x!lowbit.ternary<group = 32>>
  %p = lowbit.pack %q layout(rows16) : tensor<64x64x!lowbit.ternary<group = 32>> -> tensor<1280xi8>
  %g = lowbit.external "gain" : tensor<64xf32>
  %unused = lowbit.external "unused" : tensor<64xf32>
  %n = nn.rms_norm ins(%x, %g : tensor<?x64xf32>, tensor<64xf32>) outs(%init : tensor<?x64xf32>) epsilon = 1.0e-05 -> tensor<?x64xf32>
  %y = lowbit.matmul_dequant ins(%n, %p : tensor<?x64xf32>, tensor<1280xi8>) outs(%init : tensor<?x64xf32>) format = !lowbit.ternary<group = 32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// Equal chains share a global, across functions; a tensor in two forms has two, and so have different values.
// CHECK: lowbit.global "private" @w : tensor<512xf32>
// CHECK: lowbit.global "private" @constant : tensor<512xf32>
// CHECK: dense<1.0
// CHECK: lowbit.global "private" @[[TWO:constant.*]] : tensor<512xf32>
// CHECK: dense<2.0
// CHECK-NOT: lowbit.global
// ELIDED: lowbit.global "private" @constant :
// ELIDED: lowbit.global "private" @constant_
// CHECK-LABEL: func @f
// CHECK-DAG: lowbit.get_global @w
// CHECK-DAG: lowbit.get_global @constant :
func.func @f() -> (tensor<512xf32>, tensor<512xf32>) {
  %w = lowbit.external "w" : tensor<512xf32>
  %c = arith.constant dense<1.0> : tensor<512xf32>
  return %w, %c : tensor<512xf32>, tensor<512xf32>
}
// CHECK-LABEL: func @g
// CHECK-DAG: lowbit.get_global @w
// CHECK-DAG: lowbit.get_global @[[TWO]] :
func.func @g() -> (tensor<512xf32>, tensor<512xf32>) {
  %w = lowbit.external "w" : tensor<512xf32>
  %c = arith.constant dense<2.0> : tensor<512xf32>
  return %w, %c : tensor<512xf32>, tensor<512xf32>
}

// -----

// Small constants stay, and so do those that are no floats: bufferization knows what to do with them.
// CHECK-NOT: lowbit.global
// CHECK-LABEL: func @constants
// CHECK-COUNT-5: arith.constant
func.func @constants() -> (tensor<255xf32>, tensor<1024xi32>, tensor<512xf16>, tensor<512xindex>, tensor<512xcomplex<f32>>) {
  %a = arith.constant dense<1.0> : tensor<255xf32>
  %b = arith.constant dense<1> : tensor<1024xi32>
  %c = arith.constant dense<1.0> : tensor<512xf16>
  %d = arith.constant dense<1> : tensor<512xindex>
  %e = arith.constant dense<(1.0, 1.0)> : tensor<512xcomplex<f32>>
  return %a, %b, %c, %d, %e : tensor<255xf32>, tensor<1024xi32>, tensor<512xf16>, tensor<512xindex>, tensor<512xcomplex<f32>>
}

// -----

// Within loops and several blocks too. The value of a chain that is also a part of another is a global of its own.
// CHECK-DAG: lowbit.global "private" @w : tensor<64x64xf32>
// CHECK-DAG: lowbit.global "private" @w_0 : tensor<64x64xf32>
// CHECK-LABEL: func @blocks
// CHECK: lowbit.get_global @w : tensor<64x64xf32>
// CHECK: scf.for
// CHECK: lowbit.get_global @w_0 : tensor<64x64xf32>
func.func @blocks(%x: tensor<64x64xf32>, %n: index) -> tensor<64x64xf32> {
  %w = lowbit.external "w" : tensor<64x64xf32>
  %s = linalg.add ins(%x, %w : tensor<64x64xf32>, tensor<64x64xf32>) outs(%x : tensor<64x64xf32>) -> tensor<64x64xf32>
  cf.br ^loop
^loop:
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %i = %zero to %n step %one iter_args(%y = %s) -> tensor<64x64xf32> {
    %q = lowbit.quantize %w : tensor<64x64xf32> -> tensor<64x64x!lowbit.ternary<group = 32>>
    %d = lowbit.dequantize %q : tensor<64x64x!lowbit.ternary<group = 32>> -> tensor<64x64xf32>
    %z = linalg.add ins(%y, %d : tensor<64x64xf32>, tensor<64x64xf32>) outs(%y : tensor<64x64xf32>) -> tensor<64x64xf32>
    scf.yield %z : tensor<64x64xf32>
  }
  return %r : tensor<64x64xf32>
}

// -----

// A module without weights, or without anything.
// CHECK: module
// CHECK-NOT: lowbit
module {
}
