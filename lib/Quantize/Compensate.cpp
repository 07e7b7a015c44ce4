//===- Compensate.cpp - Quantization with error compensation --------------===//

#include "halftone/Quantize/Compensate.h"
#include "CompensateRow.h"
#include "halftone/Support/Parallel.h"
#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>

using namespace halftone;
using namespace llvm;

Expected<QuantizedMatrix> halftone::quantizeCompensated(ArrayRef<float> weights, int64_t rows, int64_t cols,
                                                        const Format &format, ArrayRef<double> gram,
                                                        const CompensateOptions &options, StringRef tensorName,
                                                        unsigned threads) {
  // Checks the weights, too, and is what rows fall back to.
  Expected<QuantizedMatrix> result = quantize(weights, rows, cols, format, tensorName, threads);
  if (!result)
    return result;
  bool known = format.kind == FormatKind::Bcq || format.kind == FormatKind::Ternary || format.kind == FormatKind::Rtn;
  if (!known || format.scalePerSign || format.offset || format.perTensor || format.floatScales)
    return createStringError("tensor '" + tensorName + "': format '" + format.name() +
                             "' has no error compensation yet; use a bcq, ternary or rtn format");
  Expected<compensate::Metric> metric = compensate::buildMetric(gram, cols, format, options, tensorName, threads);
  if (!metric)
    return metric.takeError();
  if (cols == 0)
    return result;
  parallelFor(rows, threads, (1 << 14) / (cols * cols) + 1, [&](int64_t begin, int64_t end) {
    compensate::RowSolver solver(*metric, format, options);
    for (int64_t row = begin; row < end; ++row)
      solver.solve(weights.slice(row * cols, cols), row, *result);
  });
  return result;
}

Expected<QuantizedMatrix> halftone::quantizeCompensated(ArrayRef<float> weights, int64_t rows, int64_t cols,
                                                        const Format &format, ArrayRef<float> gram,
                                                        const CompensateOptions &options, StringRef tensorName,
                                                        unsigned threads) {
  std::vector<double> wide(gram.begin(), gram.end());
  return quantizeCompensated(weights, rows, cols, format, ArrayRef<double>(wide), options, tensorName, threads);
}

/// Solves (H + shift I) x = b in place: H + shift I = L^T L for the lower L in the metric's factor.
static void solveWithFactor(const compensate::Metric &metric, MutableArrayRef<double> b) {
  for (int64_t j = metric.size; j-- > 0;) {
    const double *row = metric.factorRow(j);
    b[j] /= row[j];
    compensate::addScaled(b.data(), row, -b[j], j);
  }
  for (int64_t j = 0; j < metric.size; ++j) {
    const double *row = metric.factorRow(j);
    b[j] = (b[j] - compensate::dot(row, b.data(), j)) / row[j];
  }
}

Expected<std::vector<float>> halftone::compensationTarget(ArrayRef<float> weights, int64_t rows, int64_t cols,
                                                          ArrayRef<double> gram, ArrayRef<double> missing,
                                                          double damping, StringRef tensorName, unsigned threads) {
  if (rows < 0 || cols < 0 || (cols && rows > INT64_MAX / cols) || uint64_t(rows * cols) != weights.size() ||
      missing.size() != weights.size())
    return createStringError("tensor '" + tensorName + "': " + Twine(weights.size()) + " weights and " +
                             Twine(missing.size()) + " moments of the missing output are not both " + Twine(rows) +
                             " x " + Twine(cols));
  CompensateOptions options;
  options.damping = damping;
  options.order = ColumnOrder::Natural;
  Format columns; // nothing but the factor is needed, so the smallest groups
  columns.group = 1;
  Expected<compensate::Metric> metric = compensate::buildMetric(gram, cols, columns, options, tensorName, threads);
  if (!metric)
    return metric.takeError();
  std::vector<float> target(weights.size());
  std::atomic<bool> finite{true};
  parallelFor(rows, threads, (1 << 14) / std::max<int64_t>(cols * cols, 1) + 1, [&](int64_t begin, int64_t end) {
    std::vector<double> change(cols);
    for (int64_t row = begin; row < end; ++row) {
      std::copy_n(missing.begin() + row * cols, cols, change.begin());
      solveWithFactor(*metric, change);
      for (int64_t i = 0; i < cols; ++i) {
        target[row * cols + i] = float(double(weights[row * cols + i]) + change[i]);
        if (!std::isfinite(target[row * cols + i]))
          finite = false;
      }
    }
  });
  if (!finite)
    return createStringError("tensor '" + tensorName +
                             "': the weights or the moments of the missing output are not finite; calibrate again");
  return std::move(target);
}

double halftone::compensationLoss(ArrayRef<float> weights, ArrayRef<float> approximation, int64_t rows, int64_t cols,
                                  ArrayRef<double> gram) {
  assert(weights.size() == size_t(rows * cols) && approximation.size() == weights.size());
  assert(gram.size() == size_t(cols * cols));
  std::vector<double> error(cols);
  double loss = 0;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < cols; ++i)
      error[i] = double(weights[row * cols + i]) - double(approximation[row * cols + i]);
    for (int64_t i = 0; i < cols; ++i)
      loss += error[i] * compensate::dot(gram.data() + i * cols, error.data(), cols);
  }
  return loss;
}
