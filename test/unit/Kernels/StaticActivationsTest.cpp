//===- StaticActivationsTest.cpp - Products of activations with known scales -===//
//
// Integers q - z, in one to three digits and in groups of dimensions: bit for bit the oracle, on every instruction set
// and by every strategy; the integers of the product with a scale per group; the product of a group alone.
//
//===----------------------------------------------------------------------===//

#include "CpuTest.h"
#include "Oracle.h"
#include <cmath>
#include <limits>

using namespace halftone;
using namespace halftone::test;

namespace {

class StaticActivationsTest : public CpuTest {};

/// Groups with ranges from 0, to 0 and around it: zero points at either end and between.
GroupedScales makeScales(int64_t size, int64_t groups, unsigned bits) {
  std::vector<float> mins(size), maxs(size);
  for (int64_t i = 0; i < size; ++i) {
    int64_t g = i / (size / groups);
    mins[i] = g % 3 == 0 ? 0.0f : -1.1f - float(g);
    maxs[i] = g % 3 == 1 ? 0.0f : 1.7f + float(g);
  }
  return llvm::cantFail(groupedScales(mins, maxs, groups, bits, "x"));
}

/// Values inside of and beyond the ranges.
std::vector<float> makeValues(int64_t tokens, int64_t cols, unsigned seed) {
  std::vector<float> x = makeActivations(tokens, cols, seed);
  for (size_t i = 0; i < x.size(); i += 13)
    x[i] = i % 2 ? 1e6f : -1e6f;
  x[x.size() / 2] = std::numeric_limits<float>::quiet_NaN();
  return x;
}

TEST_P(StaticActivationsTest, Products) {
  struct {
    const char *format;
    int64_t rows, cols;
    const char *strategy;
    bool oneToken;
    unsigned bits;
    int64_t groups;
  } const products[] = {{"rtn8g32", 17, 33, "dot", false, 8, 1},       {"bcq3g32", 65, 70, "lut", true, 8, 2},
                        {"ternaryg0", 3, 37, "popcount", false, 7, 1}, {"rtn4g0", 34, 300, "dot", true, 8, 3},
                        {"vsq4v16s6", 18, 60, "dot", true, 8, 3},      {"rtn4g7", 1, 1, "dot", false, 8, 1},
                        {"ternaryg32a", 5, 48, "lut", false, 16, 1},   {"bcq2g32z", 20, 96, "dot", false, 8, 6},
                        {"int4g24", 9, 72, "dot", false, 5, 4}};
  std::vector<Case> cases;
  for (const auto &product : llvm::ArrayRef(products).take_front(GetParam() == llvm::StringRef("native") ? 9 : 5)) {
    cases.push_back(makeCase(product.format, product.rows, product.cols, product.strategy));
    cases.back().oneToken = product.oneToken;
    cases.back().fixed = makeScales(product.cols, product.groups, product.bits);
  }
  CompiledCases compiled(std::move(cases), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases()))
    for (int64_t tokens : {1, 2, 5}) {
      if (c.oneToken && tokens > 1)
        continue;
      for (unsigned seed = 1; seed <= (tokens == 1 ? 7 : 1); ++seed) {
        std::vector<float> x = makeValues(tokens, c.cols, seed);
        std::vector<float> y = compiled.multiply(index, x, tokens), expected = multiply(c, x, tokens);
        int64_t at = firstDifference(y, expected);
        ASSERT_EQ(at, -1) << c.text() << ", " << tokens << " tokens: " << y[at] << " instead of " << expected[at];
        // Nothing but the sums is rounded: the product of the rounded activations.
        std::vector<float> weights = dequantize(c.matrix), rounded = requantizeGrouped(x, *c.fixed);
        for (int64_t i = 0; i < tokens * c.rows; ++i) {
          double sum = 0, magnitude = 0;
          for (int64_t k = 0; k < c.cols; ++k) {
            double term = double(weights[i % c.rows * c.cols + k]) * rounded[i / c.rows * c.cols + k];
            sum += term;
            magnitude += std::fabs(term);
          }
          ASSERT_NEAR(y[i], sum, 1e-5 * magnitude + 1e-30) << c.text();
        }
      }
    }
}

/// Where no float is rounded: the sums of the product with a scale and a zero point per group.
TEST_P(StaticActivationsTest, IntegersOfTheGroupedProduct) {
  std::vector<Case> cases;
  for (auto [groups, bits] : {std::pair(1, 8u), std::pair(3, 8u), std::pair(1, 6u)}) {
    Case c = makeCase("rtn8g0", 19, 63, "dot");
    for (size_t i = 0; i < c.weights.size(); ++i)
      c.weights[i] = i % 63 == 5 ? 127.0f / 128.0f : float(int(i * 37 % 255) - 127) / 128.0f;
    c.matrix = llvm::cantFail(quantize(c.weights, c.rows, c.cols, c.matrix.format, "w", 1));
    c.fixed = GroupedScales{bits, c.cols, {}};
    for (int g = 0; g < groups; ++g)
      c.fixed->groups.push_back({std::ldexp(1.0f, -3 - g), g * 127});
    cases.push_back(std::move(c));
  }
  CompiledCases compiled(std::move(cases), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases())) {
    std::vector<int8_t> weights;
    for (int64_t i = 0; i < c.rows * c.cols; ++i)
      weights.push_back(int8_t(integerWeight(c.matrix, i / c.cols, i % c.cols)));
    for (unsigned seed = 1; seed <= 7; ++seed) {
      std::vector<float> x = makeValues(2, c.cols, seed);
      for (float &v : x)
        v *= 10;
      std::vector<uint16_t> codes = quantizeGrouped(x, *c.fixed);
      std::vector<float> y = compiled.multiply(index, x, 2);
      EXPECT_EQ(firstDifference(y, groupedProduct(codes, weights, c.rows, 1.0f / 128, *c.fixed)), -1) << c.text();
      EXPECT_EQ(firstDifference(y, groupedProductSplit(codes, weights, c.rows, 1.0f / 128, *c.fixed)), -1) << c.text();
    }
  }
}

/// Columns first .. first + width of a case, with one scale of activations.
Case columnsOf(const Case &c, int64_t group) {
  int64_t width = c.fixed->groupSize();
  Case part{c.format, c.rows, width, c.strategy, c.oneToken, {}, {}, 8};
  for (int64_t row = 0; row < c.rows; ++row) {
    auto from = c.weights.begin() + row * c.cols + group * width;
    part.weights.insert(part.weights.end(), from, from + width);
  }
  part.matrix = llvm::cantFail(quantize(part.weights, c.rows, width, c.matrix.format, "w", 1));
  part.fixed = GroupedScales{c.fixed->bits, width, {c.fixed->groups[group]}};
  return part;
}

/// K products of column blocks by kernels that know one scale, added: the bits of the one product, for any scales.
TEST_P(StaticActivationsTest, SplitFormEqualsFusedForm) {
  Case whole = makeCase("rtn4g16", 21, 96, "dot");
  whole.fixed = makeScales(whole.cols, 3, 8);
  std::vector<Case> cases{whole};
  for (int64_t group = 0; group < 3; ++group)
    cases.push_back(columnsOf(whole, group));
  CompiledCases compiled(std::move(cases), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  constexpr int64_t tokens = 3, width = 32;
  for (unsigned seed = 1; seed <= 7; ++seed) {
    std::vector<float> x = makeValues(tokens, whole.cols, seed), sum;
    for (int64_t group = 0; group < 3; ++group) {
      std::vector<float> block;
      for (int64_t token = 0; token < tokens; ++token) {
        auto from = x.begin() + token * whole.cols + group * width;
        block.insert(block.end(), from, from + width);
      }
      std::vector<float> y = compiled.multiply(size_t(group) + 1, block, tokens);
      for (size_t i = 0; i < y.size(); ++i)
        y[i] = group == 0 ? y[i] : sum[i] + y[i];
      sum = y;
    }
    EXPECT_EQ(firstDifference(compiled.multiply(0, x, tokens), sum), -1) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(, StaticActivationsTest, testing::Values("native", "x86-64"), cpuName);

} // namespace
