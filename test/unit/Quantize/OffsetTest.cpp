// Offsets of binary codes and zero points of integers.

#include "TestData.h"
#include "gtest/gtest.h"
#include <numeric>

using namespace halftone;
using namespace llvm;

namespace {

/// Weights whose groups lie away from zero, more and more from one group to the next.
std::vector<float> shiftedWeights(size_t count, unsigned seed) {
  std::vector<float> weights = normalWeights(count, seed);
  for (size_t i = 0; i < count; ++i)
    weights[i] += 0.1f * float(i / 32);
  return weights;
}

double groupError(ArrayRef<float> weights, ArrayRef<float> values, size_t begin, size_t end) {
  double error = 0;
  for (size_t i = begin; i < end; ++i)
    error += (double(weights[i]) - values[i]) * (double(weights[i]) - values[i]);
  return error;
}

TEST(Offset, NeverWorseThanWithout) {
  std::vector<float> normal = normalWeights(40 * 32, 3), shifted = shiftedWeights(40 * 32, 5);
  for (StringRef name : {"bcq1g32", "bcq2g32", "bcq3g32", "bcq5g32", "bcq8g32", "bcq2g32f", "bcq3g32f",
                         "bcqgreedy3g32f", "bcqgreedy2g32", "bcqrefined3g32"})
    for (const std::vector<float> &weights : {normal, shifted}) {
      std::vector<float> plain = dequantize(quantized(weights, 40, 32, name)),
                         offset = dequantize(quantized(weights, 40, 32, (name + "z").str()));
      for (size_t g = 0; g < 40; ++g)
        // The stored values are rounded to float on both sides.
        ASSERT_LE(groupError(weights, offset, g * 32, g * 32 + 32),
                  groupError(weights, plain, g * 32, g * 32 + 32) * (1 + 1e-6) + 1e-12)
            << name.str() << " group " << g;
    }
}

TEST(Offset, HelpsWhereGroupsAreNotCentered) {
  std::vector<float> shifted = shiftedWeights(40 * 32, 7);
  EXPECT_LT(errorOf(shifted, 40, 32, "bcq2g32z"), 0.5 * errorOf(shifted, 40, 32, "bcq2g32"));
  EXPECT_LT(errorOf(shifted, 40, 32, "bcq2g32fz"), 0.5 * errorOf(shifted, 40, 32, "bcq2g32f"));
  EXPECT_LT(errorOf(shifted, 40, 32, "int3g32"), 0.7 * errorOf(shifted, 40, 32, "rtn3g32"));
}

TEST(Offset, ConstantsAndPlantedOffsetsAreExact) {
  std::vector<float> constant(64, -3.75f);
  EXPECT_LT(errorOf(constant, 2, 32, "bcq2g32fz"), 1e-10);
  EXPECT_LT(errorOf(constant, 2, 32, "bcq2g32z"), 1e-6);
  EXPECT_LT(errorOf(constant, 2, 32, "int4g32"), 1e-6);
  std::vector<float> planted;
  for (unsigned i = 0; i < 64; ++i)
    planted.push_back(2.5f + (i & 1 ? 1.0f : -1.0f) + (i & 2 ? 0.25f : -0.25f));
  EXPECT_LT(errorOf(planted, 1, 64, "bcq2g0fz"), 1e-12);
}

TEST(Offset, TwoLevelWeightsAreIntegersTimesTheScale) {
  std::vector<float> weights = shiftedWeights(40 * 32, 9);
  QuantizedMatrix q = quantized(weights, 40, 32, "bcq3g32z");
  std::vector<float> values = dequantize(q);
  for (size_t i = 0; i < values.size(); ++i) {
    float units = values[i] / halfToFloat(q.scales[i / 32]);
    ASSERT_EQ(units, std::round(units));
    ASSERT_LE(std::abs(units), 254);
  }
}

TEST(ZeroPoint, ByHand) {
  // Range -1 .. 2 in 15 steps of 0.2 (as a half); zero is the fifth.
  QuantizedMatrix q = quantized({-1, 0, 2, 0.3f, 0.5f}, 1, 5, "int4g0");
  EXPECT_EQ(q.scales, std::vector<uint16_t>{floatToHalf(0.2f)});
  EXPECT_EQ(q.zeroPoint(0), 5);
  EXPECT_EQ(q.codes, (std::vector<uint8_t>{0, 5, 15, 7, 8}));
  // All weights of one sign: zero is the first or the last code.
  EXPECT_EQ(quantized({1, 2, 3}, 1, 3, "int2g0").zeroPoint(0), 0);
  EXPECT_EQ(quantized({-1, -2, -3}, 1, 3, "int2g0").zeroPoint(0), 3);
  EXPECT_EQ(quantized({-1, -2, -3}, 1, 3, "int8g0").zeroPoint(0), 255);
}

TEST(ZeroPoint, WithinHalfAStep) {
  std::vector<float> weights = shiftedWeights(6 * 50, 11);
  for (StringRef name : {"int4g0f", "int8g16f", "int2g7f", "int8tf", "rtn4g0f", "rtn8tf"}) {
    QuantizedMatrix q = quantized(weights, 6, 50, name);
    std::vector<float> values = dequantize(q);
    for (int64_t i = 0; i < 300; ++i) {
      float scale = q.rowScales[q.scaleItem(i / 50, i % 50 / q.groupSize())];
      ASSERT_LE(std::abs(values[i] - weights[i]), scale * 0.5001f + 1e-6f) << name.str();
    }
  }
}

TEST(ZeroPoint, OneScalePerTensor) {
  std::vector<float> weights = shiftedWeights(5 * 33, 13);
  QuantizedMatrix tensor = quantized(weights, 5, 33, "int5t"), row = quantized(weights, 1, 5 * 33, "int5g0");
  EXPECT_EQ(tensor.codes, row.codes);
  EXPECT_EQ(tensor.scales, row.scales);
  EXPECT_EQ(tensor.multipliers, row.multipliers);
}

TEST(Binary, TheNumbersOfOneGreedyPlane) {
  std::vector<float> weights = normalWeights(7 * 50, 15);
  weights[3] = 0;
  QuantizedMatrix binary = quantized(weights, 7, 50, "binaryg16"), greedy = quantized(weights, 7, 50, "bcqgreedy1g16f");
  EXPECT_EQ(binary.codes, greedy.codes);
  EXPECT_EQ(dequantize(binary), dequantize(greedy));
}

} // namespace
