//===- WideActivationsTest.cpp - Products of 16-bit activations -----------===//
//
// Two exact products of 8-bit halves and one addition: bit for bit the oracle, on every instruction set, by every
// strategy, and near the product of the floats.
//
//===----------------------------------------------------------------------===//

#include "CpuTest.h"
#include "Oracle.h"
#include <cmath>

using namespace halftone;
using namespace halftone::test;

namespace {

class WideActivationsTest : public CpuTest {};

TEST(WideActivations, HalvesFitBytes) {
  std::vector<float> x;
  for (int code = -32512; code <= 32512; ++code)
    x.push_back(float(code));
  auto [high, low] = quantizeWideActivations(x.data(), int64_t(x.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    ASSERT_EQ(255 * high.values[i] + low.values[i], int(x[i]));
    ASSERT_GE(high.values[i], -127);
    ASSERT_GE(low.values[i], -127);
  }
}

TEST_P(WideActivationsTest, Products) {
  // Kernels see two tokens where there was one: a few of each strategy will do.
  struct {
    const char *format;
    int64_t rows, cols;
    const char *strategy;
    bool oneToken;
  } const products[] = {{"rtn8g32", 17, 33, "dot", false},    {"bcq3g32", 65, 70, "lut", true},
                        {"bcq1g0", 3, 37, "popcount", false}, {"vsq4v16s6", 18, 515, "dot", true},
                        {"rtn4g7", 1, 1, "dot", false},       {"ternaryg0", 3, 37, "lut", false}};
  std::vector<Case> cases;
  for (const auto &product : llvm::ArrayRef(products).take_front(GetParam() == llvm::StringRef("native") ? 6 : 3)) {
    cases.push_back(makeCase(product.format, product.rows, product.cols, product.strategy));
    cases.back().oneToken = product.oneToken;
    cases.back().wide = true;
  }
  CompiledCases compiled(std::move(cases), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases()))
    for (int64_t tokens : {1, 2, 5, 9}) {
      if (c.oneToken && tokens > 1)
        continue;
      for (unsigned seed = 1; seed <= 7; seed += tokens > 1 ? 7 : 1) {
        std::vector<float> x = makeActivations(tokens, c.cols, seed);
        std::vector<float> y = compiled.multiply(index, x, tokens), expected = multiply(c, x, tokens);
        int64_t at = firstDifference(y, expected);
        ASSERT_EQ(at, -1) << c.text() << ", " << tokens << " tokens: " << y[at] << " instead of " << expected[at];
        // Off by half a step of 1/32512 of the largest per element, at most.
        std::vector<float> weights = dequantize(c.matrix);
        for (int64_t t = 0; t < tokens; ++t)
          for (int64_t n = 0; n < c.rows; ++n) {
            double sum = 0, magnitude = 0, largest = 0;
            for (int64_t k = 0; k < c.cols; ++k) {
              sum += double(weights[n * c.cols + k]) * x[t * c.cols + k];
              magnitude += std::fabs(double(weights[n * c.cols + k]));
              largest = std::max(largest, double(std::fabs(x[t * c.cols + k])));
            }
            ASSERT_NEAR(y[t * c.rows + n], sum, magnitude * largest * 2e-5 + 1e-28) << c.text();
          }
      }
    }
}

INSTANTIATE_TEST_SUITE_P(, WideActivationsTest, testing::Values("native", "x86-64"), cpuName);

} // namespace
