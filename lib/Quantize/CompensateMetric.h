//===- CompensateMetric.h - The metric that all rows share ------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_COMPENSATEMETRIC_H
#define HALFTONE_LIB_QUANTIZE_COMPENSATEMETRIC_H

#include "CompensateKernels.h"
#include "halftone/Quantize/Compensate.h"
#include <vector>

namespace halftone::compensate {

/// One group of columns, as contiguous positions of the processing order.
struct Block {
  int64_t begin, length;
  int64_t group; ///< its index in storage order
};

/// Processing order, damped Gram matrix and its factors. All matrices in processing order.
struct Metric {
  int64_t size = 0;
  std::vector<int64_t> order; ///< order[position]: column
  std::vector<Block> blocks;  ///< in processing order
  std::vector<double> h;      ///< [size][size] H + shift I
  /// [size][size], lower triangle: row j holds R_ij, i <= j, of the upper R with H + shift I = R R^T. R's inverse is
  /// the Cholesky factor of the inverse that GPTQ computes.
  std::vector<double> factor;
  /// For each block, [length][length]: the Schur complement R_GG R_GG^T of all later blocks.
  std::vector<std::vector<double>> reduced;
  double shift = 0;

  const double *row(int64_t position) const { return h.data() + position * size; }
  const double *factorRow(int64_t position) const { return factor.data() + position * size; }
};

/// Errors, which name `tensorName`: a Gram matrix of the wrong size, not finite, not symmetric, or with a negative
/// diagonal.
llvm::Error checkGram(llvm::ArrayRef<double> gram, int64_t cols, llvm::StringRef tensorName);

/// Validates `gram` and builds the metric; errors name `tensorName`.
llvm::Expected<Metric> buildMetric(llvm::ArrayRef<double> gram, int64_t cols, const Format &format,
                                   const CompensateOptions &options, llvm::StringRef tensorName, unsigned threads);

} // namespace halftone::compensate

#endif // HALFTONE_LIB_QUANTIZE_COMPENSATEMETRIC_H
