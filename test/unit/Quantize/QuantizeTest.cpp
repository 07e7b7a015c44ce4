#include "halftone/Quantize/Quantize.h"
#include "TestData.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <limits>
#include <numeric>

using namespace halftone;
using namespace llvm;

namespace {
const StringRef allFormats[] = {"bcq1g32",        "bcq3g32",         "bcq3g32f",       "bcq8g32",    "bcqgreedy3g32",
                                "bcq4g0",         "bcqgreedy2g16f",  "bcqrefined3g32", "bcq3g32z",   "bcq2g32fz",
                                "bcqgreedy3g32z", "bcqrefined2g7fz", "binaryg32",      "ternaryg32", "ternaryg32a",
                                "rtn2g32",        "rtn4g0",          "rtn8g7",         "rtn4t",      "rtn8tf",
                                "int2g32",        "int4g0",          "int8g7",         "int8t",      "int4g32f"};

std::string quantizeError(ArrayRef<float> weights, int64_t rows, int64_t cols, StringRef name) {
  return toString(quantize(weights, rows, cols, formatOf(name), "layer.weight", 2).takeError());
}

/// What Quantize.h promises of every result.
void expectValid(const QuantizedMatrix &q) {
  const Format &f = q.format;
  ASSERT_EQ(q.codes.size(), size_t(q.rows * q.cols));
  bool bcq = f.kind == FormatKind::Bcq;
  size_t groups = size_t(q.scaleGroups()), terms = bcq ? f.bits + f.offset : f.offset;
  ASSERT_EQ(q.scales.size(), f.floatScales ? 0 : groups * (f.planeScales ? terms : f.scalePerSign ? 2 : 1));
  ASSERT_EQ(q.rowScales.size(), f.floatScales ? groups : 0);
  ASSERT_EQ(q.multipliers.size(), f.planeScales ? 0 : groups * terms);
  for (size_t i = 0; i < q.scales.size(); ++i) {
    bool isOffset = f.planeScales && f.offset && i % terms == f.bits;
    ASSERT_LT(q.scales[i] & (isOffset ? 0x7fff : 0xffff), 0x7c00) << "finite, and non-negative";
  }
  for (uint8_t code : q.codes) {
    ASSERT_LT(code, f.kind == FormatKind::Ternary ? 3u : 1u << f.bits);
    if (f.kind == FormatKind::Rtn && !f.offset)
      ASSERT_GT(code, 0) << "symmetric";
  }
  for (size_t g = 0; g < groups; ++g) {
    if (f.planeScales)
      ASSERT_TRUE(std::is_sorted(&q.scales[g * terms], &q.scales[g * terms] + f.bits, std::greater<>()));
    if (f.kind == FormatKind::Rtn && f.offset)
      ASSERT_LT(q.zeroPoint(g), 1 << f.bits);
    if (q.multipliers.empty() || !bcq)
      continue;
    const int8_t *m = &q.multipliers[g * terms];
    ASSERT_TRUE(std::is_sorted(m, m + f.bits, std::greater<>()));
    ASSERT_GE(m[f.bits - 1], 0);
    ASSERT_LE(std::accumulate(m, m + f.bits, 0), 127);
  }
}

TEST(Quantize, OddShapes) {
  const std::pair<int64_t, int64_t> shapes[] = {{1, 1}, {1, 77}, {77, 1}, {3, 172}, {5, 31}, {2, 33}, {0, 5}, {5, 0}};
  for (auto [rows, cols] : shapes)
    for (StringRef name : allFormats) {
      SCOPED_TRACE(name.str() + " " + std::to_string(rows) + "x" + std::to_string(cols));
      std::vector<float> weights = normalWeights(rows * cols, 4);
      QuantizedMatrix q = quantized(weights, rows, cols, name);
      expectValid(q);
      EXPECT_LT(relativeSquaredError(weights, dequantize(q)), 0.5);
    }
}

TEST(Quantize, ShortLastGroupStandsAlone) {
  std::vector<float> weights = normalWeights(2 * 40, 6), tail;
  for (int row = 0; row < 2; ++row)
    tail.insert(tail.end(), &weights[row * 40 + 32], &weights[row * 40 + 32] + 8);
  for (StringRef name : {"bcq3g32", "bcq3g32f", "ternaryg32", "ternaryg32a", "rtn4g32"}) {
    std::vector<float> all = dequantize(quantized(weights, 2, 40, name)),
                       alone = dequantize(quantized(tail, 2, 8, name));
    for (int row = 0; row < 2; ++row)
      for (int i = 0; i < 8; ++i)
        ASSERT_EQ(all[row * 40 + 32 + i], alone[row * 8 + i]) << name.str();
  }
}

TEST(Quantize, AllZero) {
  std::vector<float> weights(3 * 50, 0.0f);
  weights[7] = -0.0f;
  for (StringRef name : allFormats) {
    QuantizedMatrix q = quantized(weights, 3, 50, name);
    expectValid(q);
    EXPECT_EQ(relativeSquaredError(weights, dequantize(q)), 0) << name.str();
  }
}

TEST(Quantize, Constant) {
  for (float value : {1.0f, -0.37f, 1e-3f}) {
    std::vector<float> weights(2 * 64, value);
    for (StringRef name : allFormats) {
      QuantizedMatrix q = quantized(weights, 2, 64, name);
      expectValid(q);
      // Integers that add up to 127 miss a constant by 3 units at most, and subnormal halves by more.
      EXPECT_LT(relativeSquaredError(weights, dequantize(q)), value < 0.01f && value > 0 ? 5e-3 : 1.2e-3)
          << name.str() << " " << value;
    }
  }
}

TEST(Quantize, HugeOutlier) {
  std::vector<float> weights = normalWeights(64, 12);
  weights[17] = -50000;
  for (StringRef name : allFormats) {
    QuantizedMatrix q = quantized(weights, 1, 64, name);
    expectValid(q);
    EXPECT_TRUE(all_of(dequantize(q), [](float w) { return std::isfinite(w); }));
    if (q.format.kind == FormatKind::Rtn)
      EXPECT_NEAR(dequantize(q)[17], -50000, 50) << name.str();
    if (q.format.kind == FormatKind::Bcq && q.format.offset)
      EXPECT_LT(relativeSquaredError(weights, dequantize(q)), 0.5) << name.str();
  }
}

TEST(Quantize, PlantedWeightsComeBackExactly) {
  std::vector<float> weights;
  for (unsigned i = 0; i < 256; ++i) {
    unsigned code = (i * 5 + i / 8) % 8;
    weights.push_back((code & 1 ? 1.0f : -1.0f) + (code & 2 ? 0.5f : -0.5f) + (code & 4 ? 0.25f : -0.25f));
  }
  EXPECT_EQ(errorOf(weights, 2, 128, "bcq3g64f"), 0);
  EXPECT_EQ(errorOf(weights, 2, 128, "bcqgreedy3g64f"), 0);
  // 4 : 2 : 1 does not divide 127 units: 73, 36 and 18 are near.
  EXPECT_LT(errorOf(weights, 2, 128, "bcq3g64"), 5e-5);
  std::vector<float> ternary = {1.5f, -1.5f, 0, 0, 1.5f, 0, -1.5f, 0};
  EXPECT_EQ(errorOf(ternary, 1, 8, "ternaryg0"), 0);
  EXPECT_EQ(errorOf({0.5f, -0.5f, -0.5f, 0.5f, 0.5f}, 1, 5, "binaryg0"), 0);
  std::vector<float> integers = {-7, -3, 0, 1, 2, 7, 5, -6};
  EXPECT_EQ(errorOf(integers, 1, 8, "rtn4g0"), 0);
}

TEST(Quantize, RoundToNearestByHand) {
  // Scale 7/7 = 1; halves go to the even integer.
  QuantizedMatrix q = quantized({7, 0.5f, 1.5f, -2.5f, -6.6f, 0.4f}, 1, 6, "rtn4g0");
  EXPECT_EQ(q.scales, std::vector<uint16_t>{floatToHalf(1)});
  EXPECT_EQ(q.codes, (std::vector<uint8_t>{15, 8, 10, 6, 1, 8}));
}

TEST(Quantize, TernaryByHand) {
  // Mean magnitude 1, threshold 0.7; scale (2 + 1.25 + 1.125) / 3.
  QuantizedMatrix q = quantized({-2, 0.625f, 1.25f, -1.125f, 0}, 1, 5, "ternaryg0");
  EXPECT_EQ(q.codes, (std::vector<uint8_t>{0, 1, 2, 0, 1}));
  EXPECT_EQ(q.scales, std::vector<uint16_t>{floatToHalf(4.375f / 3)});
  // The third scale of a row of groups is of its own weights.
  q = quantized({1, 1, 2, 2, -3}, 1, 5, "ternaryg2");
  EXPECT_EQ(q.scales, (std::vector<uint16_t>{floatToHalf(1), floatToHalf(2), floatToHalf(3)}));
}

TEST(Quantize, TwoLevelWeightsAreIntegersTimesTheScale) {
  std::vector<float> weights = normalWeights(4 * 96, 21);
  QuantizedMatrix q = quantized(weights, 4, 96, "bcq4g32");
  std::vector<float> values = dequantize(q);
  for (size_t i = 0; i < values.size(); ++i) {
    float units = values[i] / halfToFloat(q.scales[i / 32]);
    ASSERT_EQ(units, std::round(units));
    ASSERT_LE(std::abs(units), 127);
  }
}

TEST(Quantize, SameBytesWithAnyNumberOfThreads) {
  std::vector<float> weights = normalWeights(300 * 333, 30);
  for (StringRef name : {"bcq3g32", "bcq4g0f", "ternaryg64", "rtn4g32", "bcq3g32z", "int4g32", "int8t", "int8g0f"}) {
    QuantizedMatrix one = quantized(weights, 300, 333, name, 1);
    for (unsigned threads : {0u, 2u, 5u}) {
      QuantizedMatrix many = quantized(weights, 300, 333, name, threads);
      EXPECT_EQ(one.codes, many.codes);
      EXPECT_EQ(one.scales, many.scales);
      EXPECT_EQ(one.multipliers, many.multipliers);
      EXPECT_EQ(one.rowScales, many.rowScales);
    }
  }
}

TEST(Quantize, NotFinite) {
  std::vector<float> weights = normalWeights(200 * 300, 31);
  weights[150 * 300 + 7] = std::numeric_limits<float>::quiet_NaN();
  weights[170 * 300 + 1] = -std::numeric_limits<float>::infinity();
  std::string head = "tensor 'layer.weight': the weight at [";
  for (StringRef name : allFormats)
    EXPECT_EQ(quantizeError(weights, 200, 300, name), head + "150, 7] is not a number");
  weights[0] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(quantizeError(weights, 200, 300, "bcq3g32"), head + "0, 0] is infinite");
}

TEST(Quantize, TooLargeForAHalf) {
  std::vector<float> weights(4 * 32, 1.0f);
  weights[70] = 3e38f;
  for (StringRef name :
       {"bcq3g32", "bcq3g32f", "rtn8g32", "ternaryg32", "bcq3g32z", "bcq3g32fz", "int8g32", "binaryg32"})
    EXPECT_EQ(quantizeError(weights, 4, 32, name),
              ("tensor 'layer.weight': the weights of row 2 are too large for a half-precision scale in format '" +
               name + "'")
                  .str());
  EXPECT_EQ(quantizeError(weights, 4, 32, "rtn4t"),
            "tensor 'layer.weight': the weights are too large for a half-precision scale in format 'rtn4t'");
  EXPECT_LT(errorOf(weights, 4, 32, "int8g32f"), 1e-12);
  // The largest scales that do fit.
  std::vector<float> large(32, 65504.0f);
  EXPECT_EQ(errorOf(large, 1, 32, "bcq1g32f"), 0);
  EXPECT_EQ(errorOf(large, 1, 32, "ternaryg32"), 0);
}

// Scales below 2^-14 are subnormal halves: coarser, but no group that could be more becomes zero.
TEST(Quantize, SmallWeights) {
  std::vector<float> normal = normalWeights(64, 40);
  for (float factor : {1e-3f, 1e-4f, 1e-5f}) {
    std::vector<float> weights = normal;
    for (float &w : weights)
      w *= factor;
    for (StringRef name :
         {"bcq3g32", "bcq3g32f", "ternaryg32", "rtn4g32", "bcq3g32z", "bcq3g32fz", "int4g32", "rtn4t"}) {
      QuantizedMatrix q = quantized(weights, 1, 64, name);
      expectValid(q);
      EXPECT_LT(relativeSquaredError(weights, dequantize(q)), 0.25) << name.str() << " " << factor;
    }
  }
  std::vector<float> tiny(32, 2e-7f);
  EXPECT_LT(errorOf(tiny, 1, 32, "bcq3g32"), 0.05);
  EXPECT_LT(errorOf(tiny, 1, 32, "rtn8g32"), 0.05);
  // Below half of the smallest subnormal zero is the nearest value that there is.
  std::vector<float> nothing(32, 1e-9f);
  EXPECT_EQ(errorOf(nothing, 1, 32, "bcq3g32"), 1);
  EXPECT_EQ(errorOf(nothing, 1, 32, "rtn4g32"), 1);
}

TEST(Quantize, WrongArguments) {
  std::vector<float> weights(6, 1.0f);
  EXPECT_EQ(quantizeError(weights, 2, 4, "bcq3g32"), "tensor 'layer.weight': 6 weights are no 2 x 4 matrix");
  EXPECT_EQ(quantizeError(weights, -2, -3, "bcq3g32"), "tensor 'layer.weight': 6 weights are no -2 x -3 matrix");
  EXPECT_EQ(quantizeError(weights, 1ll << 62, 4, "bcq3g32").find("tensor 'layer.weight': 6 weights are no"), 0u);
  EXPECT_EQ(quantizeError(weights, 2, 3, "float"), "tensor 'layer.weight': format 'float' has no codes to compute");
}

TEST(Quantize, RelativeErrorOfZeros) {
  EXPECT_EQ(relativeSquaredError({0, 0}, {0, 0}), 0);
  EXPECT_EQ(relativeSquaredError({0, 0}, {0, 1}), std::numeric_limits<double>::infinity());
  EXPECT_DOUBLE_EQ(relativeSquaredError({3, 4}, {3, 3}), 1.0 / 25);
}
} // namespace
