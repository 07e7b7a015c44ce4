// RUN: quant-opt --convert-simd-to-llvm=cpu=znver5 %s | FileCheck %s --check-prefixes=CHECK,ZEN5
// RUN: quant-opt --convert-simd-to-llvm=cpu=x86-64-v3 %s | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: quant-opt --convert-simd-to-llvm=cpu=x86-64 %s | FileCheck %s --check-prefixes=CHECK,SSE2
// RUN: quant-opt --convert-simd-to-llvm='cpu=neoverse-n1 triple=aarch64-linux-gnu' %s | FileCheck %s --check-prefixes=CHECK,NEON
// RUN: quant-opt --convert-simd-to-llvm='cpu=neoverse-v1 triple=aarch64-linux-gnu' %s | FileCheck %s --check-prefixes=CHECK,V1
// RUN: quant-opt --convert-simd-to-llvm='cpu=generic triple=riscv64-linux-gnu' %s | FileCheck %s --check-prefixes=CHECK,ANY

// CHECK-LABEL: func @lookup_128
// CHECK-SAME: %[[TABLE:.+]]: vector<128xi8>, %[[INDICES:.+]]: vector<64xi8>
func.func @lookup_128(%table: vector<128xi8>, %indices: vector<64xi8>) -> vector<64xi8> {
  // ZEN5-DAG: %[[LOW:.+]] = llvm.shufflevector %[[TABLE]], %[[TABLE]] [0, 1, {{.*}}, 63]
  // ZEN5-DAG: %[[HIGH:.+]] = llvm.shufflevector %[[TABLE]], %[[TABLE]] [64, 65, {{.*}}, 127]
  // ZEN5: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"(%[[LOW]], %[[INDICES]], %[[HIGH]])
  // ZEN5-NEXT: return

  // Eight tables, seven choices, for each half.
  // AVX2-COUNT-8: "llvm.x86.avx2.pshuf.b"
  // AVX2-COUNT-7: llvm.select
  // AVX2-COUNT-8: "llvm.x86.avx2.pshuf.b"
  // AVX2-COUNT-7: llvm.select
  // AVX2-NOT: llvm.select

  // SSE2: %[[SLOT:.+]] = llvm.alloca %{{.+}} x vector<128xi8> {alignment = 16 : i64}
  // SSE2: %[[MASK:.+]] = llvm.mlir.constant(dense<127> : vector<64xi8>)
  // SSE2: llvm.and %[[INDICES]], %[[MASK]]
  // SSE2-COUNT-64: llvm.getelementptr %[[SLOT]][%{{.+}}] : (!llvm.ptr, i64)

  // NEON-COUNT-8: "llvm.aarch64.neon.tbl4.v16i8"
  // NEON-NOT: "llvm.aarch64.neon.tbl4.v16i8"

  // ANY: llvm.alloca
  %0 = simd.table_lookup %table, %indices : vector<128xi8>, vector<64xi8> -> vector<64xi8>
  return %0 : vector<64xi8>
}

// CHECK-LABEL: func @lookup_16
// CHECK-SAME: %[[TABLE:.+]]: vector<16xi8>, %[[INDICES:.+]]: vector<64xi8>
func.func @lookup_16(%table: vector<16xi8>, %indices: vector<64xi8>) -> vector<64xi8> {
  // vpermb looks at six bits of an index: the repeated table needs no mask.
  // ZEN5: %[[FOUR:.+]] = llvm.shufflevector %[[TABLE]], %[[TABLE]]
  // ZEN5-NEXT: llvm.call_intrinsic "llvm.x86.avx512.permvar.qi.512"(%[[FOUR]], %[[INDICES]])
  // AVX2: llvm.mlir.constant(dense<15> : vector<32xi8>)
  // AVX2: llvm.and
  // AVX2: "llvm.x86.avx2.pshuf.b"
  // NEON: "llvm.aarch64.neon.tbl1.v16i8"
  %0 = simd.table_lookup %table, %indices : vector<16xi8>, vector<64xi8> -> vector<64xi8>
  return %0 : vector<64xi8>
}

// CHECK-LABEL: func @dot
func.func @dot(%acc: vector<16xi32>, %u: vector<64xi8>, %s: vector<64xi8>) -> vector<16xi32> {
  // ZEN5: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%{{.+}}, %{{.+}}, %{{.+}}) : (vector<16xi32>, vector<64xi8>, vector<64xi8>) -> vector<16xi32>
  // 16 bits could saturate: no maddubs.
  // AVX2-NOT: pmadd.ub.sw
  // AVX2-COUNT-4: "llvm.x86.avx2.pmadd.wd"
  // AVX2-NOT: "llvm.x86.avx2.pmadd.wd"
  // SSE2-COUNT-8: "llvm.x86.sse2.pmadd.wd"
  // Three for each quarter: u - 128 and twice 64.
  // NEON-COUNT-12: "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // NEON-NOT: "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // ANY-COUNT-4: llvm.mul %{{.+}}, %{{.+}} : vector<16xi32>
  %0 = simd.dot4 %acc, %u, %s : vector<16xi32>, vector<64xi8>, vector<64xi8>
  return %0 : vector<16xi32>
}

// CHECK-LABEL: func @dot_127
func.func @dot_127(%acc: vector<16xi32>, %u: vector<64xi8>, %s: vector<64xi8>) -> vector<16xi32> {
  // AVX2-COUNT-2: "llvm.x86.avx2.pmadd.ub.sw"
  // AVX2-NOT: "llvm.x86.avx2.pmadd.ub.sw"
  // NEON-COUNT-4: "llvm.aarch64.neon.sdot.v4i32.v16i8"
  // NEON-NOT: "llvm.aarch64.neon.sdot.v4i32.v16i8"
  %0 = simd.dot4 %acc, %u, %s {max_u = 127 : i32} : vector<16xi32>, vector<64xi8>, vector<64xi8>
  return %0 : vector<16xi32>
}

// CHECK-LABEL: func @dot8x2
func.func @dot8x2(%acc: vector<6xi32>, %u: vector<24xi8>, %s: vector<16xi8>) -> vector<6xi32> {
  // V1-COUNT-2: "llvm.aarch64.neon.usmmla.v4i32.v16i8"
  // V1-NOT: llvm.mul
  // NEON-COUNT-8: llvm.mul %{{.+}}, %{{.+}} : vector<6xi32>
  // ANY-COUNT-8: llvm.mul %{{.+}}, %{{.+}} : vector<6xi32>
  %0 = simd.dot8x2 %acc, %u, %s : vector<6xi32>, vector<24xi8>, vector<16xi8>
  return %0 : vector<6xi32>
}

// CHECK-LABEL: func @popcount
func.func @popcount(%acc: vector<16xi32>, %v: vector<64xi8>) -> vector<16xi32> {
  // CHECK: %[[WORDS:.+]] = llvm.bitcast %{{.+}} : vector<64xi8> to vector<16xi32>
  // CHECK: %[[COUNTS:.+]] = llvm.intr.ctpop(%[[WORDS]])
  // CHECK: llvm.add %{{.+}}, %[[COUNTS]]
  %0 = simd.popcount_accumulate %acc, %v : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}

// Tables of a nibble each where no instruction counts the bits of bytes.
// CHECK-LABEL: func @count_bits
func.func @count_bits(%acc: vector<64xi8>, %v: vector<64xi8>, %byte: i8) -> vector<64xi8> {
  // AVX2: %[[BASE:.+]] = llvm.mlir.addressof @simd_count_bits__common
  // AVX2-COUNT-4: "llvm.x86.avx2.pshuf.b"
  // AVX2-NOT: pshuf.b
  // ZEN5: llvm.and %{{.+}} : vector<64xi8>
  // ZEN5: llvm.intr.ctpop(%{{.+}}) : (vector<64xi8>) -> vector<64xi8>
  // NEON: llvm.intr.ctpop
  // SSE2: llvm.intr.ctpop
  // ANY: llvm.intr.ctpop
  %0 = simd.count_bits %acc, %v, %byte : vector<64xi8>
  return %0 : vector<64xi8>
}

// CHECK-LABEL: func @half
func.func @half(%h: vector<16xi16>) -> vector<16xf32> {
  // ZEN5: llvm.fpext %{{.+}} : vector<16xf16> to vector<16xf32>
  // AVX2: llvm.fpext
  // NEON: llvm.fpext
  // SSE2-NOT: llvm.fpext
  // SSE2: llvm.zext %{{.+}} : vector<16xi16> to vector<16xi32>
  // SSE2: llvm.select
  %0 = simd.extend_half %h : vector<16xi16> -> vector<16xf32>
  return %0 : vector<16xf32>
}
