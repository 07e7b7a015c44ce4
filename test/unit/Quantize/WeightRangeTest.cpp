#include "halftone/Quantize/WeightRange.h"
#include "TestData.h"
#include "gtest/gtest.h"

using namespace halftone;
using namespace llvm;

namespace {
QuantizedMatrix rounded(ArrayRef<float> w, int64_t rows, StringRef format, StringRef range, unsigned threads = 1) {
  return cantFail(
      quantize(w, rows, int64_t(w.size()) / rows, formatOf(format), cantFail(parseWeightRange(range)), "w", threads));
}

/// Weights with a heavy tail: every 13th is far out.
std::vector<float> heavyWeights(size_t count, unsigned seed) {
  std::vector<float> w = normalWeights(count, seed);
  for (size_t i = 0; i < count; i += 13)
    w[i] *= 6;
  return w;
}

double lossOf(ArrayRef<float> w, const QuantizedMatrix &m) {
  double loss = 0;
  std::vector<float> values = dequantize(m);
  for (size_t i = 0; i < w.size(); ++i)
    loss += std::pow(std::abs(double(w[i]) - values[i]), 0.7);
  return loss;
}

TEST(WeightRange, Names) {
  for (StringRef name : {"minmax", "mse", "hqq", "percentile:99.9", "percentile:100"})
    EXPECT_EQ(cantFail(parseWeightRange(name)).name(), name);
  EXPECT_EQ(toString(parseWeightRange("max").takeError()),
            "unknown weight range 'max', expected minmax, mse, percentile:<P> or hqq");
  EXPECT_EQ(toString(parseWeightRange("percentile:50").takeError()),
            "weight range 'percentile:50': the percentile must be above 50 and at most 100");
  EXPECT_FALSE(bool(parseWeightRange("percentile:nan")) || bool(parseWeightRange("percentile:")));
}

TEST(WeightRange, OnlyUniformFormats) {
  EXPECT_EQ(
      toString(
          quantize({1, 2}, 1, 2, formatOf("ternaryg2"), WeightRange{WeightRange::MeanSquaredError}, "w").takeError()),
      "tensor 'w': format 'ternaryg2' has no range to choose, only uniform integers do");
}

// No other clip, or pair of ends on a grid, has less error. Stored scales are halves, which costs a little.
TEST(WeightRange, LeastSquaredError) {
  for (StringRef format : {"rtn2g0f", "rtn4g16", "int2g0f", "int3g16", "int4tf"})
    for (int64_t cols : {1, 5, 16, 37}) {
      std::vector<float> w = heavyWeights(3 * cols, unsigned(cols));
      double found = relativeSquaredError(w, dequantize(rounded(w, 3, format, "mse")));
      EXPECT_LE(found, relativeSquaredError(w, dequantize(rounded(w, 3, format, "minmax"))) * 1.01)
          << format.str() << cols;
    }
  std::vector<float> w = heavyWeights(300, 4);
  for (unsigned bits : {2, 3, 4}) {
    auto [low, high] = weightLimits(w, bits, {WeightRange::MeanSquaredError});
    auto errorOf = [&](double from, double to) {
      UniformGrid grid{(to - from) / ((1 << bits) - 1), 0, 0, (1 << bits) - 1};
      grid.zero = std::nearbyint(-from / grid.scale);
      double error = 0;
      for (float x : w)
        error += (x - roundToGrid(x, grid)) * (x - roundToGrid(x, grid));
      return error;
    };
    auto [first, last] = minMaxRange(w);
    double found = errorOf(low, high), least = found;
    for (int i = 1; i <= 40; ++i)
      for (int k = 1; k <= 40; ++k)
        least = std::min(least, errorOf(first * i / 40, last * k / 40));
    EXPECT_LE(found, 1.1 * least) << bits;
    EXPECT_LT(found, 0.9 * errorOf(first, last)) << bits;
  }
}

TEST(WeightRange, PercentileClips) {
  std::vector<float> w = normalWeights(100, 2);
  w[7] = 100;
  QuantizedMatrix symmetric = rounded(w, 1, "rtn8g0f", "percentile:99"),
                  affine = rounded(w, 1, "int8g0f", "percentile:99");
  std::vector<float> magnitudes;
  for (float x : w)
    magnitudes.push_back(std::abs(x));
  std::sort(magnitudes.begin(), magnitudes.end());
  EXPECT_EQ(symmetric.rowScales[0], float(double(magnitudes[98]) / 127));
  EXPECT_EQ(symmetric.codes[7], 255);
  EXPECT_EQ(affine.codes[7], 255);
  EXPECT_EQ(rounded(w, 1, "rtn8g0f", "percentile:100").rowScales, rounded(w, 1, "rtn8g0f", "minmax").rowScales);
}

TEST(WeightRange, HqqLowersItsLoss) {
  for (StringRef format : {"rtn3g0f", "rtn4g32f", "int2g32f", "int3g0f", "int4g16f"}) {
    std::vector<float> w = heavyWeights(8 * 96, 11);
    double before = lossOf(w, rounded(w, 8, format, "minmax")), after = lossOf(w, rounded(w, 8, format, "hqq"));
    EXPECT_LT(after, 0.99 * before) << format.str();
  }
}

// The loss of a grid is that of the plain formula, and no step is kept that raises it.
TEST(WeightRange, HqqGridIsNeverWorse) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<float> w = heavyWeights(1 + seed * 3, seed);
    UniformGrid start{0.4, 7, 0, 15}, found = halfQuadraticGrid(w, start, true);
    double unit = std::pow(found.scale / start.scale, 0.7);
    EXPECT_LE(halfQuadraticLoss(w, found) * unit, halfQuadraticLoss(w, start));
    EXPECT_EQ(found.zero, std::nearbyint(found.zero));
    EXPECT_GT(found.scale, 0);
  }
}

TEST(WeightRange, ZerosConstantsAndThreads) {
  for (StringRef range : {"minmax", "mse", "percentile:99", "hqq"})
    for (StringRef format : {"rtn4g8", "int4g8", "int8t"}) {
      std::vector<float> zeros(24), constant(24, -1.5f);
      EXPECT_EQ(dequantize(rounded(zeros, 3, format, range)), zeros);
      EXPECT_LT(relativeSquaredError(constant, dequantize(rounded(constant, 3, format, range))), 1e-6);
      std::vector<float> w = heavyWeights(5 * 40, 3);
      QuantizedMatrix one = rounded(w, 5, format, range, 1), three = rounded(w, 5, format, range, 3);
      EXPECT_EQ(one.codes, three.codes);
      EXPECT_EQ(one.scales, three.scales);
    }
}
} // namespace
