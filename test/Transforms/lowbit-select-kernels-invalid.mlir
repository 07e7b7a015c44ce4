// RUN: quant-opt --lowbit-select-kernels --split-input-file --verify-diagnostics %s
// RUN: not quant-opt --lowbit-select-kernels='cpu=pentium9' %s --split-input-file 2>&1 | FileCheck %s

// CHECK: error: {{.*}}pentium9
// Tables and dot products need integer weights; plane scales are floats.
func.func @plane_scales(%x: tensor<1x64xf32>, %w: tensor<8x64x!lowbit.bcq<planes = 2, group = 32, scale = plane>>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error@below {{format bcq2g32f has no integer weights, which strategy lut needs; use dequant or two-level scales}}
  %r = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.bcq<planes = 2, group = 32, scale = plane>>) outs(%y : tensor<1x8xf32>) activations = i8 strategy = lut -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

// VS-Quant has no planes to look up.
func.func @vector_scales(%x: tensor<1x64xf32>, %w: tensor<8x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error@below {{format vsq4v16s6 has no strategy lut; use dot or dequant}}
  %r = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>) outs(%y : tensor<1x8xf32>) activations = i8 strategy = lut -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

func.func @popcount_vector_scales(%x: tensor<1x64xf32>, %w: tensor<8x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error@below {{format vsq4v16s6 has no strategy popcount; use dot or dequant}}
  %r = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>) outs(%y : tensor<1x8xf32>) activations = b2 strategy = popcount -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

func.func @popcount_plane_scales(%x: tensor<1x64xf32>, %w: tensor<8x64x!lowbit.bcq<planes = 2, group = 32, scale = plane>>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error@below {{format bcq2g32f has no integer weights, which strategy popcount needs; use dequant or two-level scales}}
  %r = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.bcq<planes = 2, group = 32, scale = plane>>) outs(%y : tensor<1x8xf32>) activations = b1 strategy = popcount -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

func.func @long_rows(%x: tensor<1x262145xf32>, %w: tensor<8x262145x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error@below {{rows of 262145 elements are too long for exact sums in format vsq4v16s6 (at most 262144); use strategy dequant}}
  %r = lowbit.matmul ins(%x, %w : tensor<1x262145xf32>, tensor<8x262145x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>) outs(%y : tensor<1x8xf32>) activations = i8 strategy = dot -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

func.func @floats(%x: tensor<1x64xf32>, %w: tensor<8x64xf32>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error@below {{format float has no integer weights, which strategy dot needs}}
  %r = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64xf32>) outs(%y : tensor<1x8xf32>) activations = i8 strategy = dot -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

func.func @static_input(%x: tensor<1x64xf32>, %w: tensor<8x64x!lowbit.ternary<group = 32>>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  // expected-error@below {{activations = static needs an input that is the result of lowbit.requantize}}
  %r = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.ternary<group = 32>>) outs(%y : tensor<1x8xf32>) activations = static -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

func.func @many_groups(%x: tensor<1x64xf32>, %s: tensor<32xf32>, %w: tensor<8x64x!lowbit.ternary<group = 32>>, %y: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %q = lowbit.requantize ins(%x, %s, %s : tensor<1x64xf32>, tensor<32xf32>, tensor<32xf32>) outs(%x : tensor<1x64xf32>) format = !lowbit.grouped<bits = 8, groups = 32> -> tensor<1x64xf32>
  // expected-error@below {{strategy lut takes activations in up to 16 groups, not 32; use dequant}}
  %r = lowbit.matmul ins(%q, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.ternary<group = 32>>) outs(%y : tensor<1x8xf32>) activations = static strategy = lut -> tensor<1x8xf32>
  return %r : tensor<1x8xf32>
}

// -----

// Packing happens on tensors.
func.func @buffers(%x: memref<1x64xf32>, %w: memref<8x64xf32>, %y: memref<1x8xf32>) {
  // expected-error@below {{works on buffers; kernels are selected on tensors, before bufferization}}
  lowbit.matmul ins(%x, %w : memref<1x64xf32>, memref<8x64xf32>) outs(%y : memref<1x8xf32>)
  return
}
