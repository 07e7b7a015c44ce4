// Ternary weights with a scale per sign: the best thresholds and scales there are.
#include "TestData.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <limits>

using namespace halftone;
using namespace llvm;

namespace {

double squaredError(ArrayRef<float> weights, ArrayRef<float> values) {
  double error = 0;
  for (size_t i = 0; i < weights.size(); ++i)
    error += (double(weights[i]) - values[i]) * (double(weights[i]) - values[i]);
  return error;
}

/// The least squared error of levels -s, 0, t over all ways to cut the sorted weights into three parts.
double leastError(std::vector<float> weights) {
  std::sort(weights.begin(), weights.end());
  size_t n = weights.size();
  double best = std::numeric_limits<double>::infinity();
  for (size_t low = 0; low <= n; ++low)
    for (size_t high = low; high <= n; ++high) {
      double minus = 0, plus = 0, error = 0;
      for (size_t i = 0; i < low; ++i)
        minus += weights[i] / double(low);
      for (size_t i = high; i < n; ++i)
        plus += weights[i] / double(n - high);
      if (minus > 0 || plus < 0)
        continue;
      for (size_t i = 0; i < n; ++i) {
        double level = i < low ? minus : i < high ? 0 : plus;
        error += (weights[i] - level) * (weights[i] - level);
      }
      best = std::min(best, error);
    }
  return best;
}

TEST(TernaryPerSign, ByHand) {
  // +: {4, 3.5, 0.5}: two at 3.75 gain 28.1, three at 8/3 only 21.3. -: {1, 0.25}: one gains 1, two gain 0.78.
  QuantizedMatrix q = quantized({4, -0.25f, 3.5f, -1, 0.5f, 0}, 1, 6, "ternaryg0a");
  EXPECT_EQ(q.scales, (std::vector<uint16_t>{floatToHalf(3.75f), floatToHalf(1)}));
  EXPECT_EQ(q.codes, (std::vector<uint8_t>{2, 1, 2, 0, 1, 1}));
  EXPECT_EQ(dequantize(q), (std::vector<float>{3.75f, 0, 3.75f, -1, 0, 0}));
}

TEST(TernaryPerSign, NoOtherThresholdsAreBetter) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::vector<float> weights = normalWeights(1 + seed % 23, seed);
    for (float &w : weights)
      w = w * std::abs(w) + float(seed % 3) * 0.2f; // not symmetric
    double error = squaredError(weights, dequantize(quantized(weights, 1, weights.size(), "ternaryg0a")));
    double energy = squaredError(weights, std::vector<float>(weights.size()));
    // Scales are rounded to half precision: 2^-11 of a level, which the error feels in the second order.
    EXPECT_NEAR(error, leastError(weights), 1e-6 * energy) << seed;
  }
}

// Two halves of the normal distribution: each is quantized to 0 and a level at 1.224 with threshold 0.612.
TEST(TernaryPerSign, NormalDistribution) {
  std::vector<float> grid = normalGrid();
  QuantizedMatrix q = quantized(grid, 1, grid.size(), "ternaryg0a");
  EXPECT_NEAR(halfToFloat(q.scales[0]), 1.224, 0.001);
  EXPECT_EQ(q.scales[0], q.scales[1]);
  EXPECT_NEAR(relativeSquaredError(grid, dequantize(q)), 0.1902, 0.0002);
}

TEST(TernaryPerSign, NeverWorseThanOneScale) {
  std::vector<float> weights = normalWeights(50 * 100, 3);
  EXPECT_LT(errorOf(weights, 50, 100, "ternaryg32a"), errorOf(weights, 50, 100, "ternaryg32"));
}

TEST(TernaryPerSign, OneSidedAndTinyGroups) {
  QuantizedMatrix q = quantized({1, 1, 1, -3e-8f, 0, 0, 1e-30f, -2e-8f}, 1, 8, "ternaryg4a");
  // A level that no half can hold becomes the smallest, 2^-24, or nothing where all weights are nearer to 0.
  EXPECT_EQ(q.scales[0], floatToHalf(1));
  EXPECT_EQ(q.scales[1], 1);
  EXPECT_EQ(ArrayRef(q.codes).take_front(4), (ArrayRef<uint8_t>{2, 2, 2, 0}));
  EXPECT_EQ(ArrayRef(q.codes).take_back(4), (ArrayRef<uint8_t>{1, 1, 1, 1}));
  std::vector<float> positive = {1, 2, 3};
  q = quantized(positive, 1, 3, "ternaryg0a");
  EXPECT_EQ(q.scales[1], 0);
  EXPECT_EQ(errorOf(std::vector<float>{-2, 0, -2, 5}, 1, 4, "ternaryg0a"), 0);
}

} // namespace
