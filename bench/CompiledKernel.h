//===- CompiledKernel.h - One product, compiled and loaded ------*- C++ -*-===//
#ifndef HALFTONE_BENCH_COMPILEDKERNEL_H
#define HALFTONE_BENCH_COMPILEDKERNEL_H

#include "halftone/Tune/KernelProgram.h"

namespace halftone::bench {

using halftone::KernelSpec;

/// A program of one product.
class CompiledKernel {
public:
  /// Exits with a message if the kernel cannot be compiled or loaded.
  explicit CompiledKernel(const KernelSpec &spec);

  void run(const halftone_exec *exec, const float *x, const uint8_t *packed, float *y) const {
    program->run(0, exec, x, packed, y);
  }
  int64_t packedBytes() const { return program->packedBytes(0); }
  void fill(uint8_t *packed, uint64_t seed) const { program->fill(0, packed, seed); }

private:
  std::unique_ptr<KernelProgram> program;
};

} // namespace halftone::bench

#endif // HALFTONE_BENCH_COMPILEDKERNEL_H
