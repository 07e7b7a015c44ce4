//===- HistogramTest.cpp - Counts whose range grows -----------------------===//

#include "halftone/Calibrate/Statistics.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <random>

using namespace halftone;

namespace {

/// Magnitudes over ten decades, both signs, zeros.
std::vector<float> values() {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> exponent(-8, 2), sign(-1, 1);
  std::vector<float> result{0.0f,
                            -0.0f,
                            1.0f,
                            -1.0f,
                            64.0f,
                            std::numeric_limits<float>::denorm_min(),
                            -std::numeric_limits<float>::denorm_min()};
  for (int i = 0; i < 3000; ++i)
    result.push_back(std::copysign(std::pow(10.0f, exponent(random)), sign(random)));
  return result;
}

TEST(Histogram, CountsAsOneThatKnewTheRange) {
  Histogram histogram;
  std::vector<float> all = values();
  for (float value : all)
    histogram.add(value);
  EXPECT_EQ(histogram.range(), 128);
  std::vector<int64_t> counts(Histogram::kBins);
  for (float value : all)
    ++counts[size_t(std::floor(double(value) / 128 * 1024)) + 1024];
  EXPECT_EQ(histogram.counts().vec(), counts);
}

TEST(Histogram, DoesNotDependOnTheOrder) {
  Histogram rising, falling, whole;
  std::vector<float> all = values();
  std::sort(all.begin(), all.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
  for (size_t i = 0; i < all.size(); ++i) {
    rising.add(all[i]);
    falling.add(all[all.size() - 1 - i]);
  }
  whole.add(all);
  EXPECT_EQ(rising.counts(), whole.counts());
  EXPECT_EQ(falling.counts(), whole.counts());
  EXPECT_EQ(rising.range(), whole.range());
}

TEST(Histogram, Zeros) {
  Histogram histogram;
  histogram.add({0.0f, -0.0f, 0.0f});
  EXPECT_EQ(histogram.range(), 0);
  EXPECT_EQ(histogram.counts()[1024], 3);
  histogram.add({1.0f});
  EXPECT_EQ(histogram.range(), 2) << "the range is above the magnitude";
  EXPECT_EQ(histogram.counts()[1024], 3);
  EXPECT_EQ(histogram.counts()[1024 + 512], 1);
  histogram.add(std::numeric_limits<float>::max());
  EXPECT_EQ(histogram.counts()[2047], 1);
}

} // namespace
