//===- Compensate.cpp - Quantization with error compensation --------------===//

#include "halftone/Quantize/Compensate.h"
#include "CompensateRow.h"
#include "halftone/Support/Parallel.h"
#include <cassert>

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
  if (format.kind != FormatKind::Bcq && format.kind != FormatKind::Ternary && format.kind != FormatKind::Rtn)
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
