// RUN: quant-opt %s --verify-roundtrip | FileCheck %s

// Every op and type prints as it was written. Defaults (float activations, strategy auto, alternating solver with 15
// rounds, two-level scales) are not printed.

// CHECK: module attributes {lowbit.externals = "model.safetensors"}
module attributes { lowbit.externals = "model.safetensors" } {
  // CHECK: lowbit.global "private" @up : tensor<3520xi8> offset = 4096 {
  lowbit.global "private" @up : tensor<3520xi8> offset = 4096 {
    // CHECK: %[[W:.+]] = lowbit.external "model.up.weight" : tensor<172x64xf32>
    %w = lowbit.external "model.up.weight" : tensor<172x64xf32>
    // CHECK: %[[Q:.+]] = lowbit.quantize %[[W]] : tensor<172x64xf32> -> tensor<172x64x!lowbit.ternary<group = 32>>
    %q = lowbit.quantize %w : tensor<172x64xf32> -> tensor<172x64x!lowbit.ternary<group = 32>>
    // CHECK: %[[P:.+]] = lowbit.pack %[[Q]] layout(rows16) : tensor<172x64x!lowbit.ternary<group = 32>> -> tensor<3520xi8>
    %p = lowbit.pack %q layout(rows16) : tensor<172x64x!lowbit.ternary<group = 32>> -> tensor<3520xi8>
    // CHECK: lowbit.yield %[[P]] : tensor<3520xi8>
    lowbit.yield %p : tensor<3520xi8>
  }
  // CHECK: lowbit.global @norm : tensor<64xf32> {
  lowbit.global @norm : tensor<64xf32> {
    %w = lowbit.external "norm" : tensor<64xf32>
    lowbit.yield %w : tensor<64xf32>
  }

  // CHECK-LABEL: func.func private @formats(
  // CHECK-SAME: tensor<4x8x!lowbit.bcq<planes = 3, group = 0>>
  // CHECK-SAME: tensor<4x8x!lowbit.bcq<planes = 8, group = 128, scale = plane>>
  // CHECK-SAME: tensor<4x8x!lowbit.binary<group = 32>>
  // CHECK-SAME: tensor<4x8x!lowbit.ternary<group = 64>>
  // CHECK-SAME: tensor<4x8x!lowbit.ternary<group = 64>>
  // CHECK-SAME: tensor<4x8x!lowbit.ternary<group = 64, scale = per_sign>>
  // CHECK-SAME: tensor<4x8x!lowbit.int<bits = 4, group = 32>>
  // CHECK-SAME: tensor<4x8x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>
  // CHECK-SAME: tensor<4x8x!lowbit.vsq<bits = 8, vector = 16, scale_bits = 32, element = unsigned, scale = float>>
  // CHECK-SAME: tensor<4x8x!lowbit.vsq<bits = 4, vector = 32, scale_bits = 8, element = e2m1, scale = e8m0>>
  func.func private @formats(tensor<4x8x!lowbit.bcq<planes = 3, group = 0, scale = two_level>>,
                             tensor<4x8x!lowbit.bcq<planes = 8, group = 128, scale = plane>>,
                             tensor<4x8x!lowbit.binary<group = 32>>,
                             tensor<4x8x!lowbit.ternary<group = 64>>,
                             tensor<4x8x!lowbit.ternary<group = 64, scale = shared>>,
                             tensor<4x8x!lowbit.ternary<group = 64, scale = per_sign>>,
                             tensor<4x8x!lowbit.int<bits = 4, group = 32>>,
                             tensor<4x8x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6, element = signed>>,
                             tensor<4x8x!lowbit.vsq<bits = 8, vector = 16, scale_bits = 32, element = unsigned, scale = float>>,
                             tensor<4x8x!lowbit.vsq<bits = 4, vector = 32, scale_bits = 8, element = e2m1, scale = e8m0>>)

  // CHECK-LABEL: func.func @weights
  func.func @weights(%w: tensor<64x64xf32>) -> tensor<64x64xf32> {
    // CHECK: lowbit.quantize %{{.+}} solver = greedy : tensor<64x64xf32> -> tensor<64x64x!lowbit.binary<group = 32>>
    %b = lowbit.quantize %w solver = greedy : tensor<64x64xf32> -> tensor<64x64x!lowbit.binary<group = 32>>
    // CHECK: lowbit.quantize %{{.+}} rounds = 3 : tensor<64x64xf32> -> tensor<64x64x!lowbit.bcq<planes = 3, group = 32>>
    %q = lowbit.quantize %w solver = alternating rounds = 3
         : tensor<64x64xf32> -> tensor<64x64x!lowbit.bcq<planes = 3, group = 32>>
    // CHECK: %[[PARTS:.+]]:3 = lowbit.disassemble %{{.+}} : (tensor<64x64x!lowbit.bcq<planes = 3, group = 32>>) -> (tensor<3x64x8xi8>, tensor<64x2xf16>, tensor<64x2x3xi8>)
    %planes, %scales, %multipliers = lowbit.disassemble %q
         : (tensor<64x64x!lowbit.bcq<planes = 3, group = 32>>) -> (tensor<3x64x8xi8>, tensor<64x2xf16>, tensor<64x2x3xi8>)
    // CHECK: %[[A:.+]] = lowbit.assemble %[[PARTS]]#0, %[[PARTS]]#1, %[[PARTS]]#2 : (tensor<3x64x8xi8>, tensor<64x2xf16>, tensor<64x2x3xi8>) -> tensor<64x64x!lowbit.bcq<planes = 3, group = 32>>
    %a = lowbit.assemble %planes, %scales, %multipliers
         : (tensor<3x64x8xi8>, tensor<64x2xf16>, tensor<64x2x3xi8>) -> tensor<64x64x!lowbit.bcq<planes = 3, group = 32>>
    // CHECK: lowbit.dequantize %[[A]] : tensor<64x64x!lowbit.bcq<planes = 3, group = 32>> -> tensor<64x64xf32>
    %d = lowbit.dequantize %a : tensor<64x64x!lowbit.bcq<planes = 3, group = 32>> -> tensor<64x64xf32>
    return %d : tensor<64x64xf32>
  }

  // CHECK-LABEL: func.func @vector_scales
  func.func @vector_scales(%w: tensor<4x40xf32>) -> tensor<4x40x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>> {
    // CHECK: lowbit.disassemble %{{.+}} : (tensor<4x40x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>) -> (tensor<4x4x8xi8>, tensor<4x3xi8>, tensor<4xf32>)
    %q = lowbit.quantize %w : tensor<4x40xf32> -> tensor<4x40x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>
    %planes, %multipliers, %scales = lowbit.disassemble %q
         : (tensor<4x40x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>) -> (tensor<4x4x8xi8>, tensor<4x3xi8>, tensor<4xf32>)
    // CHECK: lowbit.assemble
    %a = lowbit.assemble %planes, %multipliers, %scales
         : (tensor<4x4x8xi8>, tensor<4x3xi8>, tensor<4xf32>) -> tensor<4x40x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>
    return %a : tensor<4x40x!lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>>
  }

  // CHECK-LABEL: func.func @rewrites
  func.func @rewrites(%w: tensor<4x8xf32>, %g: tensor<4xf32>) -> tensor<4x8xf32> {
    // CHECK: %[[S:.+]] = lowbit.equalizer %{{.+}} behind(%{{.+}}) columns alpha = 5.000000e-01 beta = 2.500000e-01 repeat = 2 block = 2 : tensor<4xf32>, (tensor<4x8xf32>) -> tensor<4xf32>
    %s = lowbit.equalizer %g behind(%w) columns alpha = 0.5 beta = 0.25 repeat = 2 block = 2 : tensor<4xf32>, (tensor<4x8xf32>) -> tensor<4xf32>
    // CHECK: lowbit.scale %{{.+}} by %[[S]] columns repeat = 2 block = 2 : tensor<4x8xf32>, tensor<4xf32>
    %a = lowbit.scale %w by %s columns repeat = 2 block = 2 : tensor<4x8xf32>, tensor<4xf32>
    // CHECK: lowbit.scale %{{.+}} by %[[S]] rows inverse : tensor<4x8xf32>, tensor<4xf32>
    %b = lowbit.scale %a by %s rows inverse : tensor<4x8xf32>, tensor<4xf32>
    // CHECK: lowbit.rotate %{{.+}} rows seed = -3 block = 2 : tensor<4x8xf32>
    %c = lowbit.rotate %b rows seed = -3 block = 2 : tensor<4x8xf32>
    // CHECK: lowbit.rotate %{{.+}} columns seed = 1 : tensor<4x8xf32>
    %d = lowbit.rotate %c columns seed = 1 : tensor<4x8xf32>
    return %d : tensor<4x8xf32>
  }

  // CHECK-LABEL: func.func @uniform
  func.func @uniform(%w: tensor<4x64xf32>, %s: tensor<1xf32>, %p: tensor<1xi8>) {
    // CHECK: lowbit.quantize %{{.+}} : tensor<4x64xf32> -> tensor<4x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>>
    %q = lowbit.quantize %w : tensor<4x64xf32> -> tensor<4x64x!lowbit.int<bits = 4, group = 32, range = asymmetric, scale = f16, scope = group>>
    // CHECK: lowbit.quantize %{{.+}} weight_range = "percentile:99.9" : tensor<4x64xf32> -> tensor<4x64x!lowbit.int<bits = 4, group = 32>>
    %r = lowbit.quantize %w weight_range = "percentile:99.9" : tensor<4x64xf32> -> tensor<4x64x!lowbit.int<bits = 4, group = 32>>
    // CHECK: lowbit.disassemble %{{.+}} : (tensor<4x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>>) -> (tensor<4x4x8xi8>, tensor<4x2xf16>, tensor<4x2xi8>)
    %a, %b, %c = lowbit.disassemble %q : (tensor<4x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>>) -> (tensor<4x4x8xi8>, tensor<4x2xf16>, tensor<4x2xi8>)
    // CHECK: lowbit.convert %{{.+}} : tensor<4x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>> -> tensor<4x64x!lowbit.bcq<planes = 4, group = 32, offset = per_group>>
    %z = lowbit.convert %q : tensor<4x64x!lowbit.int<bits = 4, group = 32, range = asymmetric>> -> tensor<4x64x!lowbit.bcq<planes = 4, group = 32, scale = two_level, offset = per_group>>
    // CHECK: lowbit.disassemble %{{.+}} -> (tensor<4x4x8xi8>, tensor<4x2xf16>, tensor<4x2x4xi8>, tensor<4x2xi8>)
    %e, %f, %g, %h = lowbit.disassemble %z : (tensor<4x64x!lowbit.bcq<planes = 4, group = 32, offset = per_group>>) -> (tensor<4x4x8xi8>, tensor<4x2xf16>, tensor<4x2x4xi8>, tensor<4x2xi8>)
    // CHECK: lowbit.encode %{{.+}}, %{{.+}}, %{{.+}} : (tensor<4x64xf32>, tensor<1xf32>, tensor<1xi8>) -> tensor<4x64x!lowbit.int<bits = 8, group = 0, range = asymmetric, scale = f32, scope = tensor>>
    %t = lowbit.encode %w, %s, %p : (tensor<4x64xf32>, tensor<1xf32>, tensor<1xi8>) -> tensor<4x64x!lowbit.int<bits = 8, group = 0, range = asymmetric, scale = f32, scope = tensor>>
    return
  }

  // CHECK-LABEL: func.func @products
  func.func @products(%x: tensor<?x64xf32>, %ids: tensor<?xi32>, %y: tensor<?x64xf32>, %f: tensor<64x64xf32>,
                      %w: tensor<64x64x!lowbit.int<bits = 8, group = 0>>, %bx: memref<4x64xf32>, %bw: memref<64x64xf32>) {
    // CHECK: lowbit.matmul ins(%{{.+}}, %{{.+}} : tensor<?x64xf32>, tensor<64x64x!lowbit.int<bits = 8, group = 0>>) outs(%{{.+}} : tensor<?x64xf32>) activations = i8 strategy = lut -> tensor<?x64xf32>
    %0 = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x64x!lowbit.int<bits = 8, group = 0>>)
         outs(%y : tensor<?x64xf32>) activations = i8 strategy = lut -> tensor<?x64xf32>
    // CHECK: lowbit.matmul ins(%{{.+}}, %{{.+}} : tensor<?x64xf32>, tensor<64x64xf32>) outs(%{{.+}} : tensor<?x64xf32>) -> tensor<?x64xf32>
    %1 = lowbit.matmul ins(%x, %f : tensor<?x64xf32>, tensor<64x64xf32>)
         outs(%y : tensor<?x64xf32>) activations = f32 strategy = auto -> tensor<?x64xf32>
    // CHECK: lowbit.matmul ins(%{{.+}}, %{{.+}} : memref<4x64xf32>, memref<64x64xf32>) outs(%{{.+}} : memref<4x64xf32>){{$}}
    lowbit.matmul ins(%bx, %bw : memref<4x64xf32>, memref<64x64xf32>) outs(%bx : memref<4x64xf32>)
    // CHECK: lowbit.gather ins(%{{.+}}, %{{.+}} : tensor<?xi32>, tensor<64x64x!lowbit.int<bits = 8, group = 0>>) outs(%{{.+}} : tensor<?x64xf32>) -> tensor<?x64xf32>
    %2 = lowbit.gather ins(%ids, %w : tensor<?xi32>, tensor<64x64x!lowbit.int<bits = 8, group = 0>>)
         outs(%y : tensor<?x64xf32>) -> tensor<?x64xf32>
    return
  }
}

// Activations in formats of their own.
// CHECK-LABEL: func.func @activations
func.func @activations(%x: tensor<?x96xf32>, %s: tensor<6xf32>, %z: tensor<6xf32>) -> tensor<?x96xf32> {
  // CHECK: %[[R:.+]] = lowbit.requantize ins(%{{.+}}, %{{.+}}, %{{.+}} : tensor<?x96xf32>, tensor<6xf32>, tensor<6xf32>) outs(%{{.+}} : tensor<?x96xf32>) format = !lowbit.grouped<bits = 8, groups = 6> -> tensor<?x96xf32>
  %r = lowbit.requantize ins(%x, %s, %z : tensor<?x96xf32>, tensor<6xf32>, tensor<6xf32>) outs(%x : tensor<?x96xf32>)
       format = !lowbit.grouped<bits = 8, groups = 6> -> tensor<?x96xf32>
  // CHECK: lowbit.requantize_tokens ins(%[[R]] : tensor<?x96xf32>) outs(%{{.+}} : tensor<?x96xf32>) bits = 16 -> tensor<?x96xf32>
  %t = lowbit.requantize_tokens ins(%r : tensor<?x96xf32>) outs(%x : tensor<?x96xf32>) bits = 16 -> tensor<?x96xf32>
  return %t : tensor<?x96xf32>
}

// CHECK-LABEL: func.func @static
func.func @static(%x: tensor<2x96xf32>, %s: tensor<3xf32>, %c: tensor<12x96xi8>, %t: tensor<12xf32>, %g: tensor<12x3xi32>, %y: tensor<24x8xf32>, %z: tensor<12x8xf32>) {
  // CHECK: lowbit.quantize_activations_static ins(%{{.+}}, %{{.+}}, %{{.+}} : tensor<2x96xf32>, tensor<3xf32>, tensor<3xf32>) outs(%{{.+}}, %{{.+}}, %{{.+}} : tensor<12x96xi8>, tensor<12xf32>, tensor<12x3xi32>) format = !lowbit.grouped<bits = 8, groups = 3>, group = 32, digits = 2 -> tensor<12x96xi8>, tensor<12xf32>, tensor<12x3xi32>
  %q:3 = lowbit.quantize_activations_static ins(%x, %s, %s : tensor<2x96xf32>, tensor<3xf32>, tensor<3xf32>)
      outs(%c, %t, %g : tensor<12x96xi8>, tensor<12xf32>, tensor<12x3xi32>)
      format = !lowbit.grouped<bits = 8, groups = 3>, group = 32, digits = 2 -> tensor<12x96xi8>, tensor<12xf32>, tensor<12x3xi32>
  // CHECK: lowbit.sum_token_rows ins(%{{.+}} : tensor<24x8xf32>) outs(%{{.+}} : tensor<12x8xf32>) rows = 2 -> tensor<12x8xf32>
  %r = lowbit.sum_token_rows ins(%y : tensor<24x8xf32>) outs(%z : tensor<12x8xf32>) rows = 2 -> tensor<12x8xf32>
  return
}

// CHECK-LABEL: func.func @permute
func.func @permute(%w: tensor<8x3xf32>) -> tensor<8x3xf32> {
  // CHECK: lowbit.permute %{{.+}} dim = 1 order = [2, 0, 1] : tensor<8x3xf32>
  %p = lowbit.permute %w dim = 1 order = [2, 0, 1] : tensor<8x3xf32>
  return %p : tensor<8x3xf32>
}
