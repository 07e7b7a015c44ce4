//===- MomentsTest.cpp - Sums of products beside a plain loop -------------===//

#include "Moments.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace halftone::compensate;

namespace {

std::vector<float> randomRows(int64_t rows, int64_t cols, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(rows * cols);
  for (float &value : values)
    value = normal(random);
  return values;
}

class Moments : public testing::TestWithParam<std::tuple<int64_t, int64_t, int64_t>> {};

TEST_P(Moments, EqualAPlainLoop) {
  auto [m, n, tokens] = GetParam();
  std::vector<float> a = randomRows(tokens, m, 1), b = randomRows(tokens, n, 2);
  std::vector<double> sums = sumOfProducts(a.data(), m, b.data(), n, tokens, 1);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0, magnitude = 0;
      for (int64_t t = 0; t < tokens; ++t) {
        sum += double(a[t * m + i]) * b[t * n + j];
        magnitude += std::abs(double(a[t * m + i]) * b[t * n + j]);
      }
      EXPECT_NEAR(sums[i * n + j], sum, magnitude * 1e-5) << i << ", " << j;
    }
}

TEST_P(Moments, AGramMatrixIsTheSameSum) {
  auto [m, n, tokens] = GetParam();
  std::vector<float> a = randomRows(tokens, m, 3);
  EXPECT_EQ(gramMatrix(a.data(), m, tokens, 1), sumOfProducts(a.data(), m, a.data(), m, tokens, 1));
}

TEST_P(Moments, ThreadsChangeNoBit) {
  auto [m, n, tokens] = GetParam();
  std::vector<float> a = randomRows(tokens, m, 4), b = randomRows(tokens, n, 5);
  EXPECT_EQ(sumOfProducts(a.data(), m, b.data(), n, tokens, 1), sumOfProducts(a.data(), m, b.data(), n, tokens, 3));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Moments,
                         testing::Values(std::tuple(1, 1, 1), std::tuple(3, 17, 5), std::tuple(4, 16, 256),
                                         std::tuple(37, 9, 300), std::tuple(70, 65, 513)));

} // namespace
