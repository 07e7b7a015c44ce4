//===- GramTest.cpp - Sums of outer products ------------------------------===//

#include "halftone/Calibrate/Gram.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace halftone;

namespace {

std::vector<float> randomRows(int64_t rows, int64_t cols) {
  std::mt19937 random(uint32_t(rows * 100 + cols));
  std::normal_distribution<float> normal;
  std::vector<float> values(size_t(rows * cols));
  for (float &value : values)
    value = normal(random);
  return values;
}

/// Adds the rows `step` at a time.
GramAccumulator accumulate(const std::vector<float> &rows, int64_t cols, int64_t step, unsigned threads) {
  GramAccumulator gram(cols);
  llvm::ArrayRef<float> rest = rows;
  while (!rest.empty()) {
    size_t count = std::min(rest.size(), size_t(step * cols));
    gram.add(rest.take_front(count), threads);
    rest = rest.drop_front(count);
  }
  gram.finish(threads);
  return gram;
}

// Panels of 16 columns, batches of 256 rows, float sums of 64: sizes around each.
class Gram : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {};

TEST_P(Gram, IsThatOfAPlainLoop) {
  auto [rows, cols] = GetParam();
  std::vector<float> x = randomRows(rows, cols);
  GramAccumulator gram = accumulate(x, cols, rows, 1);
  for (int64_t i = 0; i < cols; ++i)
    for (int64_t j = 0; j < cols; ++j) {
      double sum = 0, magnitude = 0;
      for (int64_t t = 0; t < rows; ++t) {
        double product = double(x[size_t(t * cols + i)]) * x[size_t(t * cols + j)];
        sum += product;
        magnitude += std::abs(product);
      }
      ASSERT_NEAR(gram.at(i, j), sum, 4e-6 * magnitude) << i << ", " << j;
      ASSERT_EQ(gram.at(i, j), gram.at(j, i));
    }
}

TEST_P(Gram, DependsOnNothingElse) {
  auto [rows, cols] = GetParam();
  std::vector<float> x = randomRows(rows, cols);
  GramAccumulator once = accumulate(x, cols, rows, 1), often = accumulate(x, cols, 7, 3);
  std::vector<float> a(static_cast<size_t>(cols)), b = a;
  for (int64_t i = 0; i < cols; ++i) {
    once.row(i, a);
    often.row(i, b);
    ASSERT_EQ(a, b) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Gram,
                         testing::Combine(testing::Values(1, 63, 64, 65, 257), testing::Values(1, 15, 16, 17, 100)));

TEST(GramMemory, IsTold) { EXPECT_EQ(GramAccumulator::bytes(17), 32 * (32 * 8 + 256 * 4)); }

} // namespace
