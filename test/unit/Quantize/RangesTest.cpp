#include "halftone/Quantize/Ranges.h"
#include "TestData.h"
#include "halftone/Quantize/Grouped.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <limits>

using namespace halftone;
using namespace llvm;

namespace {
const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();

/// The quantile grid of the Laplace distribution of scale 1.
std::vector<float> laplaceGrid(int count = 40000) {
  std::vector<float> grid(count);
  for (int i = 0; i < count; ++i) {
    double p = (i + 0.5) / count - 0.5;
    grid[i] = float((p < 0 ? 1 : -1) * std::log(1 - 2 * std::abs(p)));
  }
  return grid;
}

MagnitudeHistogram histogramOf(ArrayRef<float> values, unsigned bins = 2048) {
  MagnitudeHistogram histogram(bins);
  histogram.add(values);
  return histogram;
}

TEST(Ranges, MinMax) {
  std::vector<float> values = {nan, 0.5f, -2, infinity, 3, -infinity};
  EXPECT_EQ(minMaxRange(values).low, -2);
  EXPECT_EQ(minMaxRange(values).high, 3);
}

TEST(Ranges, PercentileIsAnOrderStatistic) {
  for (size_t n : {1, 2, 7, 100, 1000, 1001}) {
    std::vector<float> values = normalWeights(n, unsigned(n)), sorted = values;
    std::sort(sorted.begin(), sorted.end());
    values.push_back(nan);
    for (double percent : {50.5, 90.0, 99.0, 99.9, 99.99, 100.0}) {
      size_t rank = 0; // the least number of values that are at least `percent` of all
      while (double(rank) * 100 < double(n) * percent)
        ++rank;
      FloatRange range = percentileRange(values, percent);
      EXPECT_EQ(range.high, sorted[rank - 1]) << n << " " << percent;
      EXPECT_EQ(range.low, sorted[n - rank]) << n << " " << percent;
    }
  }
}

// A value moves by at most a bin's width when it is known by its bin only.
TEST(Ranges, PercentileOfHistogram) {
  std::vector<float> values = normalWeights(20000, 3), magnitudes;
  for (float x : values)
    magnitudes.push_back(std::abs(x));
  std::sort(magnitudes.begin(), magnitudes.end());
  MagnitudeHistogram histogram = histogramOf(values);
  for (double percent : {1.0, 50.0, 99.0, 99.9, 100.0}) {
    size_t rank = size_t(std::ceil(double(values.size()) * percent / 100));
    EXPECT_NEAR(percentileClip(histogram, percent), magnitudes[rank - 1], histogram.binWidth());
  }
}

TEST(Ranges, HistogramGrows) {
  MagnitudeHistogram histogram(4);
  histogram.add({0, 0, nan});
  EXPECT_EQ(histogram.limit(), 0);
  histogram.add({1, -2, 3, 4}); // width 1: bins 1, 2, 3, and the end of the last
  EXPECT_EQ(histogram.limit(), 4);
  EXPECT_EQ(histogram.counts(), ArrayRef<uint64_t>({2, 1, 1, 2}));
  histogram.add({-15});
  EXPECT_EQ(histogram.limit(), 16);
  EXPECT_EQ(histogram.counts(), ArrayRef<uint64_t>({6, 0, 0, 1}));
  EXPECT_EQ(histogram.total(), 7u);
}

TEST(Ranges, GaussianClipsOfLeastSquaredError) {
  std::vector<float> grid = normalGrid();
  const double expected[] = {1.22, 1.96, 2.48};
  for (unsigned bits : {2, 3, 4}) {
    EXPECT_NEAR(mseClip(grid, bits), expected[bits - 2], 0.02 * expected[bits - 2]);
    EXPECT_NEAR(mseClip(histogramOf(grid), bits), expected[bits - 2], 0.02 * expected[bits - 2]);
  }
}

TEST(Ranges, LaplaceClipsOfOctav) {
  std::vector<float> grid = laplaceGrid();
  const double expected[] = {2.83, 3.89, 5.03};
  for (unsigned bits : {2, 3, 4})
    EXPECT_NEAR(octavClip(grid, bits), expected[bits - 2], 0.03 * expected[bits - 2]);
}

// No clip of a fine grid has less error than the one found, up to the flatness of a minimum between grid points.
TEST(Ranges, LeastSquaredErrorBesideALoop) {
  for (size_t n : {1, 3, 17, 300})
    for (unsigned bits : {2, 3, 5, 8}) {
      std::vector<float> values = normalWeights(n, unsigned(n + bits));
      values[0] *= 5;
      double largest = 0;
      for (float x : values)
        largest = std::max(largest, std::abs(double(x)));
      double least = clippingError(values, largest, bits);
      double found = clippingError(values, mseClip(values, bits), bits);
      EXPECT_LE(found, least * (1 + 1e-9));
      for (int i = 1; i <= 2000; ++i)
        least = std::min(least, clippingError(values, largest * i / 2000, bits));
      EXPECT_LE(found, 1.1 * least + 1e-9 * largest * largest) << n << " values, " << bits << " bits";
    }
}

// A normal distribution and one value in 10,000 far away: the knee is where the former ends.
TEST(Ranges, EntropyPicksTheKnee) {
  std::vector<float> values = normalGrid();
  for (int i = 0; i < 4; ++i)
    values.push_back(40 + float(i) / 4);
  MagnitudeHistogram histogram = histogramOf(values);
  double clip = entropyClip(histogram);
  EXPECT_GT(clip, 2.5);
  EXPECT_LT(clip, 6);
  EXPECT_GT(percentileClip(histogram, 100), 40);
}

TEST(Ranges, NothingToMeasure) {
  const std::vector<float> cases[] = {{}, {0, 0, -0.0f}, {nan, infinity}};
  for (const std::vector<float> &values : cases) {
    EXPECT_EQ(minMaxRange(values).high, 0);
    EXPECT_EQ(percentileRange(values, 99).low, 0);
    EXPECT_EQ(mseClip(values, 4), 0);
    EXPECT_EQ(octavClip(values, 4), 0);
    MagnitudeHistogram histogram = histogramOf(values);
    EXPECT_EQ(percentileClip(histogram, 99), 0);
    EXPECT_EQ(mseClip(histogram, 4), 0);
    EXPECT_EQ(entropyClip(histogram), 0);
  }
}

TEST(Ranges, Constant) {
  std::vector<float> values(100, -1.5f);
  values.push_back(nan);
  EXPECT_EQ(minMaxRange(values).low, -1.5f);
  EXPECT_EQ(percentileRange(values, 99).high, -1.5f);
  for (unsigned bits : {2, 4, 8}) {
    EXPECT_EQ(mseClip(values, bits), 1.5);
    EXPECT_EQ(octavClip(values, bits), 1.5);
  }
  EXPECT_NEAR(entropyClip(histogramOf(values)), 1.5, 1.5 / 2048);
}

TEST(Ranges, RunningRange) {
  RunningRange running(0.8);
  running.add({nan});
  EXPECT_EQ(running.range().high, 0);
  for (int t = 0; t < 5; ++t) {
    running.add({-1, 2});
    EXPECT_EQ(running.range().low, -1) << "a constant stream";
    EXPECT_EQ(running.range().high, 2);
  }
  for (int t = 1; t < 30; ++t) {
    running.add({-3, 10});
    EXPECT_NEAR(running.range().low, -3 + std::pow(0.8, t) * 2, 1e-5);
    EXPECT_NEAR(running.range().high, 10 - std::pow(0.8, t) * 8, 1e-5);
  }
}

// The example of MIT 6.5940, lecture 5: two bits per weight, a scale per tensor or per row.
TEST(Ranges, Granularity) {
  const std::vector<float> w = {2.09f,  -0.98f, 1.48f, 0.09f,  0.05f, -0.14f, -1.08f, 2.12f,
                                -0.91f, 1.92f,  0,     -1.03f, 1.87f, 0,      1.53f,  1.49f};
  QuantizedMatrix tensor = quantized(w, 4, 4, "rtn2tf"), rows = quantized(w, 4, 4, "rtn2g0f");
  EXPECT_EQ(tensor.rowScales, std::vector<float>({2.12f}));
  EXPECT_EQ(rows.rowScales, std::vector<float>({2.09f, 2.12f, 1.92f, 1.87f}));
  double norm = 0;
  for (float x : w)
    norm += double(x) * x;
  EXPECT_NEAR(std::sqrt(norm * relativeSquaredError(w, dequantize(tensor))), 2.28, 0.005);
  EXPECT_NEAR(std::sqrt(norm * relativeSquaredError(w, dequantize(rows))), 2.08, 0.005);
}

// The best clips of smaller sets: parts of a whole never lose.
TEST(Ranges, NestedErrors) {
  std::vector<float> w = normalWeights(32 * 64, 5);
  for (size_t i = 0; i < w.size(); ++i)
    w[i] *= 1 + float(i / 64 % 5);
  auto errorOfParts = [&](size_t part, unsigned bits) {
    double error = 0;
    for (size_t begin = 0; begin < w.size(); begin += part) {
      ArrayRef<float> values = ArrayRef(w).slice(begin, part);
      error += clippingError(values, mseClip(values, bits), bits);
    }
    return error;
  };
  for (unsigned bits : {2, 4, 8}) {
    double tensor = errorOfParts(w.size(), bits), rows = errorOfParts(64, bits), vectors = errorOfParts(16, bits);
    EXPECT_GT(tensor, rows);
    EXPECT_GT(rows, vectors);
  }
}

TEST(Ranges, PerTokenScaleInvariance) {
  std::vector<float> x = normalWeights(3 * 50, 9), scaled = x;
  for (float &value : scaled)
    value *= 8; // a power of two: bit for bit
  for (unsigned bits : {8, 16}) {
    std::vector<float> expected = requantizePerToken(x, 50, bits);
    for (float &value : expected)
      value *= 8;
    EXPECT_EQ(requantizePerToken(scaled, 50, bits), expected);
  }
}
} // namespace
