//===- Tune.h - Measuring kernels on this machine ---------------*- C++ -*-===//
#ifndef HALFTONE_TUNE_TUNE_H
#define HALFTONE_TUNE_TUNE_H

#include "halftone/Driver/Compile.h"
#include "halftone/Plan/Tuning.h"
#include <functional>

namespace halftone {

struct MeasureOptions {
  std::string cpu = "native";
  /// Bytes of copies of the weights that products with one column rotate through, so that they come from memory.
  int64_t coldBytes = 128 << 20;
  /// Times every kernel has a turn, at most `leastMicroseconds` long unless one product takes longer; medians are
  /// taken.
  int rounds = 5;
  double leastMicroseconds = 4000;
  /// Columns to measure.
  std::vector<int64_t> columns{1, 128};
};

/// Compiles the plausible candidates of a product and measures them in turns on this thread, by its processor time.
/// Errors: those of compiling them.
llvm::Error measureProduct(const ProductShape &product, const TargetInfo &target, const MeasureOptions &options,
                           TuningFile &file);

/// Measures what a compilation leaves to the choice of kernels and `file` does not have yet, and writes it there,
/// product by product. `progress` gets the number of products done, of all, and the one that was measured last. Errors:
/// those of reading the model; a file that exists and is none; several CPUs, or one whose code this machine cannot run.
llvm::Error tune(const CompileOptions &options, llvm::StringRef file,
                 const std::function<void(size_t, size_t, llvm::StringRef)> &progress);

} // namespace halftone

#endif // HALFTONE_TUNE_TUNE_H
