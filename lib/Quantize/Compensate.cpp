//===- Compensate.cpp - Quantization with error compensation --------------===//

#include "halftone/Quantize/Compensate.h"
#include "CompensateRow.h"
#include "halftone/Quantize/WeightRange.h"
#include "halftone/Support/Parallel.h"
#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>

using namespace halftone;
using namespace llvm;

Compensator::Compensator(std::unique_ptr<compensate::Metric> metric, const CompensateOptions &options, unsigned threads)
    : metric(std::move(metric)), options(options), threads(threads) {}
Compensator::Compensator(Compensator &&) = default;
Compensator &Compensator::operator=(Compensator &&) = default;
Compensator::~Compensator() = default;

Expected<Compensator> Compensator::create(ArrayRef<double> gram, int64_t cols, const Format &format,
                                          const CompensateOptions &options, StringRef tensorName, unsigned threads) {
  Expected<compensate::Metric> metric = compensate::buildMetric(gram, cols, format, options, tensorName, threads);
  if (!metric)
    return metric.takeError();
  return Compensator(std::make_unique<compensate::Metric>(std::move(*metric)), options, threads);
}

/// Calls body(begin, end) for batches of rows of a matrix, on all threads.
static void forRows(int64_t rows, int64_t cols, unsigned threads, function_ref<void(int64_t, int64_t)> body) {
  constexpr int64_t batch = compensate::RowSolver::maxRows;
  int64_t batches = (rows + batch - 1) / batch;
  parallelFor(batches, threads, (1 << 14) / (batch * cols * cols) + 1,
              [&](int64_t begin, int64_t end) { body(begin * batch, std::min(end * batch, rows)); });
}

Expected<QuantizedMatrix> Compensator::quantize(ArrayRef<float> weights, int64_t rows, const Format &format,
                                                StringRef tensorName) const {
  int64_t cols = metric->size;
  assert(size_t(format.groupCount(cols)) == metric->blocks.size() && "made for other groups");
  // Checks the weights, too, and is what rows fall back to. Zero points, and scales that stay as they are here, are the
  // best that are known without codes.
  bool keepsScales = !compensate::canRefit(format);
  WeightRange range;
  if (format.kind == FormatKind::Rtn && (keepsScales || format.offset))
    range.kind = WeightRange::MeanSquaredError;
  Expected<QuantizedMatrix> result = halftone::quantize(weights, rows, cols, format, range, tensorName, threads);
  if (!result || cols == 0)
    return result;
  std::optional<compensate::FixedLevels> levels;
  if (keepsScales)
    levels.emplace(*result);
  forRows(rows, cols, threads, [&](int64_t begin, int64_t end) {
    compensate::RowSolver solver(*metric, format, levels ? &*levels : nullptr, options);
    for (int64_t row = begin; row < end; row += compensate::RowSolver::maxRows)
      solver.solve(weights, row, std::min(end, row + compensate::RowSolver::maxRows), *result);
  });
  return result;
}

/// Solves (H + shift I) x = b in place, for `count` right-hand sides b [count][size] in processing order: H + shift I =
/// L^T L for the lower L in the metric's factor.
static void solveWithFactor(const compensate::Metric &metric, MutableArrayRef<double> b, int64_t count) {
  int64_t n = metric.size;
  for (int64_t j = n; j-- > 0;)
    for (int64_t k = 0; k < count; ++k) {
      const double *row = metric.factorRow(j);
      b[k * n + j] /= row[j];
      compensate::addScaled(&b[k * n], row, -b[k * n + j], j);
    }
  for (int64_t j = 0; j < n; ++j)
    for (int64_t k = 0; k < count; ++k) {
      const double *row = metric.factorRow(j);
      b[k * n + j] = (b[k * n + j] - compensate::dot(row, &b[k * n], j)) / row[j];
    }
}

Expected<std::vector<float>> Compensator::target(ArrayRef<float> weights, int64_t rows, ArrayRef<double> missing,
                                                 StringRef tensorName) const {
  int64_t cols = metric->size;
  assert(uint64_t(rows * cols) == weights.size() && missing.size() == weights.size());
  std::vector<float> target(weights.size());
  std::atomic<bool> finite{true};
  if (cols == 0)
    return std::move(target);
  forRows(rows, cols, threads, [&](int64_t begin, int64_t end) {
    std::vector<double> change;
    for (int64_t first = begin; first < end; first += compensate::RowSolver::maxRows) {
      int64_t count = std::min(end - first, compensate::RowSolver::maxRows);
      change.resize(count * cols);
      for (int64_t k = 0; k < count; ++k)
        for (int64_t i = 0; i < cols; ++i)
          change[k * cols + i] = missing[(first + k) * cols + metric->order[i]];
      solveWithFactor(*metric, change, count);
      for (int64_t k = 0; k < count; ++k)
        for (int64_t i = 0; i < cols; ++i) {
          int64_t at = (first + k) * cols + metric->order[i];
          target[at] = float(double(weights[at]) + change[k * cols + i]);
          if (!std::isfinite(target[at]))
            finite = false;
        }
    }
  });
  if (!finite)
    return createStringError("tensor '" + tensorName +
                             "': the weights or the moments of the missing output are not finite; calibrate again");
  return std::move(target);
}

Expected<QuantizedMatrix> halftone::quantizeCompensated(ArrayRef<float> weights, int64_t rows, int64_t cols,
                                                        const Format &format, ArrayRef<double> gram,
                                                        const CompensateOptions &options, StringRef tensorName,
                                                        unsigned threads) {
  // Before the metric is built: wrong weights and formats are reported first.
  if (Expected<QuantizedMatrix> checked = quantize(weights, rows, cols, format, tensorName, threads); !checked)
    return checked.takeError();
  Expected<Compensator> compensator = Compensator::create(gram, cols, format, options, tensorName, threads);
  if (!compensator)
    return compensator.takeError();
  return compensator->quantize(weights, rows, format, tensorName);
}

Expected<QuantizedMatrix> halftone::quantizeCompensated(ArrayRef<float> weights, int64_t rows, int64_t cols,
                                                        const Format &format, ArrayRef<float> gram,
                                                        const CompensateOptions &options, StringRef tensorName,
                                                        unsigned threads) {
  std::vector<double> wide(gram.begin(), gram.end());
  return quantizeCompensated(weights, rows, cols, format, ArrayRef<double>(wide), options, tensorName, threads);
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
  Expected<Compensator> compensator = Compensator::create(gram, cols, columns, options, tensorName, threads);
  if (!compensator)
    return compensator.takeError();
  return compensator->target(weights, rows, missing, tensorName);
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
