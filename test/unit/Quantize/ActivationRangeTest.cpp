//===- ActivationRangeTest.cpp - Static ranges of activations -------------===//

#include "halftone/Quantize/ActivationRange.h"
#include "TestData.h"
#include "halftone/Quantize/Grouped.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <cmath>

using namespace halftone;

namespace {

const ActivationRange minMax{ActivationRange::MinMax, 100}, mse{ActivationRange::MeanSquaredError, 100},
    entropy{ActivationRange::Entropy, 100}, running{ActivationRange::Running, 100};

ActivationRange percentile(double percent) { return {ActivationRange::Percentile, percent}; }

ActivationStatistics statisticsOf(const std::vector<float> &values) {
  ActivationStatistics statistics;
  statistics.mins = {*std::min_element(values.begin(), values.end())};
  statistics.maxs = {*std::max_element(values.begin(), values.end())};
  statistics.histogram.add(values);
  statistics.running = {statistics.mins[0] / 2, statistics.maxs[0] / 2};
  return statistics;
}

/// The quantile grid of the Laplace distribution of scale 1.
std::vector<float> laplaceGrid(int count) {
  std::vector<float> grid(count);
  for (int i = 0; i < count; ++i) {
    double p = (i + 0.5) / count - 0.5;
    grid[size_t(i)] = float((p < 0 ? 1 : -1) * std::log(1 - 2 * std::abs(p)));
  }
  return grid;
}

std::string message(llvm::StringRef name) { return llvm::toString(parseActivationRange(name).takeError()); }

TEST(ActivationRange, Names) {
  EXPECT_EQ(parseActivationRange("minmax")->kind, ActivationRange::MinMax);
  EXPECT_EQ(parseActivationRange("running")->kind, ActivationRange::Running);
  EXPECT_EQ(parseActivationRange("mse")->kind, ActivationRange::MeanSquaredError);
  EXPECT_EQ(parseActivationRange("entropy")->kind, ActivationRange::Entropy);
  EXPECT_EQ(parseActivationRange("percentile:99.9")->percent, 99.9);
  EXPECT_EQ(message("max"),
            "unknown range 'max' of activations, expected minmax, running, percentile:<P>, mse or entropy");
  for (const char *bad : {"percentile:", "percentile:50", "percentile:100.1", "percentile:nan", "percentile:9x"})
    EXPECT_EQ(message(bad), "'" + std::string(bad) + "': the percentile must be above 50 and at most 100");
}

// The integral is the sum over many points of every bin.
TEST(ActivationRange, ErrorIsThatOfAPlainLoop) {
  std::vector<float> values = normalWeights(5000, 1);
  for (float &value : values)
    value = value * 3 + 1;
  ActivationStatistics statistics = statisticsOf(values);
  FloatRange all = chooseRange(statistics, minMax, 8);
  double width = statistics.histogram.range() / 1024;
  for (unsigned bits : {2, 3, 8, 12})
    for (auto [low, high] : {std::pair(all.low, all.high), std::pair(-1.5f, 4.0f), std::pair(0.0f, 2.0f)}) {
      AffineScale scale = affineScale(low, high, bits);
      double expected = 0, top = double((1 << bits) - 1);
      for (int bin = 0; bin < 2048; ++bin) {
        double begin = std::max((bin - 1024) * width, double(all.low));
        double end = std::min((bin - 1023) * width, double(all.high));
        int64_t count = statistics.histogram.counts()[size_t(bin)];
        for (int i = 0; count && i < 100; ++i) {
          double x = begin + (end - begin) * (i + 0.5) / 100;
          double code = std::clamp(std::nearbyint(x / scale.scale) + scale.zeroPoint, 0.0, top);
          double error = x - (code - scale.zeroPoint) * scale.scale;
          expected += double(count) * error * error / 100;
        }
      }
      EXPECT_NEAR(affineError(statistics.histogram, all, low, high, bits), expected, 2e-3 * expected)
          << bits << " " << low << " " << high;
    }
}

// Known clips of the Laplace distribution (Banner et al., arXiv 1810.05723): 2.83, 3.89 and 5.03 for 2, 3 and 4 bits,
// of quantizers with a level at neither end. With 15 levels around a zero of its own, or 16, 4 bits are near that.
TEST(ActivationRange, LeastErrorOfLaplace) {
  ActivationStatistics statistics = statisticsOf(laplaceGrid(40000));
  FloatRange range = chooseRange(statistics, mse, 4);
  EXPECT_NEAR(range.high - range.low, 2 * 5.03, 0.1 * 2 * 5.03);
  FloatRange wide = chooseRange(statistics, mse, 8);
  EXPECT_GT(wide.high - wide.low, range.high - range.low);
}

TEST(ActivationRange, LeastErrorIsNoMoreThanThatOfAllValues) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    std::vector<float> values = normalWeights(3000, seed);
    for (float &value : values) {
      if (seed % 3 == 1)
        value = std::max(value, 0.0f); // one side
      else if (seed % 3 == 2)
        value = std::exp(2 * value) - 0.1f; // a long tail on one side
    }
    values[seed] *= 50;
    ActivationStatistics statistics = statisticsOf(values);
    for (unsigned bits : {2, 4, 8, 16}) {
      FloatRange all = chooseRange(statistics, minMax, bits), best = chooseRange(statistics, mse, bits);
      EXPECT_GE(best.low, all.low);
      EXPECT_LE(best.high, all.high);
      auto error = [&](FloatRange range) {
        return affineError(statistics.histogram, all, range.low, range.high, bits);
      };
      EXPECT_LE(error(best), error(all));
      // No other pair of ends on a grid is better by more than the search's last steps.
      for (int i = 0; i <= 40; ++i)
        for (int j = 0; j <= 40; ++j)
          EXPECT_LE(error(best), 1.02 * error({all.low * float(i) / 40, all.high * float(j) / 40}))
              << seed << " " << bits << " " << i << " " << j;
    }
  }
}

TEST(ActivationRange, PercentilesAreOrderStatisticsToABin) {
  std::vector<float> values = normalWeights(20000, 3), sorted = values;
  std::sort(sorted.begin(), sorted.end());
  ActivationStatistics statistics = statisticsOf(values);
  double width = statistics.histogram.range() / 1024;
  for (double percent : {60.0, 99.0, 99.9}) {
    FloatRange range = chooseRange(statistics, percentile(percent), 8);
    EXPECT_NEAR(range.high, sorted[size_t(20000 * percent / 100)], width) << percent;
    EXPECT_NEAR(range.low, sorted[size_t(20000 * (1 - percent / 100))], width) << percent;
  }
  FloatRange whole = chooseRange(statistics, percentile(100), 8);
  EXPECT_EQ(whole.low, sorted.front());
  EXPECT_EQ(whole.high, sorted.back());
}

// A few values far out: entropy leaves them out, down to an eighth of the histogram's range (128 levels of 1024 bins).
TEST(ActivationRange, EntropyLeavesOutliersOut) {
  std::vector<float> values = normalWeights(100000, 4);
  for (int i = 0; i < 10; ++i)
    values[size_t(i) * 9999] = 20;
  FloatRange range = chooseRange(statisticsOf(values), entropy, 8);
  EXPECT_GT(range.high, 2);
  EXPECT_LT(range.high, 6);
  EXPECT_EQ(chooseRange(statisticsOf(values), entropy, 16).high, 20) << "fewer bins than levels";
}

TEST(ActivationRange, RunningIsWhatCalibrationSaw) {
  ActivationStatistics statistics = statisticsOf({-4, 1, 8});
  EXPECT_EQ(chooseRange(statistics, running, 8).low, -2);
  EXPECT_EQ(chooseRange(statistics, running, 8).high, 4);
}

// Zeros, constants, one side: the range holds zero and is of the values.
TEST(ActivationRange, OddValues) {
  for (const std::vector<float> &values :
       {std::vector<float>{0}, {0, 0, 0}, {3, 3, 3, 3}, {-2}, {1e-40f, 2e-40f}, {3e38f, -3e38f}, {5, 6, 7, 8}})
    for (const ActivationRange &choice : {minMax, running, percentile(99), mse, entropy})
      for (unsigned bits : {2, 8, 16}) {
        ActivationStatistics statistics = statisticsOf(values);
        FloatRange range = chooseRange(statistics, choice, bits);
        EXPECT_LE(range.low, 0);
        EXPECT_GE(range.high, 0);
        EXPECT_GE(range.low, std::min(0.0f, statistics.mins[0]));
        EXPECT_LE(range.high, std::max(0.0f, statistics.maxs[0]));
      }
}

} // namespace
