//===- CompiledKernel.cpp - One product, compiled and loaded --------------===//

#include "CompiledKernel.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>

using namespace halftone;

bench::CompiledKernel::CompiledKernel(const KernelSpec &spec) {
  llvm::Expected<std::unique_ptr<KernelProgram>> compiled = KernelProgram::compile({spec});
  if (!compiled) {
    llvm::errs() << "kernel-bench: " << llvm::toString(compiled.takeError()) << '\n';
    std::exit(1);
  }
  program = std::move(*compiled);
}
