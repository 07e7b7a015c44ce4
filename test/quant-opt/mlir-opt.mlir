// quant-opt is mlir-opt with more dialects.
// RUN: quant-opt --pass-pipeline='builtin.module(func.func(canonicalize{max-iterations=3}))' --split-input-file %s | FileCheck %s
// RUN: quant-opt --canonicalize --mlir-print-ir-after-all --split-input-file %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=AFTER
// RUN: not quant-opt --pass-pipeline='builtin.module(no-such-pass)' --split-input-file %s 2>&1 | FileCheck %s --check-prefix=PASS
// RUN: not quant-opt %s 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: quant-opt --split-input-file --convert-to-llvm %s | FileCheck %s --check-prefix=LLVM
// RUN: quant-opt --help | FileCheck %s --check-prefix=HELP
// RUN: quant-opt --show-dialects | FileCheck %s --check-prefix=DIALECTS

// AFTER: IR Dump After Canonicalizer
// PASS: 'no-such-pass' does not refer to a registered pass
// TWICE: redefinition of symbol named 'zero'
// HELP: --convert-simd-to-llvm
// HELP: --lower-to-llvm
// DIALECTS: linalg{{.*}}simd

// CHECK-LABEL: func @zero
// CHECK: %[[ZERO:.+]] = arith.constant 0
// CHECK: return %[[ZERO]]
// LLVM: llvm.func @zero
// LLVM-NOT: arith
func.func @zero(%x: i32) -> i32 {
  %0 = arith.subi %x, %x : i32
  return %0 : i32
}

// -----

// CHECK-LABEL: func @zero
func.func @zero() {
  return
}
