#include "halftone/Quantize/Rewrites.h"
#include "TestData.h"
#include "gtest/gtest.h"

using namespace halftone;
using namespace llvm;

namespace {
/// R as a dense matrix, row-major.
std::vector<double> matrixOf(const Rotation &rotation) {
  int64_t n = rotation.size();
  std::vector<double> matrix(size_t(n * n));
  for (int64_t i = 0; i < n; ++i) {
    matrix[i * n + i] = 1;
    rotation.apply(MutableArrayRef(matrix).slice(i * n, n));
  }
  return matrix;
}

TEST(Rewrites, RotationsAreOrthogonal) {
  for (int64_t n : {1, 2, 3, 7, 8, 12, 36, 64, 172}) {
    std::vector<double> r = matrixOf(Rotation(n, 5));
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) {
        double dot = 0;
        for (int64_t k = 0; k < n; ++k)
          dot += r[i * n + k] * r[j * n + k];
        EXPECT_NEAR(dot, i == j, 1e-12);
      }
  }
}

TEST(Rewrites, RotationsDependOnTheSeed) {
  EXPECT_EQ(matrixOf(Rotation(24, 3)), matrixOf(Rotation(24, 3)));
  EXPECT_NE(matrixOf(Rotation(24, 3)), matrixOf(Rotation(24, 4)));
}

// Powers of two: all entries have the same magnitude.
TEST(Rewrites, HadamardEntries) {
  for (double entry : matrixOf(Rotation(16, 1)))
    EXPECT_EQ(std::abs(entry), 0.25);
}

// Six dimensions that are far out in every token: the rotated tokens look normal.
TEST(Rewrites, RotationLowersKurtosis) {
  for (int64_t n : {96, 128}) {
    std::vector<float> x = normalWeights(64 * n, 9), rotated = x;
    Rotation rotation(n, 1);
    for (int64_t t = 0; t < 64; ++t) {
      for (int64_t k = 0; k < 6; ++k)
        x[t * n + 7 * k] = float((k % 2 ? -1 : 1) * (20 + 5 * k));
      std::vector<double> row(x.begin() + t * n, x.begin() + (t + 1) * n);
      rotation.apply(row);
      copy(row, rotated.begin() + t * n);
    }
    EXPECT_GT(kurtosis(x), 10);
    EXPECT_LT(kurtosis(rotated), 5);
  }
  EXPECT_EQ(kurtosis({2, 2, 2}), 0);
  EXPECT_NEAR(kurtosis(normalGrid()), 3, 0.01);
}

// y = W x stays where x is rotated by the columns' rotation; rows rotate y. Blocks are rotated alike.
TEST(Rewrites, RotatedMatrices) {
  const int64_t rows = 6, cols = 12;
  for (int64_t block : {0, 3, 6}) {
    std::vector<float> w = normalWeights(rows * cols, 3), rotated = w;
    rotateChannels({rotated, rows, cols}, /*columns=*/true, block, 7, 1);
    std::vector<float> threaded = w;
    rotateChannels({threaded, rows, cols}, /*columns=*/true, block, 7, 3);
    EXPECT_EQ(rotated, threaded);
    Rotation rotation(block ? block : cols, 7);
    std::vector<double> r = matrixOf(rotation);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t col = 0; col < cols; ++col) {
        double sum = 0;
        int64_t first = col / rotation.size() * rotation.size();
        for (int64_t k = 0; k < rotation.size(); ++k)
          sum += w[row * cols + first + k] * r[k * rotation.size() + col - first];
        EXPECT_NEAR(rotated[row * cols + col], sum, 1e-6);
      }
    // Rows of the transposed matrix.
    std::vector<float> transposed(rows * cols);
    for (int64_t i = 0; i < rows * cols; ++i)
      transposed[i % cols * rows + i / cols] = w[i];
    rotateChannels({transposed, cols, rows}, /*columns=*/false, block, 7, 1);
    for (int64_t i = 0; i < rows * cols; ++i)
      EXPECT_EQ(transposed[i % cols * rows + i / cols], rotated[i]);
  }
}

// Four columns share two channels, in blocks of two: columns 0, 2 and 1, 3 of each half.
TEST(Rewrites, RepeatedChannels) {
  std::vector<float> w = {1, 2, 3, 4, 5, 6, 7, -8, -9, 1, 1, 1, 1, 1, 1, 1};
  std::vector<double> magnitudes(4);
  noteMagnitudes({w, 2, 8}, /*columns=*/true, 2, 2, magnitudes);
  EXPECT_EQ(magnitudes, std::vector<double>({9, 4, 7, 8}));
  scaleChannels({w, 2, 8}, /*columns=*/true, 2, 2, /*inverse=*/false, {2, 4, 8, 16});
  EXPECT_EQ(ArrayRef(w).take_front(8), ArrayRef<float>({2, 8, 6, 16, 40, 96, 56, -128}));
  scaleChannels({w, 8, 2}, /*columns=*/false, 1, 1, /*inverse=*/true, {2, 2, 8, 8, 1, 1, 1, 1});
  EXPECT_EQ(ArrayRef(w).take_front(8), ArrayRef<float>({1, 4, 3, 8, 5, 12, 7, -16}));
}

// Inputs with a mean: quantized outputs are off by a constant, which the correction takes away.
TEST(Rewrites, BiasCorrection) {
  const int64_t rows = 5, cols = 24, tokens = 200;
  std::vector<float> w = normalWeights(rows * cols, 1), x = normalWeights(tokens * cols, 2);
  for (int64_t i = 0; i < tokens * cols; ++i)
    x[i] += float(i % cols % 5);
  std::vector<float> rounded = dequantize(quantized(w, rows, cols, "rtn3g0"));
  std::vector<double> means(cols);
  for (int64_t i = 0; i < tokens * cols; ++i)
    means[i % cols] += double(x[i]) / tokens;
  std::vector<float> correction = biasCorrection(w, rounded, means);
  ASSERT_EQ(correction.size(), size_t(rows));
  for (int64_t row = 0; row < rows; ++row) {
    double before = 0, after = 0;
    for (int64_t t = 0; t < tokens; ++t) {
      double error = 0;
      for (int64_t i = 0; i < cols; ++i)
        error += (double(w[row * cols + i]) - rounded[row * cols + i]) * x[t * cols + i];
      before += error * error;
      after += (error - correction[row]) * (error - correction[row]);
    }
    EXPECT_LT(after, before);
  }
}

TEST(Rewrites, NamesOfEqualizations) {
  EXPECT_EQ(cantFail(parseEqualization("")).beta, 0.5);
  EXPECT_EQ(cantFail(parseEqualization("0.75")).beta, 0.25);
  EXPECT_FALSE(cantFail(parseEqualization("1")).means);
  EXPECT_EQ(cantFail(parseEqualization("awq:0.25")).alpha, 0.25);
  EXPECT_EQ(cantFail(parseEqualization("awq")).beta, 0);
  EXPECT_TRUE(cantFail(parseEqualization("awq")).search);
  EXPECT_FALSE(cantFail(parseEqualization("awq:0.5")).search);
  for (StringRef wrong : {"2", "-0.1", "awq0.5", "awq:", "smooth", "nan"})
    EXPECT_EQ(toString(parseEqualization(wrong).takeError()),
              ("unknown equalization '" + wrong + "', expected <alpha>, awq or awq:<alpha>, alpha from 0 to 1").str());
}

TEST(Rewrites, EqualizingScales) {
  std::vector<float> s = equalizingScales({16, 1, 4, 0, 3}, {1, 1, 4, 2, 0}, 0.5, 0.5);
  // 4, 1, 1 over their geometric mean.
  double mean = std::cbrt(4.0);
  EXPECT_FLOAT_EQ(s[0], float(4 / mean));
  EXPECT_FLOAT_EQ(s[1], float(1 / mean));
  EXPECT_FLOAT_EQ(s[2], float(1 / mean));
  EXPECT_EQ(s[3], 1);
  EXPECT_EQ(s[4], 1);
  EXPECT_EQ(equalizingScales({5, 7}, {3, 2}, 0, 0), std::vector<float>({1, 1}));
}
} // namespace
