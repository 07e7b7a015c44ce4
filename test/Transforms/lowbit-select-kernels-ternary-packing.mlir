// RUN: quant-opt --lowbit-select-kernels='cpu=icelake-server' %s | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: quant-opt --lowbit-select-kernels='cpu=icelake-server ternary-packing=bits' %s | FileCheck %s --check-prefixes=CHECK,BITS
// RUN: quant-opt --lowbit-select-kernels='cpu=icelake-server ternary-packing=trits' %s | FileCheck %s --check-prefixes=CHECK,TRITS
// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3' %s | FileCheck %s --check-prefixes=CHECK,BITS
// RUN: not quant-opt --lowbit-select-kernels='ternary-packing=nibbles' %s 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not quant-opt --lowbit-select-kernels='cpu=x86-64-v3 ternary-packing=trits' %s 2>&1 | FileCheck %s --check-prefix=NARROW

// Look-ups take five trits to a byte where the target looks up 128 entries, dot products where they are told to. Two
// groups of 32 make 14 slices of five.
// UNKNOWN: error: unknown ternary packing 'nibbles', expected auto, bits or trits
// NARROW: strategy lut has no kernel here for five trits per byte of format ternaryg32; use 8-bit activations and strategy dot, or another ternary packing

// CHECK-LABEL: func @products
// AUTO: lowbit.build_tables {{.+}} outs(%{{.+}} : tensor<1x3584xi8>) width = 128 trit_group = 32
// AUTO: layout(trits64)
// AUTO: lowbit.matmul_lut {{.+}} width = 128 layout = trits64
// AUTO: layout(rows16)
// AUTO: lowbit.matmul_dot {{.+}} width = 128{{( \{tile.*\})?}} ->
// BITS: layout(rows64)
// BITS: lowbit.matmul_lut
// BITS-NOT: trits
// BITS: layout(rows16)
// BITS: lowbit.matmul_dot
// BITS-NOT: trits
// TRITS: layout = trits64
// TRITS: layout(trits16)
// TRITS: lowbit.matmul_dot {{.+}} layout = trits16{{.*}} ->
// What is gathered from has two bits per weight.
// CHECK: layout(rows16)
// CHECK: lowbit.gather_packed
func.func @products(%x: tensor<1x64xf32>, %w: tensor<8x64x!lowbit.ternary<group = 32>>, %y: tensor<1x8xf32>,
                    %ids: tensor<1xi32>, %z: tensor<1x64xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x64xf32>) {
  %r = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.ternary<group = 32>>) outs(%y : tensor<1x8xf32>) activations = i8 strategy = lut -> tensor<1x8xf32>
  %s = lowbit.matmul ins(%x, %w : tensor<1x64xf32>, tensor<8x64x!lowbit.ternary<group = 32>>) outs(%y : tensor<1x8xf32>) activations = i8 -> tensor<1x8xf32>
  %t = lowbit.gather ins(%ids, %w : tensor<1xi32>, tensor<8x64x!lowbit.ternary<group = 32>>) outs(%z : tensor<1x64xf32>) -> tensor<1x64xf32>
  return %r, %s, %t : tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x64xf32>
}
