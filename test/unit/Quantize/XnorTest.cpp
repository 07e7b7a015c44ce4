//===- XnorTest.cpp - Scales of signs (XNOR-Net, arXiv 1603.05279) --------===//

#include "halftone/Quantize/Quantize.h"
#include "halftone/Support/Half.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace halftone;

namespace {

std::vector<float> gaussian(int64_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.1f, 1.0f);
  std::vector<float> w(n);
  for (float &x : w)
    x = normal(random);
  return w;
}

double squaredError(const std::vector<float> &w, double scale) {
  double error = 0;
  for (float x : w)
    error += std::pow(x - scale * (x >= 0 ? 1 : -1), 2);
  return error;
}

/// alpha = mean |w| = <w, sign w> / n is where the error of alpha * sign(w) is least, and the error is |w|^2 - n alpha^2.
TEST(XnorTest, MeanMagnitudeIsTheBestScaleOfSigns) {
  for (int64_t n : {1, 2, 7, 64, 333}) {
    std::vector<float> w = gaussian(n, unsigned(n));
    double magnitudes = 0, product = 0, squares = 0;
    for (float x : w) {
      magnitudes += std::fabs(x);
      product += double(x) * (x >= 0 ? 1 : -1);
      squares += double(x) * x;
    }
    EXPECT_DOUBLE_EQ(magnitudes, product);
    double alpha = product / double(n), least = squaredError(w, alpha);
    EXPECT_NEAR(least, squares - double(n) * alpha * alpha, 1e-9 * squares + 1e-12);
    for (double other : {0.5, 0.99, 1.01, 2.0})
      EXPECT_GT(squaredError(w, alpha * other), least);
  }
}

/// One plane of BCQ is that: signs (of 0: +1) and the mean magnitude, per row and group, in half precision.
TEST(XnorTest, OnePlaneHasSignsAndMeanMagnitude) {
  const int64_t rows = 5, cols = 70, group = 32;
  std::vector<float> w = gaussian(rows * cols, 7);
  w[3] = 0;
  QuantizedMatrix m = llvm::cantFail(quantize(w, rows, cols, llvm::cantFail(parseFormat("bcq1g32f")), "w", 1));
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t g = 0; g < 3; ++g) {
      double sum = 0;
      int64_t end = std::min(cols, (g + 1) * group);
      for (int64_t k = g * group; k < end; ++k) {
        sum += std::fabs(w[row * cols + k]);
        EXPECT_EQ(m.codes[row * cols + k], w[row * cols + k] >= 0 ? 1 : 0);
      }
      double mean = sum / double(end - g * group);
      EXPECT_NEAR(halfToFloat(m.scales[row * 3 + g]), mean, mean * 0x1p-10);
    }
}

/// <alpha sign w, beta sign x> = alpha beta (n - 2 popcount(w xor x)), for all signs of up to 12 elements.
TEST(XnorTest, ProductOfSignsCountsDifferences) {
  for (unsigned n = 1; n <= 12; ++n)
    for (unsigned w = 0; w < 1u << n; ++w)
      for (unsigned x = 0; x < 1u << n; x += n > 8 ? 7 : 1) {
        int sum = 0;
        for (unsigned k = 0; k < n; ++k)
          sum += (w >> k & 1 ? 1 : -1) * (x >> k & 1 ? 1 : -1);
        ASSERT_EQ(sum, int(n) - 2 * __builtin_popcount(w ^ x));
      }
}

} // namespace
