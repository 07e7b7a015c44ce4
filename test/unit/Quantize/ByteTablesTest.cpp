//===- ByteTablesTest.cpp - Sums of activations rounded to bytes -----------===//
#include "halftone/Quantize/ByteTables.h"
#include "halftone/Support/SmallFloat.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace halftone;

namespace {

std::vector<int8_t> randomCodes(int64_t count, int limit, std::mt19937 &random) {
  std::vector<int8_t> codes(count);
  for (int8_t &code : codes)
    code = int8_t(int(random() % unsigned(2 * limit + 1)) - limit);
  return codes;
}

TEST(ByteTables, ShiftIsTheLeast) {
  EXPECT_EQ(ByteTables({}).shift(), 0);
  EXPECT_EQ(ByteTables({100, -26}).shift(), 0);
  EXPECT_EQ(ByteTables({100, -27}).shift(), 1);
  EXPECT_EQ(ByteTables({100, 40, -30, 20}).shift(), 1);
  // Two slices: 126 each.
  EXPECT_EQ(ByteTables({126, 0, 0, 0, 0, 0, 0, 0, -126}).shift(), 0);
  EXPECT_EQ(ByteTables(std::vector<int8_t>(8, 126)).shift(), 3);
  EXPECT_EQ(ByteTables(std::vector<int8_t>(8, -127)).shift(), 4);
}

TEST(ByteTables, RoundsToEven) {
  std::vector<int8_t> codes = {100, 40, -30, 20};
  auto sum = [&](unsigned signs) { return ByteTables(codes).signedSum([&](int64_t k) { return signs >> k & 1; }); };
  EXPECT_EQ(sum(15), 130);
  codes = {101, 40, -30, 20}; // 131 / 2 = 65.5
  EXPECT_EQ(sum(15), 132);
  codes = {103, 40, -30, 20}; // 133 / 2 = 66.5
  EXPECT_EQ(sum(15), 132);
  EXPECT_EQ(sum(0), -132);
}

// Every table entry is off by half a multiple at most, and the two of a slice fit a signed byte.
TEST(ByteTables, ErrorIsBounded) {
  std::mt19937 random(7);
  for (int64_t size : {1, 7, 8, 9, 31, 40, 128}) {
    for (int limit : {1, 20, 127}) {
      std::vector<int8_t> codes = randomCodes(size, limit, random);
      ByteTables rounded(codes), exact(codes, /*isExact=*/true);
      std::vector<bool> signs(size + 8);
      for (size_t k = 0; k < signs.size(); ++k)
        signs[k] = random() % 2;
      auto isPositive = [&](int64_t k) { return bool(signs[k]); };
      int32_t sum = 0, step = 1 << rounded.shift();
      for (int64_t k = 0; k < size; ++k)
        sum += signs[k] ? codes[k] : -codes[k];
      EXPECT_EQ(exact.signedSum(isPositive), sum);
      EXPECT_EQ(rounded.signedSum(isPositive) % step, 0);
      EXPECT_LE(2 * std::abs(rounded.signedSum(isPositive) - sum), (size + 3) / 4 * (step > 1 ? step : 0));
      if (size <= 8)
        EXPECT_LE(std::abs(rounded.signedSum(isPositive)), 127 * step);
    }
  }
}

TEST(TritByteTables, ShiftIsTheLeast) {
  EXPECT_EQ(TritByteTables({}).shift(), 0);
  EXPECT_EQ(TritByteTables({100, -27}).shift(), 0);
  EXPECT_EQ(TritByteTables({100, -28}).shift(), 1);
  // Two slices: 127 each.
  EXPECT_EQ(TritByteTables({127, 0, 0, 0, 0, -127}).shift(), 0);
  EXPECT_EQ(TritByteTables({127, 0, 0, 0, 0, -127, 1}).shift(), 1);
  EXPECT_EQ(TritByteTables({127, 127, 127, 127}).shift(), 2);
  EXPECT_EQ(TritByteTables(std::vector<int8_t>(5, -127)).shift(), 3);
}

TEST(TritByteTables, RoundsSlicesToEven) {
  TritByteTables tables({101, 40, 30, 2, 0, 3}); // 173 and 3, halves
  ASSERT_EQ(tables.shift(), 1);
  EXPECT_EQ(tables.sum({1, 1, 1, 1, 1, 1}), 0);
  EXPECT_EQ(tables.sum({2, 2, 2, 2, 2, 1}), 172);
  EXPECT_EQ(tables.sum({0, 2, 1, 1, 1, 1}), -60); // -61 / 2 = -30.5
  EXPECT_EQ(tables.sum({0, 2, 1, 0, 1, 1}), -64); // -63 / 2 = -31.5
  EXPECT_EQ(tables.sum({1, 1, 1, 1, 1, 2}), 4);
  EXPECT_EQ(tables.sum({2, 2, 2, 2, 0, 0}), 168);
}

// Every entry is off by half a multiple at most, and fits a signed byte; sums of small activations are exact.
TEST(TritByteTables, ErrorIsBounded) {
  std::mt19937 random(7);
  for (int64_t size : {1, 4, 5, 6, 31, 40, 128}) {
    for (int limit : {1, 25, 127}) {
      std::vector<int8_t> activations = randomCodes(size, limit, random);
      TritByteTables rounded(activations), exact(activations, /*isExact=*/true);
      std::vector<uint8_t> codes(size);
      int32_t sum = 0, step = 1 << rounded.shift();
      for (int64_t k = 0; k < size; ++k) {
        codes[k] = uint8_t(random() % 3);
        sum += (codes[k] - 1) * activations[k];
      }
      EXPECT_EQ(exact.sum(codes), sum);
      EXPECT_EQ(rounded.sum(codes) % step, 0);
      EXPECT_LE(2 * std::abs(rounded.sum(codes) - sum), (size + 4) / 5 * (step > 1 ? step : 0));
      if (size <= 5)
        EXPECT_LE(std::abs(rounded.sum(codes)), 127 * step);
    }
  }
}

/// w * a summed up as the formats' definitions say.
int64_t plainSum(const QuantizedMatrix &m, int64_t row, int64_t group, llvm::ArrayRef<int8_t> codes) {
  std::vector<float> weights = dequantize(m);
  double sum = 0;
  float scale = halfToFloat(m.scales[m.scaleItem(row, group)]);
  for (size_t k = 0; k < codes.size(); ++k)
    sum += double(weights[row * m.cols + group * m.groupSize() + int64_t(k)]) / scale * codes[k];
  return std::llround(sum);
}

TEST(ByteTables, ExactSumsAreTheProducts) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (const char *name : {"bcq3g20", "bcq2g0z", "binaryg16", "ternaryg24", "rtn3g32", "int4g16"}) {
    std::vector<float> weights(5 * 50);
    for (float &weight : weights)
      weight = normal(random);
    QuantizedMatrix m = llvm::cantFail(quantize(weights, 5, 50, llvm::cantFail(parseFormat(name)), "w", 1));
    std::vector<int8_t> codes = randomCodes(50, 127, random);
    for (int64_t row = 0; row < 5; ++row)
      for (int64_t group = 0; group < m.groups(); ++group) {
        int64_t first = group * m.groupSize();
        auto values = llvm::ArrayRef(codes).slice(first, std::min(m.groupSize(), 50 - first));
        EXPECT_EQ(byteTableSum(m, row, group, ByteTables(values, true), values), plainSum(m, row, group, values))
            << name;
      }
  }
}

TEST(ByteTables, ErrorOfProducts) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> weights(100 * 256);
  for (float &weight : weights)
    weight = normal(random);
  for (const char *name : {"bcq3g32", "ternaryg128", "ternaryg64a", "binaryg0"}) {
    QuantizedMatrix m = llvm::cantFail(quantize(weights, 100, 256, llvm::cantFail(parseFormat(name)), "w", 1));
    double error = byteTableError(m);
    EXPECT_GT(error, 1e-5) << name;
    EXPECT_LT(error, 2e-3) << name;
    EXPECT_EQ(error, byteTableError(m)) << name;
  }
}

TEST(ByteTables, ErrorOfFiveTritsAtOnce) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> weights(100 * 256);
  for (float &weight : weights)
    weight = normal(random);
  QuantizedMatrix m = llvm::cantFail(quantize(weights, 100, 256, llvm::cantFail(parseFormat("ternaryg128")), "w", 1));
  double error = byteTableError(m, /*byTrits=*/true);
  EXPECT_GT(error, 1e-5);
  EXPECT_LT(error, 2e-3);
  EXPECT_NE(error, byteTableError(m));
}

} // namespace
