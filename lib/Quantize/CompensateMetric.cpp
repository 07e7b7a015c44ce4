//===- CompensateMetric.cpp - The metric that all rows share --------------===//

#include "CompensateMetric.h"
#include "halftone/Support/Parallel.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace halftone;
using namespace halftone::compensate;
using namespace llvm;

/// Rows of the factor that are finished before the rest of the matrix is updated with them.
static constexpr int64_t panelRows = 64;

Error compensate::checkGram(ArrayRef<double> gram, int64_t cols, StringRef tensor) {
  if (uint64_t(cols) * uint64_t(cols) != gram.size())
    return createStringError("tensor '" + tensor + "': a Gram matrix of " + Twine(gram.size()) + " values is not " +
                             Twine(cols) + " x " + Twine(cols));
  for (int64_t i = 0; i < cols; ++i)
    for (int64_t j = 0; j < cols; ++j)
      if (!std::isfinite(gram[i * cols + j]))
        return createStringError("tensor '" + tensor + "': the Gram matrix is " +
                                 (std::isnan(gram[i * cols + j]) ? "not a number" : "infinite") + " at [" + Twine(i) +
                                 ", " + Twine(j) + "]; calibrate again");
  for (int64_t i = 0; i < cols; ++i) {
    if (gram[i * cols + i] < 0)
      return createStringError("tensor '" + tensor + "': the Gram matrix is negative on its diagonal at [" + Twine(i) +
                               ", " + Twine(i) + "]; it must be a sum of x x^T");
    for (int64_t j = 0; j < i; ++j) {
      double scale = std::sqrt(gram[i * cols + i]) * std::sqrt(gram[j * cols + j]);
      if (std::abs(gram[i * cols + j] - gram[j * cols + i]) > 1e-3 * scale)
        return createStringError("tensor '" + tensor + "': the Gram matrix is not symmetric at [" + Twine(i) + ", " +
                                 Twine(j) + "]; it must be a sum of x x^T");
    }
  }
  return Error::success();
}

/// Groups stay together; with `Curvature` both levels are sorted by descending diagonal.
static void chooseOrder(Metric &metric, ArrayRef<double> diagonal, const Format &format, ColumnOrder order) {
  int64_t cols = diagonal.size(), size = format.groupSize(cols);
  std::vector<int64_t> groups(format.groupCount(cols));
  std::iota(groups.begin(), groups.end(), 0);
  std::vector<double> curvature(groups.size());
  for (int64_t column = 0; column < cols; ++column)
    curvature[column / size] += diagonal[column];
  if (order == ColumnOrder::Curvature)
    llvm::sort(groups, [&](int64_t a, int64_t b) {
      return curvature[a] != curvature[b] ? curvature[a] > curvature[b] : a < b;
    });
  for (int64_t group : groups) {
    Block block{int64_t(metric.order.size()), std::min(size, cols - group * size), group};
    metric.blocks.push_back(block);
    for (int64_t i = 0; i < block.length; ++i)
      metric.order.push_back(group * size + i);
    if (order == ColumnOrder::Curvature)
      std::sort(metric.order.begin() + block.begin, metric.order.end(),
                [&](int64_t a, int64_t b) { return diagonal[a] != diagonal[b] ? diagonal[a] > diagonal[b] : a < b; });
  }
}

/// Overwrites the lower triangle of `a` (symmetric, [n][n]) with R_ij at [j][i], i <= j, where a = R R^T with R upper:
/// Cholesky's method from the last row up. False where a pivot is not safely positive.
static bool factorize(std::vector<double> &a, int64_t n, double smallest, unsigned threads) {
  for (int64_t end = n; end > 0; end -= std::min(end, panelRows)) {
    int64_t begin = std::max<int64_t>(end - panelRows, 0);
    for (int64_t j = end; j-- > begin;) {
      double *row = &a[j * n];
      for (int64_t k = j + 1; k < end; ++k)
        addScaled(row, &a[k * n], -a[k * n + j], j + 1);
      if (!(row[j] > smallest))
        return false;
      double pivot = std::sqrt(row[j]);
      for (int64_t i = 0; i < j; ++i)
        row[i] /= pivot;
      row[j] = pivot;
    }
    parallelFor(begin, threads, (1 << 20) / (panelRows * n) + 1, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i)
        for (int64_t k = end; k-- > begin;)
          addScaled(&a[i * n], &a[k * n], -a[k * n + i], i + 1);
    });
  }
  return true;
}

/// R_GG R_GG^T of every block.
static void reduceBlocks(Metric &metric) {
  for (const Block &block : metric.blocks) {
    int64_t n = block.length;
    std::vector<double> matrix(n * n);
    for (int64_t k = 0; k < n; ++k) {
      const double *column = metric.factorRow(block.begin + k) + block.begin; // R_ik, i <= k
      for (int64_t i = 0; i <= k; ++i)
        addScaled(&matrix[i * n], column, column[i], k + 1);
    }
    metric.reduced.push_back(std::move(matrix));
  }
}

Expected<Metric> compensate::buildMetric(ArrayRef<double> gram, int64_t cols, const Format &format,
                                         const CompensateOptions &options, StringRef tensorName, unsigned threads) {
  if (!(options.damping > 0 && options.damping <= 1))
    return createStringError("tensor '" + tensorName + "': damping must be above 0 and at most 1");
  if (Error error = checkGram(gram, cols, tensorName))
    return std::move(error);
  Metric metric;
  metric.size = cols;
  std::vector<double> diagonal(cols);
  double mean = 0;
  for (int64_t i = 0; i < cols; ++i) {
    diagonal[i] = gram[i * cols + i];
    mean += diagonal[i] / double(cols);
  }
  if (mean == 0)
    mean = 1; // inputs that are always zero: any metric will do, so least squares
  chooseOrder(metric, diagonal, format, options.order);
  metric.h.resize(gram.size());
  for (int64_t i = 0; i < cols; ++i)
    for (int64_t j = 0; j < cols; ++j) {
      int64_t a = metric.order[i], b = metric.order[j];
      metric.h[i * cols + j] = (gram[a * cols + b] + gram[b * cols + a]) / 2;
    }
  for (double damping = options.damping; damping <= 10; damping *= 10) {
    double added = damping * mean - metric.shift;
    metric.shift = damping * mean;
    for (int64_t i = 0; i < cols; ++i)
      metric.h[i * cols + i] += added;
    metric.factor = metric.h;
    if (factorize(metric.factor, cols, 1e-12 * mean, threads)) {
      reduceBlocks(metric);
      return std::move(metric);
    }
  }
  return createStringError("tensor '" + tensorName +
                           "': the Gram matrix has negative eigenvalues; it must be a sum of x x^T");
}
