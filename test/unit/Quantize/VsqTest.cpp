// VS-Quant: known rows, properties, and the tables of signal to noise.
#include "TestData.h"
#include "gtest/gtest.h"
#include <limits>

using namespace halftone;
using namespace llvm;

namespace {

TEST(Vsq, ByHand) {
  // n = 7, top = 15. Peaks 105, 6 and 0 have the scales 15, 6/7 and 0: gamma 1, integers 15, 1 and 1.
  std::vector<float> weights = {105, -105, 52, 7, 8, 0, 0, 0, 6, 2.5f, -3.5f, 0.4f, 0, 0, 0, 0, 0, 0};
  QuantizedMatrix q = quantized(weights, 1, 18, "vsq4v8s4");
  EXPECT_EQ(q.rowScales, std::vector<float>{1});
  EXPECT_EQ(q.multipliers, (std::vector<int8_t>{15, 1, 1}));
  EXPECT_EQ(q.codes, (std::vector<uint8_t>{15, 1, 11, 8, 9, 8, 8, 8, 14, 10, 4, 8, 8, 8, 8, 8, 8, 8}));
  EXPECT_EQ(dequantize(q), (std::vector<float>{105, -105, 45, 0, 15, 0, 0, 0, 6, 2, -4, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Vsq, ScalesAreRoundedUp) {
  // Peaks 105, 49.1 and 49: scales 15, 7.01 and 7.
  std::vector<float> weights(24, 0.0f);
  weights[0] = 105, weights[8] = 49.1f, weights[16] = -49;
  EXPECT_EQ(quantized(weights, 1, 24, "vsq4v8s4").multipliers, (std::vector<int8_t>{15, 8, 7}));
}

TEST(Vsq, IntegersStayInTheirBits) {
  for (unsigned bits = 2; bits <= 8; ++bits)
    for (unsigned scaleBits = 3; scaleBits <= 8; ++scaleBits) {
      std::string name = "vsq" + std::to_string(bits) + "v12s" + std::to_string(scaleBits);
      std::vector<float> weights = normalWeights(40 * 70, bits * 10 + scaleBits);
      QuantizedMatrix q = quantized(weights, 40, 70, name);
      std::vector<float> values = dequantize(q);
      ASSERT_EQ(q.groups(), 6);
      ASSERT_EQ(q.multipliers.size(), 40u * 6);
      ASSERT_TRUE(q.scales.empty());
      int limit = (1 << (bits - 1)) - 1;
      for (int64_t row = 0; row < 40; ++row) {
        int largest = 0;
        for (int64_t vector = 0; vector < 6; ++vector) {
          int scale = q.vectorScale(row, vector);
          ASSERT_GE(scale, 1);
          largest = std::max(largest, scale);
        }
        // The vector with the largest weight uses all bits, and no vector more.
        ASSERT_EQ(largest, (1 << scaleBits) - 1) << name;
        for (int64_t k = 0; k < 70; ++k) {
          int64_t at = row * 70 + k;
          ASSERT_LE(std::abs(int(q.codes[at]) - limit - 1), limit);
          // Nothing is clipped: half a step is the largest error.
          float step = float(q.vectorScale(row, k / 12)) * q.rowScales[row];
          ASSERT_LE(std::abs(values[at] - weights[at]), 0.5001f * step) << name;
        }
      }
    }
}

TEST(Vsq, ZerosAndExtremes) {
  QuantizedMatrix zero = quantized(std::vector<float>(40, 0.0f), 2, 20, "vsq4v16s6");
  EXPECT_EQ(zero.rowScales, (std::vector<float>{1, 1}));
  EXPECT_EQ(zero.multipliers, (std::vector<int8_t>{1, 1, 1, 1}));
  EXPECT_EQ(zero.codes, std::vector<uint8_t>(40, 8));
  for (float value : {std::numeric_limits<float>::max(), std::numeric_limits<float>::min(), 1e-42f,
                      std::numeric_limits<float>::denorm_min()}) {
    std::vector<float> weights(20, value);
    weights[3] = -value;
    std::vector<float> values = dequantize(quantized(weights, 1, 20, "vsq4v16s6"));
    for (size_t i = 0; i < 20; ++i) {
      ASSERT_TRUE(std::isfinite(values[i]));
      // Scales that are denormal have few bits, or none.
      ASSERT_NEAR(values[i] / weights[i], 1, value < 1e-40f ? 0.5 : value < 1e-36f ? 1e-3 : 1e-6) << value;
    }
  }
}

TEST(Vsq, AnyNumberOfThreads) {
  std::vector<float> weights = normalWeights(300 * 333, 30);
  QuantizedMatrix one = quantized(weights, 300, 333, "vsq4v16s6", 1),
                  many = quantized(weights, 300, 333, "vsq4v16s6", 5);
  EXPECT_EQ(one.codes, many.codes);
  EXPECT_EQ(one.multipliers, many.multipliers);
  EXPECT_EQ(one.rowScales, many.rowScales);
}

TEST(Vsq, NotFinite) {
  std::vector<float> weights(20, 1.0f);
  weights[13] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(toString(quantize(weights, 2, 10, formatOf("vsq4v16s6"), "w").takeError()),
            "tensor 'w': the weight at [1, 3] is not a number");
}

enum Distribution { Normal, Laplace, StudentT };

std::vector<float> draw(Distribution distribution, size_t count) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::exponential_distribution<float> exponential;
  std::student_t_distribution<float> student(4);
  std::vector<float> weights(count);
  for (float &w : weights)
    switch (distribution) {
    case Normal:
      w = normal(random);
      break;
    case Laplace:
      w = exponential(random) * (random() % 2 ? 1.0f : -1.0f);
      break;
    case StudentT:
      w = student(random);
      break;
    }
  return weights;
}

// Decibels of signal to noise, 4-bit weights of 256 x 1024, scales rounded up and weights requantized.
TEST(Vsq, SignalToNoise) {
  const char *formats[] = {"vsq4v16s3", "vsq4v16s4", "vsq4v16s6", "vsq4v16s8", "vsq4v64s4"};
  const double table[][5] = {
      {20.2, 20.6, 21.2, 21.4, 18.9}, {18.5, 19.1, 19.7, 19.9, 16.6}, {17.8, 18.6, 19.3, 19.5, 15.4}};
  for (Distribution distribution : {Normal, Laplace, StudentT}) {
    std::vector<float> weights = draw(distribution, 256 * 1024);
    for (int i = 0; i < 5; ++i) {
      double decibels = -10 * std::log10(errorOf(weights, 256, 1024, formats[i]));
      EXPECT_NEAR(decibels, table[distribution][i], 0.3) << formats[i] << ", distribution " << distribution;
    }
  }
}

// Relative squared errors of w[i][j] = sin(1 + 0.7 i + 1.3 j) cos(0.01 j^2), 37 x 172, computed in double precision
// with numpy by an independent implementation.
TEST(Vsq, IndependentImplementation) {
  std::vector<float> weights;
  for (int i = 0; i < 37; ++i)
    for (int j = 0; j < 172; ++j)
      weights.push_back(float(std::sin(1 + i * 0.7 + j * 1.3) * std::cos(double(j) * j * 0.01)));
  struct {
    StringRef format;
    double error;
  } table[] = {{"vsq4v16s6", 0.00579179828}, {"vsq4v16s4", 0.00630601091},  {"vsq3v16s4", 0.0308137938},
               {"vsq2v8s3", 0.227030948},    {"vsq4v64s4", 0.00678933896},  {"vsq8v32s8", 1.92465771e-05},
               {"vsq5v12s5", 0.00122181372}, {"vsq6v100s7", 0.000338080537}};
  for (const auto &row : table)
    EXPECT_NEAR(errorOf(weights, 37, 172, row.format), row.error, 1e-3 * row.error) << row.format.str();
}

} // namespace
