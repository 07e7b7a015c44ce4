#include "halftone/Quantize/AdaRound.h"
#include "TestData.h"
#include "halftone/Quantize/Compensate.h"
#include "gtest/gtest.h"

using namespace halftone;
using namespace llvm;

namespace {
/// The Gram matrix of `tokens` inputs of `cols` channels that depend on each other.
std::vector<double> correlatedGram(int64_t cols, int64_t tokens, unsigned seed) {
  std::vector<float> noise = normalWeights(size_t(tokens * (cols + 4)), seed);
  std::vector<double> gram(size_t(cols * cols)), x(cols);
  for (int64_t t = 0; t < tokens; ++t) {
    const float *z = noise.data() + t * (cols + 4);
    for (int64_t i = 0; i < cols; ++i)
      x[i] = z[4 + i] * 0.5 + z[i % 4] + 0.3 * z[(i / 3) % 4];
    for (int64_t i = 0; i < cols; ++i)
      for (int64_t j = 0; j < cols; ++j)
        gram[i * cols + j] += x[i] * x[j];
  }
  return gram;
}

AdaRoundResult learn(ArrayRef<float> w, int64_t rows, StringRef format, ArrayRef<double> gram,
                     AdaRoundOptions options = {}, unsigned threads = 1) {
  return cantFail(adaRound(w, rows, int64_t(w.size()) / rows, formatOf(format), gram, options, "w", threads));
}

TEST(AdaRound, BeginsAtTheWeights) {
  for (double h = 0; h < 1; h += 0x1p-7)
    EXPECT_NEAR(rectifiedSigmoid(inverseRectifiedSigmoid(h)), h, 1e-6);
  EXPECT_EQ(rectifiedSigmoid(10), 1);
  EXPECT_EQ(rectifiedSigmoid(-10), 0);
}

TEST(AdaRound, NeverWorseAndDecided) {
  int64_t weights = 0, undecided = 0;
  for (auto [format, cols] : {std::pair("rtn4g16", 48), std::pair("rtn3g0", 37), std::pair("int3g16", 40),
                              std::pair("int2t", 20), std::pair("rtn8g0f", 16), std::pair("rtn4g8", 1)}) {
    std::vector<float> w = normalWeights(8 * cols, 5 + cols);
    std::vector<double> gram = correlatedGram(cols, 2 * cols, 3);
    AdaRoundResult result = learn(w, 8, format, gram);
    EXPECT_NEAR(result.loss, compensationLoss(w, dequantize(result.matrix), 8, cols, gram), 1e-3 * result.loss + 1e-9);
    QuantizedMatrix nearest =
        cantFail(quantize(w, 8, cols, formatOf(format), WeightRange{WeightRange::MeanSquaredError}, "w"));
    EXPECT_NEAR(result.nearestLoss, compensationLoss(w, dequantize(nearest), 8, cols, gram), 1e-3 * result.nearestLoss);
    EXPECT_LE(result.loss, result.nearestLoss);
    if (cols > 16)
      EXPECT_LT(result.loss, 0.7 * result.nearestLoss) << format;
    weights += 8 * cols;
    undecided += result.undecided;
  }
  EXPECT_LE(undecided * 1000, weights);
}

// All roundings of a few weights: none is much better.
TEST(AdaRound, NearTheBestOfAllRoundings) {
  const int64_t cols = 10;
  std::vector<double> gram = correlatedGram(cols, 40, 8);
  double found = 0, best = 0, nearest = 0;
  for (unsigned seed = 0; seed < 10; ++seed) {
    std::vector<float> w = normalWeights(cols, seed);
    AdaRoundResult result = learn(w, 1, "rtn4g0f", gram);
    std::vector<float> candidate(cols);
    double least = result.nearestLoss;
    for (unsigned bits = 0; bits < 1u << cols; ++bits) {
      for (int64_t i = 0; i < cols; ++i) {
        double scale = result.matrix.rowScales[0];
        candidate[i] = float(std::clamp(std::floor(w[i] / scale) + (bits >> i & 1), -7.0, 7.0) * scale);
      }
      least = std::min(least, compensationLoss(w, candidate, 1, cols, gram));
    }
    found += result.loss;
    best += least;
    nearest += result.nearestLoss;
  }
  EXPECT_LE(found, best + 0.1 * (nearest - best));
}

TEST(AdaRound, SameBytesWithThreadsAndWithoutInputs) {
  std::vector<float> w = normalWeights(9 * 24, 1);
  AdaRoundOptions fast;
  fast.iterations = 50;
  std::vector<double> gram = correlatedGram(24, 50, 2);
  EXPECT_EQ(learn(w, 9, "int4g8", gram, fast, 1).matrix.codes, learn(w, 9, "int4g8", gram, fast, 3).matrix.codes);
  std::vector<double> nothing(24 * 24);
  EXPECT_EQ(learn(w, 9, "int4g8", nothing).matrix.codes,
            cantFail(quantize(w, 9, 24, formatOf("int4g8"), fast.range, "w")).codes);
}

TEST(AdaRound, Errors) {
  std::vector<double> gram(4);
  auto errorOf = [&](StringRef format) {
    return toString(adaRound({1, 2}, 1, 2, formatOf(format), gram, {}, "w").takeError());
  };
  EXPECT_EQ(errorOf("bcq2g2"), "tensor 'w': AdaRound rounds uniform integers, rtn and int; format 'bcq2g2' is none");
  gram.push_back(0);
  EXPECT_EQ(errorOf("rtn4g2"), "tensor 'w': a Gram matrix of 5 values is not 2 x 2");
}
} // namespace
