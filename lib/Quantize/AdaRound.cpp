//===- AdaRound.cpp - Learned rounding of uniform integers ----------------===//

#include "halftone/Quantize/AdaRound.h"
#include "CompensateKernels.h"
#include "CompensateMetric.h"
#include "Groups.h"
#include "halftone/Support/Parallel.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <atomic>
#include <cmath>

using namespace halftone;
using namespace llvm;

static constexpr double zeta = 1.1, gammaLow = -0.1;

double halftone::rectifiedSigmoid(double v) {
  return std::clamp((zeta - gammaLow) / (1 + std::exp(-v)) + gammaLow, 0.0, 1.0);
}

double halftone::inverseRectifiedSigmoid(double h) { return -std::log((zeta - h) / (h - gammaLow)); }

namespace {

/// One row of the matrix: what does not change, and the state of Adam.
class Row {
public:
  Row(ArrayRef<float> weights, ArrayRef<double> gram, const AdaRoundOptions &options)
      : weights(weights), gram(gram), options(options), cols(int64_t(weights.size())) {
    for (std::vector<double> *values : {&scale, &zero, &down, &v, &first, &second, &error, &gradient})
      values->resize(cols);
  }

  /// Takes the scales of a row of `matrix` and starts where w' = w.
  void start(const QuantizedMatrix &matrix, int64_t row) {
    const Format &format = matrix.format;
    low = format.offset ? 0 : 1;
    high = (1 << format.bits) - 1;
    unit = 0;
    for (int64_t i = 0; i < cols; ++i) {
      int64_t item = matrix.scaleItem(row, i / matrix.groupSize());
      scale[i] = format.floatScales ? matrix.rowScales[item] : halfToFloat(matrix.scales[item]);
      zero[i] = format.offset ? matrix.zeroPoint(item) : 1 << (format.bits - 1);
      double steps = scale[i] > 0 ? std::clamp(weights[i] / scale[i], -1e6, 1e6) : 0;
      down[i] = std::floor(steps);
      v[i] = inverseRectifiedSigmoid(steps - down[i]);
      unit += scale[i] * scale[i] * gram[i * cols + i];
    }
    unit /= double(cols);
  }

  /// Adam. Without inputs there is nothing to learn.
  void learn() {
    int64_t iterations = unit > 0 ? options.iterations : 0;
    constexpr double beta1 = 0.9, beta2 = 0.999;
    double correct1 = 1, correct2 = 1;
    for (int64_t step = 0; step < iterations; ++step) {
      findGradient(double(step) / double(iterations));
      correct1 *= beta1;
      correct2 *= beta2;
      for (int64_t i = 0; i < cols; ++i) {
        first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
        second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] * gradient[i];
        double size = std::sqrt(second[i] / (1 - correct2)) + 1e-8;
        v[i] -= options.learningRate * first[i] / (1 - correct1) / size;
      }
    }
  }

  /// Code of weight i, rounded up where h is at least a half.
  uint8_t code(int64_t i) const { return uint8_t(clipped(down[i] + (v[i] >= 0 ? 1 : 0) + zero[i])); }
  int64_t undecided() const {
    return count_if(v, [](double value) { return std::abs(rectifiedSigmoid(value) - 0.5) < 0.499; });
  }

  /// (w - w') H (w - w')^T for codes.
  double lossOf(ArrayRef<uint8_t> codes) {
    for (int64_t i = 0; i < cols; ++i)
      error[i] = scale[i] * (codes[i] - zero[i]) - weights[i];
    return compensate::dot(error.data(), product(), cols);
  }

private:
  double clipped(double value) const { return std::clamp(value, double(low), double(high)); }

  /// H times the error.
  const double *product() {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    compensate::addProduct(gradient.data(), error.data(), gram.data(), cols, cols, cols);
    return gradient.data();
  }

  /// Of the loss and the regularizer, in units of `unit`. `progress` goes from 0 to 1.
  void findGradient(double progress) {
    for (int64_t i = 0; i < cols; ++i)
      error[i] = scale[i] * (clipped(down[i] + rectifiedSigmoid(v[i]) + zero[i]) - zero[i]) - weights[i];
    product();
    double after = (progress - options.warmUp) / (1 - options.warmUp);
    double power =
        options.lastPower + 0.5 * (options.firstPower - options.lastPower) * (1 + std::cos(after * 3.14159265358979));
    // What is left undecided is pushed to its side.
    double weight = options.regularization * (progress > 0.9 ? 10 : 1);
    for (int64_t i = 0; i < cols; ++i) {
      double sigmoid = 1 / (1 + std::exp(-v[i])), h = (zeta - gammaLow) * sigmoid + gammaLow;
      double code = down[i] + h + zero[i];
      if (h <= 0 || h >= 1) { // the rectified ends are flat
        gradient[i] = 0;
        continue;
      }
      double slope = code <= low || code >= high ? 0 : 2 * scale[i] * gradient[i] / unit;
      double side = 2 * h - 1;
      if (after > 0)
        slope -= weight * 2 * power * std::copysign(std::pow(std::abs(side), power - 1), side);
      gradient[i] = slope * (zeta - gammaLow) * sigmoid * (1 - sigmoid);
    }
  }

  ArrayRef<float> weights;
  ArrayRef<double> gram;
  const AdaRoundOptions &options;
  int64_t cols;
  int low = 0, high = 0;
  double unit = 0; ///< mean of s^2 H_ii: the loss of a weight that is off by one step
  std::vector<double> scale, zero, down, v, first, second, error, gradient;
};

} // namespace

Expected<AdaRoundResult> halftone::adaRound(ArrayRef<float> weights, int64_t rows, int64_t cols, const Format &format,
                                            ArrayRef<double> gram, const AdaRoundOptions &options, StringRef tensorName,
                                            unsigned threads) {
  if (format.kind != FormatKind::Rtn)
    return createStringError("tensor '" + tensorName + "': AdaRound rounds uniform integers, rtn and int; format '" +
                             format.name() + "' is none");
  Expected<QuantizedMatrix> nearest = quantize(weights, rows, cols, format, options.range, tensorName, threads);
  if (!nearest)
    return nearest.takeError();
  if (Error error = compensate::checkGram(gram, cols, tensorName))
    return std::move(error);
  AdaRoundResult result{std::move(*nearest)};
  std::vector<double> losses(rows), nearestLosses(rows);
  std::atomic<int64_t> undecided{0};
  parallelFor(rows, threads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      Row row(weights.slice(r * cols, cols), gram, options);
      row.start(result.matrix, r);
      MutableArrayRef<uint8_t> codes = MutableArrayRef(result.matrix.codes).slice(r * cols, cols);
      losses[r] = nearestLosses[r] = row.lossOf(codes);
      row.learn();
      undecided += row.undecided();
      std::vector<uint8_t> learned(cols);
      for (int64_t i = 0; i < cols; ++i)
        learned[i] = row.code(i);
      if (double loss = row.lossOf(learned); loss < losses[r]) {
        losses[r] = loss;
        copy(learned, codes.begin());
      }
    }
  });
  for (int64_t r = 0; r < rows; ++r) {
    result.loss += losses[r];
    result.nearestLoss += nearestLosses[r];
  }
  result.undecided = undecided;
  return std::move(result);
}
