// RUN: quant-opt %s --canonicalize --split-input-file | FileCheck %s

!q = tensor<16x32x!lowbit.ternary<group = 32>>

// disassemble(assemble(a, b)) is a, b.
// CHECK-LABEL: func.func @disassemble_assemble
// CHECK-SAME: (%[[CODES:.+]]: tensor<16x8xi8>, %[[SCALES:.+]]: tensor<16x1xf16>)
// CHECK-NEXT: return %[[CODES]], %[[SCALES]]
func.func @disassemble_assemble(%codes: tensor<16x8xi8>, %scales: tensor<16x1xf16>)
    -> (tensor<16x8xi8>, tensor<16x1xf16>) {
  %q = lowbit.assemble %codes, %scales : (tensor<16x8xi8>, tensor<16x1xf16>) -> !q
  %c, %s = lowbit.disassemble %q : (!q) -> (tensor<16x8xi8>, tensor<16x1xf16>)
  return %c, %s : tensor<16x8xi8>, tensor<16x1xf16>
}

// assemble(disassemble(q)) is q.
// CHECK-LABEL: func.func @assemble_disassemble
// CHECK-SAME: (%[[Q:.+]]: tensor<16x32x!lowbit.ternary<group = 32>>)
// CHECK-NEXT: return %[[Q]]
func.func @assemble_disassemble(%q: !q) -> !q {
  %c, %s = lowbit.disassemble %q : (!q) -> (tensor<16x8xi8>, tensor<16x1xf16>)
  %r = lowbit.assemble %c, %s : (tensor<16x8xi8>, tensor<16x1xf16>) -> !q
  return %r : !q
}

// -----

!q = tensor<16x32x!lowbit.ternary<group = 32>>

// New scales make another matrix.
// CHECK-LABEL: func.func @rescaled
// CHECK: lowbit.disassemble
// CHECK: lowbit.assemble
func.func @rescaled(%q: !q, %scales: tensor<16x1xf16>) -> !q {
  %c, %s = lowbit.disassemble %q : (!q) -> (tensor<16x8xi8>, tensor<16x1xf16>)
  %r = lowbit.assemble %c, %scales : (tensor<16x8xi8>, tensor<16x1xf16>) -> !q
  return %r : !q
}

// -----

// The parts of one format are not a matrix of another with the same parts (32 and 0 are both the row here).
// CHECK-LABEL: func.func @reinterpreted
// CHECK: lowbit.disassemble
// CHECK: lowbit.assemble
func.func @reinterpreted(%q: tensor<16x32x!lowbit.ternary<group = 32>>) -> tensor<16x32x!lowbit.ternary<group = 0>> {
  %c, %s = lowbit.disassemble %q
    : (tensor<16x32x!lowbit.ternary<group = 32>>) -> (tensor<16x8xi8>, tensor<16x1xf16>)
  %r = lowbit.assemble %c, %s
    : (tensor<16x8xi8>, tensor<16x1xf16>) -> tensor<16x32x!lowbit.ternary<group = 0>>
  return %r : tensor<16x32x!lowbit.ternary<group = 0>>
}

// -----

// Quantization loses something: dequantize(quantize(w)) stays.
// CHECK-LABEL: func.func @lossy
// CHECK: lowbit.quantize
// CHECK: lowbit.dequantize
func.func @lossy(%w: tensor<16x32xf32>) -> tensor<16x32xf32> {
  %q = lowbit.quantize %w : tensor<16x32xf32> -> tensor<16x32x!lowbit.ternary<group = 32>>
  %d = lowbit.dequantize %q : tensor<16x32x!lowbit.ternary<group = 32>> -> tensor<16x32xf32>
  return %d : tensor<16x32xf32>
}

// -----

// Products on tensors are pure: one without a use goes. On memrefs they write: they stay.
// CHECK-LABEL: func.func @unused
// CHECK-NOT: tensor.empty
// CHECK: lowbit.matmul ins(%{{.+}}, %{{.+}} : memref<4x64xf32>, memref<8x64xf32>)
// CHECK-NEXT: return
func.func @unused(%x: tensor<4x64xf32>, %w: tensor<8x64xf32>, %bx: memref<4x64xf32>, %bw: memref<8x64xf32>,
                  %by: memref<4x8xf32>) {
  %e = tensor.empty() : tensor<4x8xf32>
  %y = lowbit.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  lowbit.matmul ins(%bx, %bw : memref<4x64xf32>, memref<8x64xf32>) outs(%by : memref<4x8xf32>)
  return
}

// CHECK-LABEL: func.func @permute
// CHECK-SAME: (%[[W:.+]]: tensor<2x3xf32>)
// CHECK: %[[P:.+]] = lowbit.permute %[[W]] dim = 1
// CHECK: return %[[W]], %[[P]]
func.func @permute(%w: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %same = lowbit.permute %w dim = 1 order = [0, 1, 2] : tensor<2x3xf32>
  %other = lowbit.permute %same dim = 1 order = [0, 2, 1] : tensor<2x3xf32>
  return %same, %other : tensor<2x3xf32>, tensor<2x3xf32>
}
