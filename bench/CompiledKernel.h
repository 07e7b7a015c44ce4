//===- CompiledKernel.h - One product, compiled and loaded ------*- C++ -*-===//
#ifndef HALFTONE_BENCH_COMPILEDKERNEL_H
#define HALFTONE_BENCH_COMPILEDKERNEL_H

#include "halftone/Pack/Layout.h"
#include "halftone/abi.h"
#include <memory>
#include <string>
#include <vector>

namespace halftone::bench {

struct KernelSpec {
  std::string format; ///< a format name
  /// dot, lut, popcount1 .. popcount8 (with the bits of activations), or dequant; dot-trits, lut-trits: ternary, five
  /// to a byte
  std::string strategy = "dot";
  int64_t rows, cols, tokens = 1;
  std::string cpu = "native";
  std::string tile; ///< of strategy dot, as in #lowbit.tile<...>; empty: the compiler's choice
};

/// A product y = x w^T compiled by the compiler itself (activation quantization and table building included), with
/// the packed weights as an argument, so that copies can be rotated.
class CompiledKernel {
public:
  /// Exits with a message if the kernel cannot be compiled or loaded.
  explicit CompiledKernel(const KernelSpec &spec);
  ~CompiledKernel();
  CompiledKernel(const CompiledKernel &) = delete;

  void run(const halftone_exec *exec, const float *x, const uint8_t *packed, float *y) const {
    function(exec, x, packed, y);
  }
  /// Bytes of one packed copy.
  int64_t packedBytes() const { return bytes; }
  /// Fills one copy: random codes and multipliers, scales of 1.
  void fill(uint8_t *packed, uint64_t seed) const;

private:
  using Function = int32_t (*)(const halftone_exec *, const float *, const uint8_t *, float *);
  KernelSpec spec;
  int64_t bytes = 0;
  std::string folder;
  void *library = nullptr;
  Function function = nullptr;
};

/// The MLIR text of such a product.
std::string kernelModule(const KernelSpec &spec);

} // namespace halftone::bench

#endif // HALFTONE_BENCH_COMPILEDKERNEL_H
