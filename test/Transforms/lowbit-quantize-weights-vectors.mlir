// RUN: quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq4v16s6p8' | FileCheck %s
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v32s4 activations=vsq4v16s6' 2>&1 | FileCheck %s --check-prefix=LENGTH
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq4v16s6 strategy=lut' 2>&1 | FileCheck %s --check-prefix=STRATEGY
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq9v16s6' 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=mxfp4' 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq8uv16s4' 2>&1 | FileCheck %s --check-prefix=UNSIGNED
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq4v16sfp6' 2>&1 | FileCheck %s --check-prefix=FLOAT
// RUN: not quant-opt %s --lowbit-quantize-weights='activations=static' 2>&1 | FileCheck %s --check-prefix=STATIC
// RUN: quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq4uv16sf' | FileCheck %s --check-prefix=KIN
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 activations=vsq4v16s4p21' 2>&1 | FileCheck %s --check-prefix=PRODUCT

// LENGTH: error: activations vsq4v16s6 need weights in a format vsq<bits>v16s<scale bits>, but up is in vsq4v32s4
// STRATEGY: error: strategy lut has no kernel for activations vsq4v16s6; use dot
// BITS: error: activations 'vsq9v16s6': unknown format 'vsq9v16s6'
// RUN: quant-opt %s --lowbit-quantize-weights='format=vsq4v16s4 head-format=vsq8v32s8 activations=i8 activation-policy=in:lm_head=vsq8v32s6' | FileCheck %s --check-prefix=POLICY
// RUN: not quant-opt %s --lowbit-quantize-weights='format=rtn4g32 activations=i8 activation-policy=in:up=vsq8v32s6' 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not quant-opt %s --lowbit-quantize-weights='format=float activation-policy=in:up=vsq8v32s6' 2>&1 | FileCheck %s --check-prefix=WEIGHTS
// RUN: not quant-opt %s --lowbit-quantize-weights='format=vsq4v32s4 activations=i8 strategy=dequant activation-policy=in:up=vsq8v32s6' 2>&1 | FileCheck %s --check-prefix=DEQUANT

// NAME: error: unknown activations 'mxfp4'
// UNSIGNED: error: activations 'vsq8uv16s4': unsigned elements have 2 to 7 bits, not 8
// FLOAT: error: activations 'vsq4v16sfp6': products of float scales are not rounded
// STATIC: error: unknown activations 'static', expected f32, i8, i16,
// PRODUCT: error: activations 'vsq4v16s4p21': products of scales have 1 to 20 bits, as in vsq4v16s4p6

// FORMAT: error: activations vsq8v32s6 need weights in a format vsq<bits>v32s<scale bits>, but up is in rtn4g32
// WEIGHTS: error: activations vsq8v32s6 need weights in a format vsq<bits>v32s<scale bits>, but up is in float
// DEQUANT: error: strategy dequant has no kernel for activations vsq8v32s6; use dot

// A rule names inputs of products, the head's too.
// POLICY: lowbit.matmul {{.+}} activations = i8 ->
// POLICY: lowbit.matmul {{.+}} activations = i8 vectors = <vector = 32, scale_bits = 6> ->

// The head keeps 8 bits and one scale per token.
// CHECK: lowbit.matmul {{.+}} activations = b4 vectors = <vector = 16, scale_bits = 6, product_bits = 8> ->
// CHECK: lowbit.matmul {{.+}} activations = i8 ->
// KIN: lowbit.matmul {{.+}} activations = b4 vectors = <vector = 16, scale_bits = 32, element = unsigned, scale = float> ->
func.func @f(%x: tensor<4x64xf32>, %init: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %w = lowbit.external "up" : tensor<64x64xf32>
  %h = lowbit.external "lm_head.weight" : tensor<64x64xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x64xf32>, tensor<64x64xf32>) outs(%init : tensor<4x64xf32>) -> tensor<4x64xf32>
  %z = linalg.matmul ins(%y, %h : tensor<4x64xf32>, tensor<64x64xf32>) outs(%init : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %z : tensor<4x64xf32>
}
