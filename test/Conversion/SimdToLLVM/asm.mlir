// The instructions that the lowering is for.
// RUN: quant-opt --lower-to-llvm='cpu=znver5 triple=x86_64-linux-gnu' %s | mlir-translate -mlir-to-llvmir | llc -mtriple=x86_64-linux-gnu -mcpu=znver5 | FileCheck %s --check-prefix=ZEN5
// RUN: quant-opt --lower-to-llvm='cpu=cascadelake triple=x86_64-linux-gnu' %s | mlir-translate -mlir-to-llvmir | llc -mtriple=x86_64-linux-gnu -mcpu=cascadelake | FileCheck %s --check-prefix=CASCADE
// RUN: quant-opt --lower-to-llvm='cpu=alderlake triple=x86_64-linux-gnu' %s | mlir-translate -mlir-to-llvmir | llc -mtriple=x86_64-linux-gnu -mcpu=alderlake | FileCheck %s --check-prefix=ALDER
// RUN: quant-opt --lower-to-llvm='cpu=x86-64-v3 triple=x86_64-linux-gnu' %s | mlir-translate -mlir-to-llvmir | llc -mtriple=x86_64-linux-gnu -mcpu=x86-64-v3 | FileCheck %s --check-prefix=AVX2
// RUN: quant-opt --lower-to-llvm='cpu=x86-64 triple=x86_64-linux-gnu' %s | mlir-translate -mlir-to-llvmir | llc -mtriple=x86_64-linux-gnu -mcpu=x86-64 | FileCheck %s --check-prefix=SSE2
// RUN: quant-opt --lower-to-llvm='cpu=neoverse-v1 triple=aarch64-linux-gnu' %s | mlir-translate -mlir-to-llvmir | llc -mtriple=aarch64-linux-gnu -mcpu=neoverse-v1 | FileCheck %s --check-prefix=NEON

// ZEN5-LABEL: lookup_128:
// ZEN5-NOT: vpand
// ZEN5: {{vpermi2b|vpermt2b}} {{.*}}%zmm
// CASCADE-LABEL: lookup_128:
// CASCADE-COUNT-8: vpshufb {{.*}}%zmm
// CASCADE-NOT: vpshufb
// NEON-LABEL: lookup_128:
// NEON-COUNT-8: tbl v
func.func @lookup_128(%table: vector<128xi8>, %indices: vector<64xi8>) -> vector<64xi8> {
  %0 = simd.table_lookup %table, %indices : vector<128xi8>, vector<64xi8> -> vector<64xi8>
  return %0 : vector<64xi8>
}

// Two look-ups of a nibble: with vpermb neither needs a mask.
// ZEN5-LABEL: nibbles:
// ZEN5-COUNT-2: vpermb {{.*}}%zmm
// CASCADE-LABEL: nibbles:
// AVX2-LABEL: nibbles:
// AVX2-COUNT-4: vpshufb {{.*}}%ymm
// AVX2-NOT: vpshufb
func.func @nibbles(%table: vector<16xi8>, %codes: vector<64xi8>) -> vector<64xi8> {
  %four = arith.constant dense<4> : vector<64xi8>
  %high = arith.shrui %codes, %four : vector<64xi8>
  %0 = simd.table_lookup %table, %codes : vector<16xi8>, vector<64xi8> -> vector<64xi8>
  %1 = simd.table_lookup %table, %high : vector<16xi8>, vector<64xi8> -> vector<64xi8>
  %2 = arith.xori %0, %1 : vector<64xi8>
  return %2 : vector<64xi8>
}

// ZEN5-LABEL: dot:
// ZEN5: vpdpbusd %zmm{{[0-9]+}}, %zmm{{[0-9]+}}, %zmm
// CASCADE-LABEL: dot:
// CASCADE: vpdpbusd %zmm
// ALDER-LABEL: dot:
// ALDER-COUNT-2: {vex} vpdpbusd %ymm
// AVX2-LABEL: dot:
// AVX2-NOT: vpmaddubsw
// AVX2-COUNT-4: vpmaddwd {{.*}}%ymm
// SSE2-LABEL: dot:
// SSE2-COUNT-8: pmaddwd
// SSE2-NOT: pmaddwd
// NEON-LABEL: dot:
// NEON-COUNT-4: usdot v
func.func @dot(%acc: vector<16xi32>, %u: vector<64xi8>, %s: vector<64xi8>) -> vector<16xi32> {
  %0 = simd.dot4 %acc, %u, %s : vector<16xi32>, vector<64xi8>, vector<64xi8>
  return %0 : vector<16xi32>
}

// 16 rows of 8 bytes times two columns: as many instructions as dot takes for 4 bytes and two columns.
// ZEN5-LABEL: dot8x2:
// AVX2-LABEL: dot8x2:
// SSE2-LABEL: dot8x2:
// NEON-LABEL: dot8x2:
// NEON-NOT: {{usdot|mul}}
// NEON-COUNT-8: usmmla v
// NEON-NOT: {{usdot|mul|usmmla}}
func.func @dot8x2(%acc: vector<32xi32>, %u: vector<128xi8>, %s: vector<16xi8>) -> vector<32xi32> {
  %0 = simd.dot8x2 %acc, %u, %s : vector<32xi32>, vector<128xi8>, vector<16xi8>
  return %0 : vector<32xi32>
}

// NEON-LABEL: dot_127:
// SSE2-LABEL: dot_127:
// AVX2-LABEL: dot_127:
// AVX2-COUNT-2: vpmaddubsw {{.*}}%ymm
// AVX2-NOT: vpmaddubsw
func.func @dot_127(%acc: vector<16xi32>, %u: vector<64xi8>, %s: vector<64xi8>) -> vector<16xi32> {
  %0 = simd.dot4 %acc, %u, %s {max_u = 127 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  return %0 : vector<16xi32>
}

// Three products of ternary weights are widened once.
// AVX2-LABEL: dots:
// AVX2-COUNT-6: vpmaddubsw {{.*}}%ymm
// AVX2-COUNT-2: vpmaddwd {{.*}}%ymm
// AVX2-NOT: vpmaddwd
func.func @dots(%acc: vector<16xi32>, %u: vector<64xi8>, %v: vector<64xi8>, %s: vector<64xi8>) -> vector<16xi32> {
  %0 = simd.dot4 %acc, %u, %s {max_u = 2 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %1 = simd.dot4 %0, %v, %s {max_u = 8 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  %2 = simd.dot4 %1, %u, %v {max_u = 2 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  return %2 : vector<16xi32>
}

// ZEN5-LABEL: popcount:
// ZEN5: vpopcntd {{.*}}%zmm
func.func @popcount(%acc: vector<16xi32>, %v: vector<64xi8>) -> vector<16xi32> {
  %0 = simd.popcount_accumulate %acc, %v : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}

// ZEN5-LABEL: count_bits:
// ZEN5: vpxor{{[dq]}}
// ZEN5: vpopcntb {{.*}}%zmm
// ZEN5: vpaddb
// CASCADE-LABEL: count_bits:
// CASCADE-COUNT-2: vpshufb {{.*}}%zmm
// CASCADE-NOT: vpshufb
// AVX2-LABEL: count_bits:
// AVX2-COUNT-4: vpshufb {{.*}}%ymm
// AVX2-NOT: vpshufb
// AVX2: ret
// NEON-LABEL: count_bits:
// NEON-COUNT-4: cnt v{{.*}}.16b
func.func @count_bits(%acc: vector<64xi8>, %v: vector<64xi8>, %byte: i8) -> vector<64xi8> {
  %0 = simd.count_bits %acc, %v, %byte differ : vector<64xi8>
  return %0 : vector<64xi8>
}

// ZEN5-LABEL: half:
// ZEN5: vcvtph2ps
// AVX2-LABEL: half:
// AVX2: vcvtph2ps
// SSE2-LABEL: half:
// SSE2-NOT: call
// SSE2: ret
func.func @half(%h: vector<16xi16>) -> vector<16xf32> {
  %0 = simd.extend_half %h : vector<16xi16> -> vector<16xf32>
  return %0 : vector<16xf32>
}
