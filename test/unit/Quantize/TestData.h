// Weights that tests of several files use.
#ifndef HALFTONE_TEST_UNIT_QUANTIZE_TESTDATA_H
#define HALFTONE_TEST_UNIT_QUANTIZE_TESTDATA_H

#include "halftone/Quantize/Quantize.h"
#include "llvm/ADT/StringRef.h"
#include <cmath>
#include <random>
#include <vector>

namespace halftone {

/// The quantile grid of the normal distribution: Phi^-1((i + 0.5) / count), by Newton's method.
inline std::vector<float> normalGrid(int count = 40000) {
  std::vector<float> grid(count);
  double x = -4.5;
  for (int i = 0; i < count; ++i) {
    double p = (i + 0.5) / count;
    for (int step = 0; step < 50; ++step) {
      double density = std::exp(-x * x / 2) / std::sqrt(2 * M_PI);
      double change = (0.5 * std::erfc(-x / std::sqrt(2.0)) - p) / density;
      x -= std::max(-0.5, std::min(0.5, change));
      if (std::abs(change) < 1e-13)
        break;
    }
    grid[i] = float(x);
  }
  return grid;
}

/// Independent normal weights.
inline std::vector<float> normalWeights(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> weights(count);
  for (float &w : weights)
    w = normal(random);
  return weights;
}

inline Format formatOf(llvm::StringRef name) { return llvm::cantFail(parseFormat(name)); }

/// Quantizes; errors end the test program.
inline QuantizedMatrix quantized(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols, llvm::StringRef name,
                                 unsigned threads = 1) {
  return llvm::cantFail(quantize(weights, rows, cols, formatOf(name), "w", threads));
}

/// Relative squared error of the round trip.
inline double errorOf(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols, llvm::StringRef name) {
  return relativeSquaredError(weights, dequantize(quantized(weights, rows, cols, name)));
}

} // namespace halftone

#endif // HALFTONE_TEST_UNIT_QUANTIZE_TESTDATA_H
