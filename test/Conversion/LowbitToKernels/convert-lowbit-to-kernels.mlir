// How operations become launches, and which instructions each strategy is made of. That the numbers are right is
// tested by running kernels.
// RUN: quant-opt --convert-lowbit-to-kernels --split-input-file %s | FileCheck %s

// Dot products: 16 rows, 32 elements in one group, one token. All rows are one unit: a plain call.
// CHECK-LABEL: func @dot
// CHECK-SAME: (%[[C:[^ ]+]]: memref<1x32xi8>, %[[S:[^ ]+]]: memref<1xf32>, %[[G:[^ ]+]]: memref<1x1xi32>, %[[P:[^ ]+]]: memref<192xi8>, %[[Y:[^ ]+]]: memref<1x16xf32>)
// CHECK-DAG: %[[ZERO:.+]] = arith.constant 0 : index
// CHECK-DAG: %[[ONE:.+]] = arith.constant 1 : index
// CHECK: call @dot_ternaryg32_16x32_t1(%[[C]], %[[S]], %[[G]], %[[P]], %[[Y]], %[[ZERO]], %[[ONE]])
// CHECK-LABEL: func private @dot_ternaryg32_16x32_t1
// CHECK-SAME: %[[BEGIN:[^ ]+]]: index, %[[END:[^ ]+]]: index)
// CHECK: scf.for %[[BLOCK:.+]] = %[[BEGIN]] to %[[END]]
// No arithmetic on floats until the sums of the group are there: 8 dot products of 16 rows x 4 elements.
// CHECK-NOT: {{mulf|addf|fma}}
// CHECK-COUNT-8: simd.dot4 %{{.+}}, %{{.+}}, %{{.+}} {max_u = {{2|8|32|128}} : i32} : vector<16xi32>, vector<64xi8>
// CHECK-NOT: simd.dot4
// CHECK: %[[SCALE:.+]] = simd.extend_half
// CHECK: %[[EXACT:.+]] = arith.subi %{{.+}} : vector<16xi32>
// CHECK: %[[FLOAT:.+]] = arith.sitofp %[[EXACT]]
// CHECK: %[[GROUP:.+]] = vector.fma %[[SCALE]], %[[FLOAT]]
// The token's scale is the only other product of floats.
// CHECK: %[[R:.+]] = arith.mulf %[[GROUP]]
// CHECK: vector.store %[[R]], %{{.+}} : memref<1x16xf32>, vector<16xf32>
// CHECK-NOT: {{mulf|fma|dot4}}
// CHECK: return
func.func @dot(%c: memref<1x32xi8>, %s: memref<1xf32>, %g: memref<1x1xi32>, %p: memref<192xi8>, %y: memref<1x16xf32>) {
  lowbit.matmul_dot ins(%c, %s, %g, %p : memref<1x32xi8>, memref<1xf32>, memref<1x1xi32>, memref<192xi8>) outs(%y : memref<1x16xf32>)
      format = !lowbit.ternary<group = 32>, in_features = 32
  return
}

// -----

// Bit planes and many columns: weights become bytes in a panel, which all columns read. 2 groups of 32 steps, 40 tokens.
// CHECK-LABEL: func @panel
// CHECK: simd.launch %{{.+}} @dot_planes_bcq2g32_64x64_t40_c4_u16
// CHECK-LABEL: func private @dot_planes_bcq2g32_64x64_t40_c4_u16
// CHECK-DAG: %[[PANEL:.+]] = memref.alloca() {alignment = 64 : i64} : memref<16384xi8>
// CHECK-DAG: memref.alloca() {alignment = 64 : i64} : memref<128x16xf32>
// CHECK: scf.for
// CHECK: vector.store %{{.+}}, %[[PANEL]]
// CHECK-NOT: simd.dot4
// CHECK: scf.for {{.+}} step %{{.+}} {
// CHECK: vector.load %[[PANEL]]
// CHECK-NOT: arith.select {{.+}} vector<64xi8>
// CHECK: simd.dot4 {{.+}} {max_u = 127 : i32}
// CHECK: arith.muli %{{.+}} : vector<16xi32>
// CHECK: return
func.func @panel(%c: memref<40x64xi8>, %s: memref<40xf32>, %g: memref<40x2xi32>, %p: memref<1536xi8>, %y: memref<40x64xf32>) {
  lowbit.matmul_dot ins(%c, %s, %g, %p : memref<40x64xi8>, memref<40xf32>, memref<40x2xi32>, memref<1536xi8>) outs(%y : memref<40x64xf32>)
      format = !lowbit.bcq<planes = 2, group = 32>, in_features = 64 layout = rows64 {tile = #lowbit.tile<columns = 4, fast_u = 16>}
  return
}

// -----

// Five trits to a byte and many columns: the digit of a group is known at run time only; bytes times 3^digit.
// CHECK-LABEL: func private @dot_trits_ternaryg32_16x160_t40
// CHECK-DAG: %[[PANEL:.+]] = memref.alloca() {alignment = 64 : i64} : memref<16384xi8>
// CHECK: arith.select %{{.+}} : i16
// CHECK: arith.muli %{{.+}} : vector<32xi16>
// CHECK: arith.muli %{{.+}} : vector<32xi16>
// CHECK-COUNT-2: arith.cmpi sgt, %{{.+}} : vector<64xi8>
// CHECK: vector.store %{{.+}}, %[[PANEL]]
// CHECK: vector.load %[[PANEL]]
// CHECK: simd.dot4 {{.+}} {max_u = 2 : i32}
// CHECK: return
func.func @trits(%c: memref<40x160xi8>, %s: memref<40xf32>, %g: memref<40x5xi32>, %p: memref<704xi8>, %y: memref<40x16xf32>) {
  lowbit.matmul_dot ins(%c, %s, %g, %p : memref<40x160xi8>, memref<40xf32>, memref<40x5xi32>, memref<704xi8>) outs(%y : memref<40x16xf32>)
      format = !lowbit.ternary<group = 32>, in_features = 160 layout = trits16
  return
}

// -----

// VS-Quant and many columns: a panel, too. Where bytes are multiplied by way of 16 bits, the sum of a vector is widened
// and scaled at once: its scale stands in both halves of a word.
// CHECK-LABEL: func private @dot_vsq4v16s6_16x32_t40_b1_c4_u16
// CHECK-DAG: %[[PANEL:.+]] = memref.alloca() {alignment = 64 : i64} : memref<16384xi8>
// CHECK-DAG: %[[SCALES:.+]] = memref.alloca() {alignment = 64 : i64} : memref<64x16xi32>
// CHECK-DAG: %[[BOTH:.+]] = arith.constant dense<65537> : vector<16xi32>
// CHECK: %[[SCALE:.+]] = arith.muli %{{.+}}, %[[BOTH]]
// CHECK: vector.store %[[SCALE]], %[[SCALES]]{{\[}}
// CHECK: vector.store %{{.+}}, %[[PANEL]]
// CHECK: %[[WORDS:.+]] = vector.load %[[SCALES]]{{\[}}
// CHECK: %[[FACTORS:.+]] = vector.bitcast %[[WORDS]] : vector<16xi32> to vector<32xi16>
// CHECK-COUNT-4: simd.dot2 {{.+}} {max_u = 15 : i32}
// CHECK: simd.dot2_halves %{{.+}}, %{{.+}}, %[[FACTORS]]
// CHECK-NOT: simd.dot4
// CHECK: return
func.func @vectors(%c: memref<40x32xi8>, %s: memref<40xf32>, %g: memref<40x2xi32>, %p: memref<384xi8>, %y: memref<40x16xf32>) {
  lowbit.matmul_dot ins(%c, %s, %g, %p : memref<40x32xi8>, memref<40xf32>, memref<40x2xi32>, memref<384xi8>) outs(%y : memref<40x16xf32>)
      format = !lowbit.vsq<bits = 4, vector = 16, scale_bits = 6>, in_features = 32 {tile = #lowbit.tile<blocks = 1, columns = 4, fast_u = 16>}
  return
}

// -----

// Tables: no products per weight, two look-ups (low and high bytes) per plane of 64 rows.
// CHECK-LABEL: func @lut
// CHECK-NOT: simd.exec
// CHECK: %[[ZERO:.+]] = arith.constant 0 : index
// CHECK: call @lut128_ternaryg32_64x32_t1(%{{.+}}, %[[ZERO]], %{{.+}})
// CHECK-LABEL: func private @lut128_ternaryg32_64x32_t1
// CHECK-NOT: {{arith.mulf|vector.fma|simd.dot4}}
// CHECK-COUNT-4: simd.table_lookup %{{.+}} : vector<128xi8>, vector<64xi8>
// CHECK-NOT: simd.table_lookup
// CHECK: vector.fma
// CHECK: arith.mulf
// CHECK-NOT: {{arith.mulf|vector.fma}}
// CHECK: return
func.func @lut(%t: memref<1x1024xi8>, %s: memref<1xf32>, %g: memref<1x1xi32>, %p: memref<640xi8>, %y: memref<1x64xf32>) {
  lowbit.matmul_lut ins(%t, %s, %g, %p : memref<1x1024xi8>, memref<1xf32>, memref<1x1xi32>, memref<640xi8>) outs(%y : memref<1x64xf32>)
      format = !lowbit.ternary<group = 32>, in_features = 32, width = 128
  return
}

// -----

// Narrow tables: a look-up for each nibble.
// CHECK-LABEL: func private @lut16_ternaryg32_64x32_t1
// CHECK-COUNT-8: simd.table_lookup %{{.+}} : vector<16xi8>, vector<64xi8>
// CHECK-NOT: simd.table_lookup
// CHECK: return
func.func @narrow(%t: memref<1x256xi8>, %s: memref<1xf32>, %g: memref<1x1xi32>, %p: memref<640xi8>, %y: memref<1x64xf32>) {
  lowbit.matmul_lut ins(%t, %s, %g, %p : memref<1x256xi8>, memref<1xf32>, memref<1x1xi32>, memref<640xi8>) outs(%y : memref<1x64xf32>)
      format = !lowbit.ternary<group = 32>, in_features = 32, width = 16
  return
}

// -----

// Counting bits: one plane against one, four slices of 8 elements in 64 rows; no products before the sums of the group.
// CHECK-LABEL: func private @planes1_32_t1
// CHECK: arith.cmpi sgt, %{{.+}} : vector<32xi8>
// CHECK: vector.bitcast %{{.+}} : vector<32xi1> to vector<4xi8>
// CHECK-LABEL: func private @popcount1_bcq1g32_64x32_t1
// CHECK-NOT: {{arith.mulf|vector.fma}}
// CHECK-COUNT-4: simd.count_bits %{{.+}}, %{{.+}}, %{{.+}} differ : vector<64xi8>
// CHECK-NOT: simd.count_bits
// m (2 (popcount(a) - count) - sum a) in 16 bits.
// CHECK: arith.muli %{{.+}} : vector<64xi16>
// CHECK: vector.fma
// CHECK: arith.mulf
// CHECK: return
func.func @popcount(%c: memref<1x32xi8>, %a: memref<1x4xi8>, %s: memref<1xf32>, %g: memref<1x1xi32>, %p: memref<448xi8>, %y: memref<1x64xf32>) {
  lowbit.build_planes ins(%c : memref<1x32xi8>) outs(%a : memref<1x4xi8>) bits = 1
  lowbit.matmul_popcount ins(%a, %s, %g, %p : memref<1x4xi8>, memref<1xf32>, memref<1x1xi32>, memref<448xi8>) outs(%y : memref<1x64xf32>)
      format = !lowbit.bcq<planes = 1, group = 32>, in_features = 32, bits = 1
  return
}

// -----

// Floats: one fma per element and token, and one for the group's scale.
// CHECK-LABEL: func private @dequant_rtn4g32_16x32_t1
// CHECK-NOT: {{simd.dot4|simd.table_lookup}}
// CHECK-COUNT-33: vector.fma
// CHECK-NOT: {{arith.mulf|vector.fma}}
// CHECK: return
// CHECK-LABEL: func private @dequant_float_16x32_t1
// CHECK: vector.load %{{.+}} : memref<2048xi8>, vector<64xi8>
// CHECK: vector.fma
func.func @dequant(%x: memref<1x32xf32>, %p: memref<320xi8>, %f: memref<2048xi8>, %y: memref<1x16xf32>) {
  lowbit.matmul_dequant ins(%x, %p : memref<1x32xf32>, memref<320xi8>) outs(%y : memref<1x16xf32>) format = !lowbit.int<bits = 4, group = 32>
  lowbit.matmul_dequant ins(%x, %f : memref<1x32xf32>, memref<2048xi8>) outs(%y : memref<1x16xf32>) format = f32
  return
}
