// MXFP4 and NVFP4: all codes, all scales, the rules of quantization. Unsigned elements, float and wide vector scales.
#include "halftone/Support/SmallFloat.h"
#include "TestData.h"
#include "gtest/gtest.h"
#include <limits>

using namespace halftone;
using namespace llvm;

namespace {

/// A code of sign, exponent and mantissa bits, by the definition of such floats.
double byDefinition(unsigned code, unsigned exponentBits, unsigned mantissaBits) {
  unsigned mantissa = code & ((1u << mantissaBits) - 1);
  int exponent = int(code >> mantissaBits & ((1u << exponentBits) - 1)), bias = (1 << (exponentBits - 1)) - 1;
  double fraction = mantissa / double(1u << mantissaBits);
  double magnitude = exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias);
  return code >> (exponentBits + mantissaBits) & 1 ? -magnitude : magnitude;
}

TEST(SmallFloat, AllCodes) {
  const double e2m1[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  for (unsigned code = 0; code < 16; ++code) {
    EXPECT_EQ(e2m1Twice(code), 2 * byDefinition(code, 2, 1)) << code;
    EXPECT_EQ(std::abs(e2m1Twice(code)), 2 * e2m1[code & 7]) << code;
  }
  for (unsigned code = 0; code < 127; ++code)
    EXPECT_EQ(e4m3ToFloat(uint8_t(code)), byDefinition(code, 4, 3)) << code;
  EXPECT_EQ(e4m3ToFloat(126), 448);
  EXPECT_EQ(e4m3ToFloat(1), 0x1p-9f);
  for (unsigned code = 0; code < 255; ++code)
    EXPECT_EQ(e8m0ToFloat(uint8_t(code)), std::ldexp(1.0, int(code) - 127)) << code;
}

TEST(SmallFloat, RoundsToNearestEven) {
  const std::pair<double, double> cases[] = {{0.25, 0}, {0.26, 0.5}, {0.75, 1}, {1.25, 1}, {1.26, 1.5}, {1.75, 2},
                                             {2.5, 2},  {2.51, 3},   {3.5, 4},  {5, 4},    {5.01, 6},   {1e9, 6}};
  for (auto [value, expected] : cases)
    for (double sign : {1, -1})
      EXPECT_EQ(e2m1Twice(toE2M1(sign * value)), 2 * sign * expected) << value;
  EXPECT_EQ(toE2M1(-0.1), 0) << "no negative zero";
  for (unsigned code = 0; code < 127; ++code) {
    EXPECT_EQ(toE4M3(e4m3ToFloat(uint8_t(code))), code);
    if (code < 126) {
      double low = e4m3ToFloat(uint8_t(code)), high = e4m3ToFloat(uint8_t(code + 1)), middle = (low + high) / 2;
      EXPECT_EQ(toE4M3(middle), code + code % 2);
      EXPECT_EQ(toE4M3(std::nextafter(middle, low)), code);
      EXPECT_EQ(toE4M3(std::nextafter(middle, high)), code + 1);
    }
  }
  EXPECT_EQ(toE4M3(1e9), 126);
}

TEST(Mxfp4, ByHand) {
  // The largest magnitude 6.5: exponent 2, scale 2^0 saturates at 6; twice the scale costs the small ones more.
  std::vector<float> weights(33, 0.5f);
  weights[0] = -6.5f, weights[1] = 3, weights[32] = 0;
  QuantizedMatrix q = quantized(weights, 1, 33, "mxfp4");
  EXPECT_EQ(q.multipliers, (std::vector<int8_t>{127, 127}));
  EXPECT_EQ(q.codes[0], 15);
  EXPECT_EQ(q.codes[1], 5);
  EXPECT_EQ(q.codes[2], 1);
  std::vector<float> values = dequantize(q);
  EXPECT_EQ(values[0], -6);
  EXPECT_EQ(values[1], 3);
  EXPECT_EQ(values[2], 0.5f);
  EXPECT_EQ(values[32], 0);
  // Where most are near 8 the next exponent is better than the rule's.
  EXPECT_EQ(quantized(std::vector<float>(32, 7.9f), 1, 32, "mxfp4").multipliers,
            std::vector<int8_t>{int8_t(uint8_t(128))});
}

// What a float of four bits can hold comes back exactly, whatever the scale.
TEST(Mxfp4, PlantedWeights) {
  for (int exponent : {-126, -100, -3, 0, 7, 124}) {
    std::vector<float> weights;
    for (unsigned i = 0; i < 64; ++i)
      weights.push_back(std::ldexp(float(e2m1Twice(i * 7 + 7)), exponent - 1));
    EXPECT_EQ(errorOf(weights, 2, 32, "mxfp4"), 0) << exponent;
  }
}

TEST(Nvfp4, PlantedWeights) {
  // Tensor scale 0.5: the largest magnitude is 6 * 448 * 0.5.
  std::vector<float> weights;
  for (unsigned i = 0; i < 64; ++i)
    weights.push_back(0.5f * e4m3ToFloat(uint8_t(126 - i / 16 * 30)) * float(e2m1Twice(i % 16)) / 2);
  QuantizedMatrix q = quantized(weights, 2, 32, "nvfp4");
  EXPECT_EQ(q.rowScales, std::vector<float>{0.5f});
  EXPECT_EQ(q.multipliers, (std::vector<int8_t>{126, 96, 66, 36}));
  EXPECT_EQ(dequantize(q), weights);
}

TEST(SmallFloats, NoWorseThanTheRules) {
  std::vector<float> weights = normalWeights(64 * 256, 5);
  double mx = 0, nv = 0, total = 0, peak = 0;
  for (float w : weights)
    peak = std::max(peak, std::abs(double(w)));
  double tensor = float(peak / (6 * 448));
  auto add = [&](double &error, size_t begin, size_t size, auto unitOf) {
    double largest = 0;
    for (size_t i = begin; i < begin + size; ++i)
      largest = std::max(largest, std::abs(double(weights[i])));
    double unit = unitOf(largest);
    for (size_t i = begin; i < begin + size; ++i)
      error += std::pow(weights[i] - unit * e2m1Twice(toE2M1(weights[i] / unit)) / 2, 2);
  };
  for (size_t begin = 0; begin < weights.size(); begin += 32)
    add(mx, begin, 32, [](double largest) { return std::ldexp(1, std::ilogb(largest) - 2); });
  for (size_t begin = 0; begin < weights.size(); begin += 16)
    add(nv, begin, 16, [&](double largest) { return tensor * e4m3ToFloat(toE4M3(largest / 6 / tensor)); });
  for (float w : weights)
    total += double(w) * w;
  double bestMx = errorOf(weights, 64, 256, "mxfp4"), bestNv = errorOf(weights, 64, 256, "nvfp4");
  // Figures of an independent computation with numpy on 300,000 normal weights.
  EXPECT_NEAR(mx / total, 0.01331, 0.0005);
  EXPECT_NEAR(nv / total, 0.00911, 0.0004);
  EXPECT_NEAR(bestMx, 0.01254, 0.0005);
  EXPECT_NEAR(bestNv, 0.00677, 0.0004);
  EXPECT_LT(bestMx, mx / total);
  EXPECT_LT(bestNv, nv / total);
}

TEST(SmallFloats, ZerosAndExtremes) {
  for (const char *name : {"mxfp4", "nvfp4", "vsq4v16sf", "vsq4v16s10", "vsq4uv16s6"}) {
    EXPECT_EQ(errorOf(std::vector<float>(40, 0.0f), 2, 20, name), 0) << name;
    for (float value : {std::numeric_limits<float>::max(), 1.0f, std::numeric_limits<float>::min(), 1e-42f}) {
      std::vector<float> weights(40, value), values = dequantize(quantized(weights, 2, 20, name));
      for (size_t i = 0; i < values.size(); ++i) {
        ASSERT_TRUE(std::isfinite(values[i])) << name << " " << value;
        ASSERT_NEAR(values[i] / value, 1, value < 1e-36f ? 1 : 0.26) << name << " " << value;
      }
    }
  }
}

TEST(Vsq, UnsignedElements) {
  // Peaks 15 * 15 and 7: gamma 1, scales 15 and 1. Negative weights become 0.
  std::vector<float> weights = {225, 15, 8, -100, 0, 0, 0, 0, 7, 6.4f, -1, 0, 0, 0, 0, 0};
  QuantizedMatrix q = quantized(weights, 1, 16, "vsq4uv8s4");
  EXPECT_EQ(q.rowScales, std::vector<float>{1});
  EXPECT_EQ(q.multipliers, (std::vector<int8_t>{15, 1}));
  EXPECT_EQ(q.codes, (std::vector<uint8_t>{15, 1, 1, 0, 0, 0, 0, 0, 7, 6, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(dequantize(q), (std::vector<float>{225, 15, 15, 0, 0, 0, 0, 0, 7, 6, 0, 0, 0, 0, 0, 0}));
}

TEST(Vsq, MoreScaleBitsAreNeverWorse) {
  std::vector<float> weights = normalWeights(64 * 256, 9);
  double last = 1;
  for (const char *name : {"vsq4v16s6", "vsq4v16s8", "vsq4v16s9", "vsq4v16s10"}) {
    double error = errorOf(weights, 64, 256, name);
    EXPECT_LT(error, last * 1.001) << name;
    last = error;
  }
  EXPECT_NEAR(errorOf(weights, 64, 256, "vsq4v16sf"), last, 0.005 * last);
  QuantizedMatrix q = quantized(weights, 64, 256, "vsq4v16s10");
  EXPECT_EQ(*std::max_element(q.scales.begin(), q.scales.end()), 1023);
  EXPECT_TRUE(q.multipliers.empty());
}

} // namespace
