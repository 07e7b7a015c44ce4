// RUN: not quant-opt --convert-simd-to-llvm='cpu=znver55 triple=x86_64-linux-gnu' %s 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not quant-opt --convert-simd-to-llvm='cpu=i486 triple=x86_64-linux-gnu' %s 2>&1 | FileCheck %s --check-prefix=OLD
// RUN: not quant-opt --convert-simd-to-llvm='cpu=generic triple=pdp11' %s 2>&1 | FileCheck %s --check-prefix=TRIPLE
// RUN: quant-opt --convert-simd-to-llvm --verify-diagnostics %s

// CPU: error: unknown cpu 'znver55' for x86_64; nearest names: znver5
// OLD: error: cpu 'i486' has no 64-bit mode: name a 64-bit one, for example 'x86-64'
// TRIPLE: error: unknown target triple 'pdp11

// The name of the task is taken by something that is none.
func.func private @kernel__task(%x: f32)
func.func private @kernel(%begin: index, %end: index)
func.func @launch(%exec: !simd.exec, %n: index) {
  // expected-error@below {{needs the symbols @kernel__task and @simd_launch__run for itself: rename yours}}
  // expected-error@below {{failed to legalize operation 'simd.launch' that was explicitly marked illegal}}
  simd.launch %exec @kernel() count(%n)
  return
}
