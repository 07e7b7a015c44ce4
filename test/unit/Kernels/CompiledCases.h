//===- CompiledCases.h - Many small products in one shared object -*- C++ -*-===//
//
// A test lists products and look-ups; all of them go into one module, which is
// compiled for one CPU, loaded, and called through its C functions. In a process
// with AddressSanitizer the module is instrumented.
//
// HALFTONE_TEST_CPU names another CPU in place of the native one, and
// HALFTONE_TEST_OBJECTS a folder that keeps the objects: what one machine
// compiled (its tests fail where it cannot run them), another one runs.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_TEST_UNIT_KERNELS_COMPILEDCASES_H
#define HALFTONE_TEST_UNIT_KERNELS_COMPILEDCASES_H

#include "halftone/Quantize/ActivationVectors.h"
#include "halftone/Quantize/Grouped.h"
#include "halftone/Quantize/Quantize.h"
#include "halftone/abi.h"
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace halftone::test {

/// A product y[T x rows] = x[T x cols] W^T, or a look-up of rows.
struct Case {
  std::string format;
  int64_t rows, cols;
  /// dot, lut, popcount (integer activations), dequant (float activations), or gather; kernels of stage 2, whatever the
  /// target: dot-trits, lut-trits on five trits to a byte; dot-planes on bit planes; lut-bytes16, lut-bytes128, lut-bytes-trits with tables of one
  /// byte per entry; dot-pairs3, dot-pairs6 of two columns at once in tiles of 3 or 6
  std::string strategy;
  bool oneToken = false; ///< a function for T = 1 only, else for any T
  std::vector<float> weights;
  QuantizedMatrix matrix; ///< what the weights become; empty for the format float
  unsigned bits = 8;      ///< of the activations of integer strategies
  /// Activations with scales of vectors; `bits` says nothing then.
  std::optional<ActivationVectors> vectors = std::nullopt;
  bool wide = false; ///< integer strategies: activations of 16 bits instead of 8
  /// Integer strategies: activations with scales that are known beforehand.
  std::optional<GroupedScales> fixed = std::nullopt;

  bool isInteger() const {
    return strategy.substr(0, 3) == "dot" || strategy.substr(0, 3) == "lut" || strategy == "popcount";
  }
  bool isFloat() const { return format == "float"; }
  bool hasByteTables() const { return strategy.substr(0, 9) == "lut-bytes"; }
  bool hasTrits() const { return strategy.size() > 6 && strategy.substr(strategy.size() - 6) == "-trits"; }
  bool hasPlanes() const { return strategy == "dot-planes"; }
  bool hasPairs() const { return strategy.substr(0, 9) == "dot-pairs"; }
  std::string text() const;
};

/// A case with random weights of the seed; all cases of equal format, shape and seed have equal weights.
Case makeCase(const std::string &format, int64_t rows, int64_t cols, const std::string &strategy, unsigned seed = 1);

/// Compiled cases; the shared object goes away with it. Failures are reported to GoogleTest.
class CompiledCases {
public:
  CompiledCases(std::vector<Case> cases, const std::string &cpu);
  ~CompiledCases();
  CompiledCases(const CompiledCases &) = delete;
  CompiledCases &operator=(const CompiledCases &) = delete;

  bool isLoaded() const { return !functions.empty(); }
  const std::vector<Case> &cases() const { return list; }
  /// y of case `index` for `tokens` rows of x. Memory beyond y is checked to be untouched.
  std::vector<float> multiply(size_t index, const std::vector<float> &x, int64_t tokens,
                              const halftone_exec *exec = nullptr) const;
  std::vector<float> gather(size_t index, const std::vector<int32_t> &ids, const halftone_exec *exec = nullptr) const;

private:
  void load(const std::string &cpu);
  std::vector<float> call(size_t index, const void *input, int64_t tokens, int64_t outputs,
                          const halftone_exec *exec) const;
  std::vector<Case> list;
  std::vector<void *> functions;
  void *library = nullptr;
};

/// "native", "x86-64-v3", "x86-64": what this machine can run of it.
bool canRun(const std::string &cpu);

/// Rows of activations of one kind after the other, the awkward ones included: zeros, one huge value, tiny values,
/// denormals, all of one magnitude (every code is +127 or -127).
std::vector<float> makeActivations(int64_t tokens, int64_t cols, unsigned seed);

} // namespace halftone::test

#endif // HALFTONE_TEST_UNIT_KERNELS_COMPILEDCASES_H
