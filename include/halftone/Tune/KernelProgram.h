//===- KernelProgram.h - Products, compiled and loaded ----------*- C++ -*-===//
#ifndef HALFTONE_TUNE_KERNELPROGRAM_H
#define HALFTONE_TUNE_KERNELPROGRAM_H

#include "halftone/Pack/Layout.h"
#include "halftone/Plan/CostModel.h"
#include "halftone/abi.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>
#include <vector>

namespace halftone {

struct KernelSpec {
  std::string format; ///< a format name
  /// dot, lut, popcount1 .. popcount8 (with the bits of activations), or dequant; dot-trits, lut-trits: ternary, five
  /// to a byte; dot-planes: bit planes; lut-bytes, lut-bytes-trits: tables with entries of one byte
  std::string strategy = "dot";
  int64_t rows, cols, tokens = 1;
  std::string cpu = "native";
  std::string tile; ///< of strategy dot, as in #lowbit.tile<...>; empty: the compiler's choice
  /// Strategy dot: as many products, each of which reads the weights of its part of the columns only.
  int64_t groups = 1;
};

/// A candidate's strategy as KernelSpec has it.
std::string strategyName(const Candidate &candidate, const ProductShape &product);

/// A tile as KernelSpec has it.
std::string tileText(const DotPlan &plan);

/// The MLIR text of a function `name` that computes a product y = x w^T, activation quantization and table building
/// included, with the packed weights as an argument. Errors: a format, strategy or CPU that does not exist.
llvm::Expected<std::string> kernelFunction(const KernelSpec &spec, llvm::StringRef name);

/// Such functions, compiled by the compiler itself into one shared object and loaded from a temporary folder, so that
/// copies of weights can be rotated.
class KernelProgram {
public:
  /// All for the CPU of the first. Errors: those of kernelFunction(), of the compiler and of the loader.
  static llvm::Expected<std::unique_ptr<KernelProgram>> compile(std::vector<KernelSpec> specs);
  ~KernelProgram();
  KernelProgram(const KernelProgram &) = delete;

  const KernelSpec &spec(size_t kernel) const { return specs[kernel]; }
  /// x: [tokens][cols], y: [tokens][rows]. No `exec`: on this thread.
  void run(size_t kernel, const halftone_exec *exec, const float *x, const uint8_t *packed, float *y) const {
    functions[kernel](exec, x, packed, y);
  }
  /// Bytes of one packed copy.
  int64_t packedBytes(size_t kernel) const;
  /// Fills one copy: random codes and multipliers, scales of 1.
  void fill(size_t kernel, uint8_t *packed, uint64_t seed) const;

private:
  using Function = int32_t (*)(const halftone_exec *, const float *, const uint8_t *, float *);
  KernelProgram() = default;
  std::vector<KernelSpec> specs;
  std::string folder;
  void *library = nullptr;
  std::vector<Function> functions;
};

} // namespace halftone

#endif // HALFTONE_TUNE_KERNELPROGRAM_H
