// RUN: quant-opt --verify-llvm-only --verify-diagnostics %s

llvm.func @lowered() {
  llvm.return
}

// expected-error@below {{'func.func' op has no form in LLVM IR: a pass before should have lowered it}}
func.func private @left()
