//===- PopcountTest.cpp - Activations of 1 to 8 bits ----------------------===//
//
// Bit for bit what the numerics contract says for integers of any width, by
// counting bits, by dot products and by look-ups, on every instruction set.
//
//===----------------------------------------------------------------------===//

#include "CpuTest.h"
#include "Oracle.h"
#include <cmath>
#include <limits>

using namespace halftone;
using namespace halftone::test;

namespace {

class PopcountTest : public CpuTest {
protected:
  /// Compiles part of the cases, which takes long (other parts for other targets), and compares with the oracle.
  void check(const std::vector<Case> &all) {
    size_t step = std::string(GetParam()) == "native" ? 2 : std::string(GetParam()) == "x86-64-v3" ? 5 : 11;
    std::vector<Case> cases;
    for (size_t i = 0; i < all.size(); i += step)
      cases.push_back(all[i]);
    CompiledCases compiled(std::move(cases), GetParam());
    ASSERT_TRUE(compiled.isLoaded());
    for (auto [index, c] : llvm::enumerate(compiled.cases()))
      for (int64_t tokens : {1, 2, 7, 9})
        if (tokens == 1 || !c.oneToken)
          for (unsigned seed = 1; seed <= (tokens == 1 ? 7 : 1); ++seed) {
            std::vector<float> x = makeActivations(tokens, c.cols, seed + unsigned(index));
            std::vector<float> y = compiled.multiply(index, x, tokens), expected = multiply(c, x, tokens);
            int64_t at = firstDifference(y, expected);
            EXPECT_EQ(at, -1) << c.text() << ", " << tokens << " tokens: y[" << at / c.rows << ", " << at % c.rows
                              << "] is " << y[at] << " instead of " << expected[at];
          }
  }
};

Case makeCase(const std::string &format, int64_t rows, int64_t cols, const std::string &strategy, unsigned bits,
              bool oneToken) {
  Case c = test::makeCase(format, rows, cols, strategy);
  c.bits = bits;
  c.oneToken = oneToken;
  return c;
}

struct Shape {
  int64_t rows, cols;
};

/// One row, one column, tails of rows (64) and columns (8, 32), rows long enough for several segments of a group.
const Shape shapes[] = {{1, 1},  {1, 7},    {3, 9},    {70, 31},  {64, 32},  {65, 70},
                        {2, 33}, {130, 96}, {17, 300}, {63, 515}, {33, 172}, {5, 1100}};
const int groups[] = {32, 0, 7, 40, 128, 1, 33, 250, 224, 1000};

/// Every width of activations meets every format; shapes and groups are drawn so that all of them occur.
TEST_P(PopcountTest, EveryWidthAndFormat) {
  std::vector<Case> cases;
  size_t shape = 0, group = 0;
  for (unsigned bits = 1; bits <= 8; ++bits)
    for (const char *prefix : {"bcq1g", "ternaryg", "bcq3g"}) {
      Shape s = shapes[shape % std::size(shapes)];
      std::string format = prefix + std::to_string(groups[group % std::size(groups)]);
      cases.push_back(makeCase(format, s.rows, s.cols, "popcount", bits, (bits + shape) % 3 == 0));
      shape += 5;
      group += 3;
    }
  cases.push_back(makeCase("bcq8g64", 66, 260, "popcount", 8, false));
  cases.push_back(makeCase("rtn8g0", 66, 260, "popcount", 1, false));
  cases.push_back(makeCase("rtn3g33", 66, 260, "popcount", 5, true));
  cases.push_back(makeCase("ternaryg40a", 66, 260, "popcount", 1, false));
  cases.push_back(makeCase("ternaryg0a", 66, 260, "popcount", 4, true));
  cases.push_back(makeCase("binaryg32", 66, 260, "popcount", 1, false));
  check(cases);
}

/// What all weights of a group have in common: offsets, zero points; one scale per tensor, float scales.
TEST_P(PopcountTest, OffsetsAndZeroPoints) {
  if (std::string(GetParam()) == "x86-64")
    GTEST_SKIP() << "takes long to compile for narrow vectors";
  std::vector<Case> cases;
  for (const char *format : {"bcq2g32z", "binaryg0", "int4g32", "int3t"})
    for (unsigned bits : {1, 3})
      cases.push_back(makeCase(format, 66, 300, "popcount", bits, bits == 3));
  check(cases);
}

/// Dot products and look-ups take the same codes.
TEST_P(PopcountTest, OtherStrategiesOnFewBits) {
  std::vector<Case> cases;
  for (unsigned bits : {1, 2, 3, 5, 7})
    for (const char *strategy : {"dot", "lut"})
      cases.push_back(makeCase(bits % 2 ? "bcq2g40" : "ternaryg32", 33, 172, strategy, bits, bits == 3));
  for (unsigned bits : {1, 4})
    cases.push_back(makeCase("vsq4v16s6", 33, 70, "dot", bits, false));
  check(cases);
}

/// Counting bits at 8 bits gives the bits of the dot product, not only those of the oracle.
TEST_P(PopcountTest, EightBitsAreThoseOfDot) {
  if (std::string(GetParam()) == "x86-64")
    GTEST_SKIP() << "takes long to compile for narrow vectors";
  std::vector<Case> cases;
  const char *formats[] = {"bcq3g128", "ternaryg0"};
  for (const char *format : formats)
    for (const char *strategy : {"dot", "popcount"})
      cases.push_back(makeCase(format, 65, 300, strategy, 8, false));
  CompiledCases compiled(cases, GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  std::vector<float> x = makeActivations(8, 300, 3);
  for (size_t i = 0; i < std::size(formats); ++i)
    EXPECT_EQ(firstDifference(compiled.multiply(2 * i, x, 8), compiled.multiply(2 * i + 1, x, 8)), -1) << formats[i];
}

/// Every code and every weight at its limit: 16-bit sums, where kernels use them, must hold.
TEST_P(PopcountTest, LargestSums) {
  if (std::string(GetParam()) == "x86-64")
    GTEST_SKIP() << "takes long to compile for narrow vectors";
  std::vector<Case> cases;
  const std::pair<const char *, unsigned> kinds[] = {{"bcq1g224", 1}, {"bcq1g224", 8},    {"bcq8g0", 8},
                                                     {"bcq2g0", 2},   {"ternaryg224", 8}, {"rtn8g224", 4}};
  for (auto [format, bits] : kinds) {
    Case c{format, 17, 2016, "popcount", false, std::vector<float>(17 * 2016, 1.0f), {}, bits};
    for (int64_t k = 0; k < c.cols; ++k)
      c.weights[c.cols + k] = k % 3 ? 1.0f : -1.0f;
    c.matrix = llvm::cantFail(quantize(c.weights, c.rows, c.cols, llvm::cantFail(parseFormat(format)), "w", 1));
    cases.push_back(std::move(c));
  }
  CompiledCases compiled(std::move(cases), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases()))
    for (float sign : {1.0f, -1.0f}) {
      std::vector<float> x(5 * c.cols, sign);
      std::vector<float> y = compiled.multiply(index, x, 5);
      EXPECT_EQ(firstDifference(y, multiply(c, x, 5)), -1) << c.text();
      EXPECT_NEAR(y[0], sign * 2016, 2) << c.text();
    }
}

/// All sign vectors of up to 12 elements against all others: a weight matrix with one row per pattern, an activation
/// row per pattern; n - 2 popcount(xor) is the integer dot product.
TEST_P(PopcountTest, AllSignPatterns) {
  if (std::string(GetParam()) == "x86-64")
    GTEST_SKIP() << "takes long to compile for narrow vectors";
  std::vector<Case> cases;
  for (int64_t n : {1, 2, 3, 5, 8, 9, 12}) {
    int64_t rows = int64_t(1) << n;
    Case c{"bcq1g0", rows, n, "popcount", false, {}, {}, 1};
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t k = 0; k < n; ++k)
        c.weights.push_back(row >> k & 1 ? 1.0f : -1.0f);
    c.matrix = llvm::cantFail(quantize(c.weights, rows, n, llvm::cantFail(parseFormat(c.format)), "w", 1));
    cases.push_back(std::move(c));
  }
  CompiledCases compiled(std::move(cases), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases())) {
    int64_t tokens = std::min<int64_t>(c.rows, 512); // half of the patterns are the negatives of the others
    std::vector<float> x(c.weights.begin(), c.weights.begin() + tokens * c.cols);
    std::vector<float> y = compiled.multiply(index, x, tokens);
    int64_t wrong = 0;
    for (int64_t token = 0; token < tokens; ++token)
      for (int64_t row = 0; row < c.rows; ++row)
        wrong += std::fabs(y[token * c.rows + row] - float(c.cols - 2 * __builtin_popcountll(uint64_t(token ^ row)))) >
                 0.01f;
    EXPECT_EQ(wrong, 0) << c.text();
  }
}

/// All codes of 2 to 4 bits against all ternary weights, in rows of up to 3 elements.
TEST_P(PopcountTest, AllCodes) {
  if (std::string(GetParam()) == "x86-64")
    GTEST_SKIP() << "takes long to compile for narrow vectors";
  std::vector<Case> cases;
  for (unsigned bits : {2, 3, 4}) {
    Case c{"ternaryg0", 27, 3, "popcount", false, {}, {}, bits};
    for (int row = 0; row < 27; ++row)
      for (int divisor : {1, 3, 9})
        c.weights.push_back(float(row / divisor % 3 - 1));
    c.matrix = llvm::cantFail(quantize(c.weights, 27, 3, llvm::cantFail(parseFormat(c.format)), "w", 1));
    cases.push_back(std::move(c));
  }
  CompiledCases compiled(std::move(cases), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases())) {
    int limit = (1 << (c.bits - 1)) - 1, values = 2 * limit + 1;
    std::vector<float> x;
    for (int pattern = 0; pattern < values * values; ++pattern)
      for (int value : {limit, pattern % values - limit, pattern / values - limit})
        x.push_back(float(value)); // the first keeps the scale at 1
    int64_t tokens = values * values;
    std::vector<float> y = compiled.multiply(index, x, tokens);
    for (int64_t token = 0; token < tokens; ++token)
      for (int64_t row = 0; row < 27; ++row) {
        float sum = 0;
        for (int64_t k = 0; k < 3; ++k)
          sum += x[token * 3 + k] * c.weights[row * 3 + k];
        ASSERT_NEAR(y[token * 27 + row], sum, 1e-2) << c.text() << " token " << token << " row " << row;
      }
  }
}

/// Rows up to 4097 elements, in one group.
TEST_P(PopcountTest, LongRows) {
  std::vector<Case> cases;
  for (int64_t cols : {257, 1023, 4096, 4097})
    for (unsigned bits : {1, 3})
      cases.push_back(makeCase(bits == 1 ? "bcq1g0" : "ternaryg0", 66, cols, "popcount", bits, cols == 1023));
  check(cases);
}

TEST_P(PopcountTest, NotANumberSpoilsItsTokenOnly) {
  CompiledCases compiled(
      {makeCase("bcq1g32", 20, 45, "popcount", 1, false), makeCase("ternaryg0", 20, 45, "popcount", 4, false)},
      GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    for (size_t index : {0, 1}) {
      std::vector<float> x = makeActivations(6, 45, 1), good = compiled.multiply(index, x, 6);
      for (int64_t token : {1, 5})
        x[token * 45 + 40] = bad;
      std::vector<float> y = compiled.multiply(index, x, 6);
      for (int64_t token : {0, 2, 3, 4})
        for (int64_t row = 0; row < 20; ++row)
          EXPECT_EQ(y[token * 20 + row], good[token * 20 + row]) << "token " << token;
    }
}

INSTANTIATE_TEST_SUITE_P(, PopcountTest, testing::Values("native", "x86-64-v3", "x86-64"), cpuName);

} // namespace
