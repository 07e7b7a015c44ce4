//===- GroupedTest.cpp - Activations with ranges per group ----------------===//

#include "halftone/Quantize/Grouped.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <random>

using namespace halftone;

namespace {

/// Activations with a few dimensions far larger than the others, and their ranges.
struct Activations {
  Activations(int64_t tokens, int64_t size, const std::vector<std::pair<int64_t, float>> &outliers, unsigned seed = 1)
      : values(size_t(tokens * size)), mins(size_t(size)), maxs(size_t(size)) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0f, 0.5f);
    for (float &x : values)
      x = normal(random);
    for (int64_t t = 0; t < tokens; ++t)
      for (auto [dimension, gain] : outliers)
        values[t * size + dimension] *= gain;
    for (int64_t i = 0; i < tokens * size; ++i) {
      mins[i % size] = std::min(mins[i % size], values[i]);
      maxs[i % size] = std::max(maxs[i % size], values[i]);
    }
  }

  /// The same activations with their dimensions in another order.
  Activations permuted(const std::vector<int64_t> &order) const {
    Activations result = *this;
    size_t size = order.size();
    for (size_t i = 0; i < values.size(); ++i)
      result.values[i] = values[i / size * size + size_t(order[i % size])];
    for (size_t d = 0; d < size; ++d) {
      result.mins[d] = mins[size_t(order[d])];
      result.maxs[d] = maxs[size_t(order[d])];
    }
    return result;
  }

  GroupedScales scales(int64_t groups, unsigned bits = 8) const {
    return llvm::cantFail(groupedScales(mins, maxs, groups, bits, "x"));
  }

  double meanSquaredError(int64_t groups, unsigned bits = 8) const {
    std::vector<float> result = requantizeGrouped(values, scales(groups, bits));
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i)
      sum += std::pow(double(values[i]) - result[i], 2);
    return sum / double(values.size());
  }

  std::vector<float> values, mins, maxs;
};

std::string errorText(llvm::Expected<GroupedScales> scales) { return llvm::toString(scales.takeError()); }

TEST(AffineScale, Formula) {
  AffineScale s = affineScale(-1.0f, 3.0f, 8);
  EXPECT_FLOAT_EQ(s.scale, 4.0f / 255);
  EXPECT_EQ(s.zeroPoint, 64); // 63.75
  // Zero joins ranges that lack it.
  EXPECT_EQ(affineScale(2.0f, 5.1f, 8).zeroPoint, 0);
  EXPECT_FLOAT_EQ(affineScale(2.0f, 5.1f, 8).scale, 0.02f);
  EXPECT_EQ(affineScale(-5.1f, -2.0f, 8).zeroPoint, 255);
}

TEST(AffineScale, Degenerate) {
  EXPECT_EQ(affineScale(0, 0, 8).scale, 1.0f);
  EXPECT_EQ(affineScale(0, std::numeric_limits<float>::denorm_min(), 8).scale, 1.0f);
  float largest = std::numeric_limits<float>::max();
  AffineScale s = affineScale(-largest, largest, 8);
  EXPECT_TRUE(std::isfinite(s.scale));
  EXPECT_EQ(s.zeroPoint, 128);
}

TEST(GroupedScales, Errors) {
  std::vector<float> mins(6, -1), maxs(6, 1);
  EXPECT_EQ(errorText(groupedScales(mins, maxs, 4, 8, "ffn")), "activation 'ffn': 4 groups do not divide 6 dimensions");
  EXPECT_EQ(errorText(groupedScales(mins, maxs, 0, 8, "ffn")), "activation 'ffn': 0 groups do not divide 6 dimensions");
  EXPECT_EQ(errorText(groupedScales(mins, maxs, 2, 17, "ffn")), "activation 'ffn': bits must be in 2..16, not 17");
  EXPECT_EQ(errorText(groupedScales(mins, llvm::ArrayRef<float>(maxs).drop_back(), 2, 8, "ffn")),
            "activation 'ffn': 6 minima and 5 maxima are not the ranges of one tensor");
  mins[3] = 2;
  EXPECT_EQ(errorText(groupedScales(mins, maxs, 2, 8, "ffn")),
            "activation 'ffn': the range 2.00 .. 1.00 of dimension 3 is none");
  mins[3] = NAN;
  EXPECT_NE(errorText(groupedScales(mins, maxs, 2, 8, "ffn")).find("of dimension 3 is none"), std::string::npos);
}

/// No value within the ranges is off by more than half a step; zero is exact; values beyond are clamped.
TEST(Grouped, RoundTrip) {
  for (unsigned bits : {2u, 4u, 8u, 16u})
    for (int64_t groups : {1, 2, 3, 6, 12}) {
      Activations x(7, 12, {{3, 60.0f}, {8, -20.0f}});
      GroupedScales scales = x.scales(groups, bits);
      std::vector<float> y = requantizeGrouped(x.values, scales);
      for (size_t i = 0; i < y.size(); ++i)
        EXPECT_LE(std::abs(y[i] - x.values[i]), 0.5001f * scales.of(int64_t(i % 12)).scale * 2) << bits;
      EXPECT_EQ(requantizeGrouped(std::vector<float>(12, 0.0f), scales), std::vector<float>(12, 0.0f));
      for (uint16_t code : quantizeGrouped(std::vector<float>(12, 1e30f), scales))
        EXPECT_EQ(code, scales.top());
      for (uint16_t code : quantizeGrouped(std::vector<float>(12, -INFINITY), scales))
        EXPECT_EQ(code, 0);
      EXPECT_EQ(quantizeGrouped(std::vector<float>(12, NAN), scales), std::vector<uint16_t>(12, 0));
      // Values that a code stands for are kept.
      EXPECT_EQ(requantizeGrouped(y, scales), y);
    }
}

TEST(Grouped, OneGroupIsPerTensor) {
  Activations x(5, 24, {{7, 60.0f}});
  AffineScale s =
      affineScale(*std::min_element(x.mins.begin(), x.mins.end()), *std::max_element(x.maxs.begin(), x.maxs.end()), 8);
  std::vector<float> y = requantizeGrouped(x.values, x.scales(1));
  for (size_t i = 0; i < y.size(); ++i) {
    float code = std::min(255.0f, std::max(0.0f, std::nearbyint(x.values[i] / s.scale) + float(s.zeroPoint)));
    EXPECT_EQ(y[i], (code - float(s.zeroPoint)) * s.scale);
  }
}

TEST(Grouped, AsManyGroupsAsDimensionsIsPerDimension) {
  Activations x(5, 24, {{7, 60.0f}});
  std::vector<float> y = requantizeGrouped(x.values, x.scales(24));
  for (size_t d = 0; d < 24; ++d) {
    // A tensor of one dimension, per tensor.
    GroupedScales one = llvm::cantFail(groupedScales(x.mins[d], x.maxs[d], 1, 8, "x"));
    for (size_t t = 0; t < 5; ++t)
      EXPECT_EQ(y[t * 24 + d], requantizeGrouped(x.values[t * 24 + d], one)[0]);
  }
}

TEST(Grouped, RangeOrder) {
  std::vector<float> mins{-1, 0, -9, 0, -1}, maxs{1, 1, 0, 1, 1};
  EXPECT_EQ(rangeOrder(mins, maxs), (std::vector<int64_t>{1, 3, 0, 4, 2}));
}

/// Once the outliers' dimensions fit in one group, that group makes all of the error, and its share is 1/K.
TEST(Grouped, ErrorFallsAsOneOverGroups) {
  Activations x(256, 768, {{12, 80}, {100, -50}, {308, 30}, {381, -24}, {500, 60}, {640, -40}});
  Activations sorted = x.permuted(rangeOrder(x.mins, x.maxs));
  double perTensor = sorted.meanSquaredError(1);
  EXPECT_NEAR(perTensor, x.meanSquaredError(1), 1e-12);
  for (int64_t groups : {2, 3, 4, 6, 8, 12, 16}) {
    double error = sorted.meanSquaredError(groups) * double(groups) / perTensor;
    EXPECT_GT(error, 0.85) << groups;
    EXPECT_LT(error, 1.15) << groups;
  }
  // Spread outliers spoil several groups.
  EXPECT_GT(x.meanSquaredError(6), 1.5 * sorted.meanSquaredError(6));
  EXPECT_LT(sorted.meanSquaredError(768), perTensor / 200);
  EXPECT_LT(x.meanSquaredError(1, 16), perTensor / 50000);
}

TEST(Grouped, SplitProductIsFusedProduct) {
  std::mt19937 random(3);
  for (int64_t rows : {1, 5, 17})
    for (int64_t groups : {1, 2, 6, 12, 24}) {
      Activations x(4, 24, {{7, 60.0f}, {20, -9.0f}}, unsigned(rows));
      GroupedScales scales = x.scales(groups);
      std::vector<int8_t> weights(size_t(rows * 24));
      for (int8_t &w : weights)
        w = int8_t(int(random() % 255) - 127);
      std::vector<uint16_t> codes = quantizeGrouped(x.values, scales);
      std::vector<float> fused = groupedProduct(codes, weights, rows, 0.01f, scales);
      EXPECT_EQ(fused, groupedProductSplit(codes, weights, rows, 0.01f, scales));
      // And the product of the numbers that the codes stand for.
      std::vector<float> y = dequantizeGrouped(codes, scales);
      for (int64_t t = 0; t < 4; ++t)
        for (int64_t n = 0; n < rows; ++n) {
          double sum = 0, magnitude = 0;
          for (int64_t i = 0; i < 24; ++i) {
            sum += 0.01 * weights[n * 24 + i] * y[t * 24 + i];
            magnitude += std::abs(0.01 * weights[n * 24 + i] * y[t * 24 + i]);
          }
          EXPECT_NEAR(fused[t * rows + n], sum, 1e-6 * magnitude);
        }
    }
}

TEST(PerToken, ScalesWithTheToken) {
  std::vector<float> x{1, -0.5f, 0.25f, 0.3f}, scaled;
  for (unsigned bits : {8u, 16u}) {
    std::vector<float> y = requantizePerToken(x, 4, bits);
    for (size_t i = 0; i < 4; ++i)
      EXPECT_NEAR(y[i], x[i], 0.5001 / symmetricTop(bits));
    EXPECT_FLOAT_EQ(y[0], 1.0f);
    scaled = x;
    for (float &v : scaled)
      v *= 4;
    std::vector<float> z = requantizePerToken(scaled, 4, bits);
    for (size_t i = 0; i < 4; ++i)
      EXPECT_EQ(z[i], 4 * y[i]);
    EXPECT_EQ(requantizePerToken(std::vector<float>(4, 0.0f), 2, bits), std::vector<float>(4, 0.0f));
  }
}

} // namespace
