//===- OutliersTest.cpp - Dimensions with outliers ------------------------===//

#include "halftone/Quantize/Outliers.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace halftone;

namespace {

std::vector<int64_t> dimensionsOf(const std::vector<OutlierDimension> &found) {
  std::vector<int64_t> dimensions;
  for (const OutlierDimension &outlier : found)
    dimensions.push_back(outlier.dimension);
  return dimensions;
}

std::vector<float> normalRows(int64_t tokens, int64_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.1f, 0.7f);
  std::vector<float> x(size_t(tokens * size));
  for (float &v : x)
    v = normal(random);
  return x;
}

/// Precision and recall are 1: the planted dimensions and no other, whether in all tokens or in few.
TEST(Outliers, FindsWhatWasPlanted) {
  for (unsigned seed = 1; seed <= 20; ++seed)
    for (int64_t size : {96, 128, 768})
      for (int64_t every : {1, 16}) {
        std::vector<float> x = normalRows(512, size, seed);
        std::vector<int64_t> planted;
        for (int64_t i = 0; i < 6; ++i)
          planted.push_back(i * size / 6 + int64_t(seed) % (size / 6));
        for (int64_t t = 0; t < 512; t += every)
          for (int64_t d : planted)
            x[t * size + d] *= 60;
        ChannelStatistics statistics(size);
        statistics.add(x);
        EXPECT_EQ(dimensionsOf(findOutliers(statistics)), planted) << seed << " " << size << " " << every;
      }
}

TEST(Outliers, NoneAmongNormalValues) {
  ChannelStatistics statistics(768);
  statistics.add(normalRows(512, 768, 1));
  EXPECT_TRUE(findOutliers(statistics).empty());
  EXPECT_NEAR(statistics.mean(), 0.1, 0.01);
  EXPECT_NEAR(statistics.standardDeviation(), 0.7, 0.01);
  EXPECT_FALSE(findOutliers(statistics, 3).empty());
}

TEST(Outliers, SaysWhatItFound) {
  ChannelStatistics statistics(4);
  std::vector<float> x(4 * 1000, 0.0f);
  x[2] = -10;
  statistics.add(llvm::ArrayRef<float>(x).take_front(8));
  statistics.add(llvm::ArrayRef<float>(x).drop_front(8));
  std::vector<OutlierDimension> found = findOutliers(statistics);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].dimension, 2);
  EXPECT_EQ(found[0].largest, -10.0f);
  // Mean -1/400, variance 1/40 - mean^2.
  EXPECT_NEAR(found[0].deviations, (10 - 0.0025) / std::sqrt(0.025 - 0.0025 * 0.0025), 1e-9);
}

TEST(Outliers, Degenerate) {
  ChannelStatistics none(3);
  EXPECT_TRUE(findOutliers(none).empty());
  EXPECT_EQ(none.standardDeviation(), 0);
  ChannelStatistics constant(3);
  constant.add(std::vector<float>(9, 5.0f));
  EXPECT_TRUE(findOutliers(constant).empty());
  EXPECT_EQ(constant.mins()[1], 5.0f); // not 0
  ChannelStatistics bad(3);
  bad.add({1.0f, NAN, INFINITY});
  EXPECT_EQ(bad.count(), 1);
  EXPECT_EQ(bad.notFinite(), 2);
  EXPECT_EQ(bad.maxs()[1], 0.0f);
}

} // namespace
