// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3 lut-tables=8' %s | FileCheck %s --check-prefixes=CHECK,NIBBLES
// RUN: quant-opt --lowbit-select-kernels='cpu=icelake-server lut-tables=8 ternary-packing=bits' %s | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: quant-opt --lowbit-select-kernels='cpu=icelake-server lut-tables=8' %s | FileCheck %s --check-prefix=TRITS
// RUN: quant-opt --lowbit-select-kernels='cpu=x86-64-v3' %s | FileCheck %s --check-prefix=EXACT
// RUN: not quant-opt --lowbit-select-kernels='lut-tables=12' %s 2>&1 | FileCheck %s --check-prefix=BITS

// Of planes, two groups of 32: per slice of 8 elements two tables of 16 bytes or one of 128, and a byte per group.
// BITS: error: tables for look-ups have entries of 8 or 16 bits, not 12

// CHECK-LABEL: func.func @ternary
// NIBBLES: lowbit.build_tables {{.*}} width = 16 byte_group = 32 -> tensor<?x320xi8>
// NIBBLES: lowbit.matmul_lut {{.*}} width = 16 byte_tables ->
// WIDE: lowbit.build_tables {{.*}} width = 128 byte_group = 32 -> tensor<?x1088xi8>
// WIDE: lowbit.matmul_lut {{.*}} width = 128 byte_tables ->
// Two groups of 7 slices of five elements, 128 bytes each, and a byte per group.
// TRITS: lowbit.build_tables {{.*}} width = 128 trit_group = 32 byte_group = 32 -> tensor<?x1856xi8>
// TRITS: lowbit.matmul_lut {{.*}} width = 128 layout = trits64 byte_tables ->
// EXACT-NOT: byte_
func.func @ternary(%x: tensor<?x64xf32>, %w: tensor<48x64x!lowbit.ternary<group = 32>>, %y: tensor<?x48xf32>) -> tensor<?x48xf32> {
  %0 = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<48x64x!lowbit.ternary<group = 32>>) outs(%y : tensor<?x48xf32>)
         activations = i8 strategy = lut -> tensor<?x48xf32>
  return %0 : tensor<?x48xf32>
}

// Of 16-bit activations the low halves would be lost.
// CHECK-LABEL: func.func @wide
// CHECK-NOT: byte_
func.func @wide(%x: tensor<?x64xf32>, %w: tensor<48x64x!lowbit.bcq<planes = 2, group = 32>>, %y: tensor<?x48xf32>) -> tensor<?x48xf32> {
  %0 = lowbit.matmul ins(%x, %w : tensor<?x64xf32>, tensor<48x64x!lowbit.bcq<planes = 2, group = 32>>) outs(%y : tensor<?x48xf32>)
         activations = i16 strategy = lut -> tensor<?x48xf32>
  return %0 : tensor<?x48xf32>
}
