#include "halftone/Quantize/Compensate.h"
#include "TestData.h"
#include "halftone/Quantize/WeightRange.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <limits>
#include <numeric>

using namespace halftone;
using namespace llvm;

namespace {
const StringRef formats[] = {"bcq1g32",        "bcq2g32",   "bcq3g32",   "bcq3g16f",   "bcq4g0",    "bcqgreedy2g32f",
                             "bcqrefined3g32", "bcq8g32",   "rtn2g32",   "rtn4g32",    "rtn8g40",   "ternaryg32",
                             "ternaryg0",      "vsq2v16s4", "vsq4v16s6", "vsq3v16s10", "vsq4v16sf", "ternaryg32a",
                             "bcq2g32z",       "bcq3g16fz", "int2g32",   "int4g0",     "rtn4g32f",  "int3g32f",
                             "mxfp4",          "nvfp4"};

/// Sum over `tokens` of x x^T, where neighbouring inputs are correlated and some are much larger than others.
std::vector<double> correlatedGram(int64_t cols, int64_t tokens, unsigned seed) {
  std::vector<float> noise = normalWeights(cols * tokens, seed);
  std::vector<double> gram(cols * cols), x(cols);
  for (int64_t t = 0; t < tokens; ++t) {
    double state = 0;
    for (int64_t i = 0; i < cols; ++i) {
      state = 0.9 * state + noise[t * cols + i];
      x[i] = state * (i % 11 == 3 ? 4 : 1);
    }
    for (int64_t i = 0; i < cols; ++i)
      for (int64_t j = 0; j < cols; ++j)
        gram[i * cols + j] += x[i] * x[j];
  }
  return gram;
}

std::vector<double> identity(int64_t cols) {
  std::vector<double> gram(cols * cols);
  for (int64_t i = 0; i < cols; ++i)
    gram[i * cols + i] = 1;
  return gram;
}

QuantizedMatrix compensated(ArrayRef<float> weights, int64_t rows, int64_t cols, StringRef format,
                            ArrayRef<double> gram, CompensateOptions options = {}, unsigned threads = 1) {
  return cantFail(quantizeCompensated(weights, rows, cols, formatOf(format), gram, options, "w", threads));
}

double lossOf(ArrayRef<float> weights, const QuantizedMatrix &q, ArrayRef<double> gram) {
  return compensationLoss(weights, dequantize(q), q.rows, q.cols, gram);
}

/// What Quantize.h promises of every result.
void expectValid(const QuantizedMatrix &q) {
  const Format &f = q.format;
  bool twoLevel = f.kind == FormatKind::Bcq && !f.planeScales, isVsq = f.kind == FormatKind::Vsq;
  bool isInteger = f.kind == FormatKind::Rtn || (isVsq && f.element == VsqElement::Signed);
  QuantizedMatrix plain = quantized(std::vector<float>(q.rows * q.cols, 1.0f), q.rows, q.cols, f.name());
  ASSERT_EQ(q.codes.size(), plain.codes.size());
  ASSERT_EQ(q.scales.size(), plain.scales.size());
  ASSERT_EQ(q.multipliers.size(), plain.multipliers.size());
  ASSERT_EQ(q.rowScales.size(), plain.rowScales.size());
  ASSERT_EQ(q.vectorScales.size(), plain.vectorScales.size());
  for (auto [i, half] : enumerate(q.scales)) {
    bool isOffset = f.offset && f.planeScales && i % (f.bits + 1) == f.bits;
    ASSERT_LT(isOffset ? half & 0x7fff : half, 0x7c00) << "finite and non-negative";
  }
  for (ArrayRef<float> scales : {ArrayRef(q.rowScales), ArrayRef(q.vectorScales)})
    for (float scale : scales)
      ASSERT_TRUE(std::isfinite(scale) && scale >= 0);
  for (uint8_t code : q.codes) {
    ASSERT_LT(code, f.kind == FormatKind::Ternary ? 3u : 1u << f.bits);
    if (isInteger && !f.offset)
      ASSERT_GT(code, 0) << "symmetric";
  }
  int64_t groups = q.rows * q.groups();
  for (int64_t g = 0; g < groups; ++g) {
    int64_t stride = f.bits + f.offset;
    if (f.planeScales)
      ASSERT_TRUE(std::is_sorted(&q.scales[g * stride], &q.scales[g * stride] + f.bits, std::greater<>()));
    if (isVsq && f.vectorScale == VsqScale::Integer) {
      ASSERT_GT(q.vectorScale(g / q.groups(), g % q.groups()), 0);
      ASSERT_LT(q.vectorScale(g / q.groups(), g % q.groups()), 1 << f.scaleBits);
    } else if (isVsq && f.vectorScale != VsqScale::Float) {
      ASSERT_LT(uint8_t(q.multipliers[g]), f.vectorScale == VsqScale::E8M0 ? 255 : 127);
    }
    if (f.kind == FormatKind::Rtn && f.offset)
      ASSERT_LT(q.zeroPoint(g), 1 << f.bits);
    if (!twoLevel)
      continue;
    const int8_t *m = &q.multipliers[g * stride];
    ASSERT_TRUE(std::is_sorted(m, m + f.bits, std::greater<>()));
    ASSERT_GE(m[f.bits - 1], 0);
    ASSERT_LE(std::accumulate(m, m + f.bits, 0), 127);
    if (f.offset)
      ASSERT_NE(m[f.bits], -128);
  }
}

std::string errorText(ArrayRef<float> weights, int64_t rows, int64_t cols, StringRef format, ArrayRef<double> gram,
                      CompensateOptions options = {}) {
  return toString(
      quantizeCompensated(weights, rows, cols, formatOf(format), gram, options, "layer.weight", 1).takeError());
}

TEST(Compensate, NeverAboveQuantizeOnCorrelatedInputs) {
  constexpr int64_t rows = 12, cols = 96;
  std::vector<float> weights = normalWeights(rows * cols, 1);
  std::vector<double> gram = correlatedGram(cols, 300, 2);
  for (StringRef format : formats) {
    SCOPED_TRACE(format.str());
    QuantizedMatrix plain = quantized(weights, rows, cols, format), q = compensated(weights, rows, cols, format, gram);
    expectValid(q);
    EXPECT_EQ(q.format, plain.format);
    // Every row on its own, and much better together.
    std::vector<float> before = dequantize(plain), after = dequantize(q);
    for (int64_t row = 0; row < rows; ++row) {
      ArrayRef<float> w = ArrayRef(weights).slice(row * cols, cols);
      EXPECT_LE(compensationLoss(w, ArrayRef(after).slice(row * cols, cols), 1, cols, gram),
                compensationLoss(w, ArrayRef(before).slice(row * cols, cols), 1, cols, gram) * (1 + 1e-6));
    }
    EXPECT_LT(lossOf(weights, q, gram), 0.6 * lossOf(weights, plain, gram));
  }
}

TEST(Compensate, EachIngredientHelps) {
  constexpr int64_t rows = 32, cols = 128;
  std::vector<float> weights = normalWeights(rows * cols, 3);
  std::vector<double> gram = correlatedGram(cols, 500, 4);
  for (StringRef format :
       {"bcq2g32", "bcq3g32", "ternaryg32", "rtn3g32", "bcq2g32z", "int2g32", "int3g32", "vsq3v16s4", "vsq2v16s10"}) {
    SCOPED_TRACE(format.str());
    CompensateOptions options;
    options.groupRounds = options.sweeps = 0;
    double scheme = lossOf(weights, compensated(weights, rows, cols, format, gram, options), gram);
    options.groupRounds = 8;
    double rounds = lossOf(weights, compensated(weights, rows, cols, format, gram, options), gram);
    options.sweeps = 16;
    options.refitScales = false;
    double codes = lossOf(weights, compensated(weights, rows, cols, format, gram, options), gram);
    options.refitScales = true;
    double all = lossOf(weights, compensated(weights, rows, cols, format, gram, options), gram);
    EXPECT_LT(scheme, lossOf(weights, quantized(weights, rows, cols, format), gram));
    EXPECT_LT(rounds, scheme);
    EXPECT_LT(all, rounds);
    EXPECT_LT(all, codes);
  }
}

TEST(Compensate, SweepsAreMonotone) {
  constexpr int64_t rows = 6, cols = 80;
  std::vector<float> weights = normalWeights(rows * cols, 5);
  std::vector<double> gram = correlatedGram(cols, 200, 6);
  CompensateOptions options;
  options.damping = 1e-6; // so that the loss measured here is the one that is minimised
  for (StringRef format : {"bcq2g32", "bcq4g32f", "ternaryg16", "rtn3g0", "bcq2g32z", "int3g32", "vsq3v16s4"}) {
    double last = std::numeric_limits<double>::infinity();
    for (unsigned sweeps : {0u, 1u, 2u, 3u, 5u, 20u}) {
      options.sweeps = sweeps;
      double loss = lossOf(weights, compensated(weights, rows, cols, format, gram, options), gram);
      EXPECT_LE(loss, last * (1 + 1e-5)) << format.str() << " " << sweeps;
      last = loss;
    }
  }
}

/// With codes as good as they get one at a time, no single change of a code lowers the loss.
TEST(Compensate, NoSingleCodeCanBeImproved) {
  constexpr int64_t rows = 3, cols = 64;
  std::vector<float> weights = normalWeights(rows * cols, 7);
  std::vector<double> gram = correlatedGram(cols, 200, 8);
  CompensateOptions options;
  options.damping = 1e-6;
  options.sweeps = 200;
  for (StringRef format : {"bcq2g32", "ternaryg32"}) {
    QuantizedMatrix q = compensated(weights, rows, cols, format, gram, options);
    double loss = lossOf(weights, q, gram);
    for (size_t i = 0; i < q.codes.size(); ++i) {
      uint8_t kept = q.codes[i];
      for (uint8_t code = 0; code < (q.format.kind == FormatKind::Ternary ? 3 : 4); ++code) {
        q.codes[i] = code;
        ASSERT_GE(lossOf(weights, q, gram), loss * (1 - 1e-5)) << format.str() << " " << i;
      }
      q.codes[i] = kept;
    }
  }
}

TEST(Compensate, IdentityIsNotWorseThanQuantize) {
  constexpr int64_t rows = 8, cols = 100;
  std::vector<float> weights = normalWeights(rows * cols, 9);
  std::vector<double> gram = identity(cols);
  for (StringRef format : formats)
    EXPECT_LE(lossOf(weights, compensated(weights, rows, cols, format, gram), gram),
              lossOf(weights, quantized(weights, rows, cols, format), gram) * (1 + 1e-9))
        << format.str();
}

TEST(Compensate, SingularGram) {
  constexpr int64_t rows = 5, cols = 96;
  std::vector<float> weights = normalWeights(rows * cols, 10);
  std::vector<double> one = correlatedGram(cols, 1, 11), zero(cols * cols, 0.0), few = correlatedGram(cols, 40, 12);
  for (int64_t i = 0; i < cols; ++i) // columns that are always zero
    for (int64_t dead : {0, 40, 95})
      few[i * cols + dead] = few[dead * cols + i] = 0;
  CompensateOptions tiny;
  tiny.damping = 1e-30;
  for (StringRef format : formats)
    for (ArrayRef<double> gram : {ArrayRef(one), ArrayRef(zero), ArrayRef(few)})
      for (const CompensateOptions &options : {CompensateOptions(), tiny}) {
        QuantizedMatrix q = compensated(weights, rows, cols, format, gram, options);
        expectValid(q);
        double plain = lossOf(weights, quantized(weights, rows, cols, format), gram);
        EXPECT_LE(lossOf(weights, q, gram), plain * (1 + 1e-6) + 1e-9) << format.str();
        EXPECT_LT(relativeSquaredError(weights, dequantize(q)), 4) << "no weight runs away where inputs are zero";
      }
}

TEST(Compensate, OddShapes) {
  const std::pair<int64_t, int64_t> shapes[] = {{1, 1}, {1, 77}, {40, 1}, {3, 172}, {2, 33}, {0, 5}, {5, 0}};
  for (auto [rows, cols] : shapes)
    for (StringRef format : formats) {
      SCOPED_TRACE(format.str() + " " + std::to_string(rows) + "x" + std::to_string(cols));
      std::vector<float> weights = normalWeights(rows * cols, 13);
      std::vector<double> gram = correlatedGram(cols, 50, 14);
      QuantizedMatrix q = compensated(weights, rows, cols, format, gram);
      expectValid(q);
      EXPECT_LE(lossOf(weights, q, gram),
                lossOf(weights, quantized(weights, rows, cols, format), gram) * (1 + 1e-6) + 1e-9);
    }
}

TEST(Compensate, ZeroConstantAndHugeWeights) {
  std::vector<double> gram = correlatedGram(64, 100, 15);
  std::vector<float> weights(3 * 64, 0.0f);
  std::fill_n(weights.begin() + 64, 64, 0.5f);
  weights[128 + 17] = -50000;
  for (StringRef format : formats) {
    QuantizedMatrix q = compensated(weights, 3, 64, format, gram);
    expectValid(q);
    std::vector<float> values = dequantize(q);
    EXPECT_TRUE(all_of(ArrayRef(values).take_front(64), [](float v) { return v == 0; })) << format.str();
    EXPECT_LE(lossOf(weights, q, gram), lossOf(weights, quantized(weights, 3, 64, format), gram) * (1 + 1e-6));
  }
}

TEST(Compensate, SameBytesWithAnyNumberOfThreads) {
  constexpr int64_t rows = 37, cols = 200;
  std::vector<float> weights = normalWeights(rows * cols, 16);
  std::vector<double> gram = correlatedGram(cols, 300, 17);
  std::vector<float> narrow(gram.begin(), gram.end());
  for (StringRef format : {"bcq3g32", "bcq2g64f", "ternaryg32", "rtn4g32", "int3g32", "vsq3v16s4"}) {
    QuantizedMatrix one = compensated(weights, rows, cols, format, gram);
    for (unsigned threads : {0u, 2u, 5u}) {
      QuantizedMatrix many = compensated(weights, rows, cols, format, gram, {}, threads);
      EXPECT_EQ(one.codes, many.codes);
      EXPECT_EQ(one.scales, many.scales);
      EXPECT_EQ(one.multipliers, many.multipliers);
      EXPECT_EQ(one.rowScales, many.rowScales);
    }
    QuantizedMatrix fromFloats =
        cantFail(quantizeCompensated(weights, rows, cols, formatOf(format), ArrayRef<float>(narrow), {}, "w"));
    EXPECT_NEAR(lossOf(weights, fromFloats, gram) / lossOf(weights, one, gram), 1, 0.02);
  }
}

/// Rows do not see each other, and the natural order is another order of the same columns.
TEST(Compensate, RowsAndOrder) {
  constexpr int64_t rows = 4, cols = 100;
  std::vector<float> weights = normalWeights(rows * cols, 18);
  std::vector<double> gram = correlatedGram(cols, 300, 19);
  QuantizedMatrix all = compensated(weights, rows, cols, "bcq3g32", gram);
  QuantizedMatrix last = compensated(ArrayRef(weights).take_back(cols), 1, cols, "bcq3g32", gram);
  EXPECT_TRUE(std::equal(last.codes.begin(), last.codes.end(), all.codes.end() - cols));
  CompensateOptions options;
  options.order = ColumnOrder::Natural;
  QuantizedMatrix natural = compensated(weights, rows, cols, "bcq3g32", gram, options);
  expectValid(natural);
  EXPECT_NEAR(lossOf(weights, natural, gram) / lossOf(weights, all, gram), 1, 0.3);
}

/// Inputs that went through a linear map on the way: the target undoes it, as far as damping lets it.
TEST(CompensationTarget, UndoesWhatEarlierLayersDid) {
  constexpr int64_t rows = 3, cols = 24, tokens = 200;
  std::vector<float> weights = normalWeights(rows * cols, 22), x = normalWeights(tokens * cols, 23), changed = x;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t i = 1; i < cols; ++i)
      changed[t * cols + i] = 0.5f * x[t * cols + i] + 0.25f * x[t * cols + i - 1];
  // What is missing from the output, as a function of the weights.
  auto missingOf = [&](ArrayRef<float> present, double &squares) {
    std::vector<double> missing(rows * cols);
    squares = 0;
    for (int64_t t = 0; t < tokens; ++t)
      for (int64_t r = 0; r < rows; ++r) {
        double lack = 0;
        for (int64_t i = 0; i < cols; ++i)
          lack +=
              double(weights[r * cols + i]) * x[t * cols + i] - double(present[r * cols + i]) * changed[t * cols + i];
        squares += lack * lack;
        for (int64_t i = 0; i < cols; ++i)
          missing[r * cols + i] += lack * changed[t * cols + i];
      }
    return missing;
  };
  std::vector<double> gram(cols * cols);
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t i = 0; i < cols; ++i)
      for (int64_t j = 0; j < cols; ++j)
        gram[i * cols + j] += double(changed[t * cols + i]) * changed[t * cols + j];
  double before, after;
  std::vector<double> missing = missingOf(weights, before);
  std::vector<float> target = cantFail(compensationTarget(weights, rows, cols, gram, missing, 1e-9, "w", 1));
  missingOf(target, after);
  EXPECT_GT(before, 100);
  EXPECT_LT(after, 1e-8 * before);
  EXPECT_EQ(cantFail(compensationTarget(weights, rows, cols, gram, missing, 1e-9, "w", 3)), target);
  EXPECT_EQ(cantFail(compensationTarget(weights, rows, cols, gram, std::vector<double>(rows * cols), 0.01, "w")),
            weights)
      << "nothing is missing";
  missing[5] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(toString(compensationTarget(weights, rows, cols, gram, missing, 0.01, "layer.weight").takeError()),
            "tensor 'layer.weight': the weights or the moments of the missing output are not finite; calibrate again");
  EXPECT_EQ(toString(compensationTarget(weights, rows, cols, gram, gram, 0.01, "layer.weight").takeError()),
            "tensor 'layer.weight': 72 weights and 576 moments of the missing output are not both 3 x 24");
}

TEST(Compensate, FixedScalesStayAndCodesMakeUp) {
  // One scale for the whole tensor: rows depend on each other, so it stays as quantize() found it.
  std::vector<float> weights = normalWeights(6 * 72, 30);
  std::vector<double> gram = correlatedGram(72, 300, 31);
  WeightRange range;
  range.kind = WeightRange::MeanSquaredError;
  QuantizedMatrix plain = cantFail(quantize(weights, 6, 72, formatOf("int4t"), range, "w"));
  QuantizedMatrix q = compensated(weights, 6, 72, "int4t", gram);
  EXPECT_EQ(q.scales, plain.scales);
  EXPECT_EQ(q.multipliers, plain.multipliers);
  EXPECT_LT(lossOf(weights, q, gram), 0.5 * lossOf(weights, plain, gram));
}

/// What a group stores beside its codes is as good as it gets, one number at a time: no zero point, no offset and no
/// vector's integer next to the one that is stored is better.
TEST(Compensate, NoStoredIntegerCanBeImproved) {
  constexpr int64_t rows = 3, cols = 64;
  std::vector<float> weights = normalWeights(rows * cols, 36);
  std::vector<double> gram = correlatedGram(cols, 200, 37);
  CompensateOptions options;
  options.damping = 1e-6;
  options.sweeps = 200;
  for (StringRef format : {"int3g32", "vsq3v16s4"}) {
    QuantizedMatrix q = compensated(weights, rows, cols, format, gram, options);
    double loss = lossOf(weights, q, gram);
    for (size_t i = 0; i < q.multipliers.size(); ++i) {
      int8_t kept = q.multipliers[i];
      int most = q.format.kind == FormatKind::Rtn ? 7 : 15;
      for (int step : {-1, 1}) {
        int next = int(uint8_t(kept)) + step;
        q.multipliers[i] = int8_t(next);
        if (next >= (q.format.kind == FormatKind::Rtn ? 0 : 1) && next <= most)
          EXPECT_GE(lossOf(weights, q, gram), loss * (1 - 1e-5)) << format.str() << " " << i;
      }
      q.multipliers[i] = kept;
    }
  }
}

/// A row's scale is the best for its codes and its vectors' integers.
TEST(Compensate, RowScalesAreFitted) {
  constexpr int64_t rows = 4, cols = 96;
  std::vector<float> weights = normalWeights(rows * cols, 38);
  std::vector<double> gram = correlatedGram(cols, 300, 39);
  CompensateOptions options;
  options.damping = 1e-6;
  QuantizedMatrix q = compensated(weights, rows, cols, "vsq2v16s6", gram, options);
  double loss = lossOf(weights, q, gram);
  for (int64_t row = 0; row < rows; ++row)
    for (float factor : {0.998f, 1.002f}) {
      QuantizedMatrix other = q;
      other.rowScales[row] *= factor;
      EXPECT_GE(lossOf(weights, other, gram), loss * (1 - 1e-5)) << row;
    }
}

TEST(Compensate, ABatchChangesNoRow) {
  // Rows are solved several at a time; each must come out as it does alone.
  std::vector<float> weights = normalWeights(11 * 40, 32);
  std::vector<double> gram = correlatedGram(40, 200, 33);
  QuantizedMatrix all = compensated(weights, 11, 40, "bcq2g16", gram);
  std::vector<float> values = dequantize(all);
  for (int64_t row = 0; row < 11; ++row) {
    QuantizedMatrix alone = compensated(ArrayRef(weights).slice(row * 40, 40), 1, 40, "bcq2g16", gram);
    EXPECT_EQ(dequantize(alone), std::vector<float>(values.begin() + row * 40, values.begin() + (row + 1) * 40)) << row;
  }
}

TEST(Compensate, FewerStartsAndSweepsAreNeverAboveQuantize) {
  std::vector<float> weights = normalWeights(8 * 64, 34);
  std::vector<double> gram = correlatedGram(64, 300, 35);
  CompensateOptions quick;
  quick.starts = 2;
  quick.sweepTolerance = 0.01;
  quick.sweepPlain = false;
  double full = lossOf(weights, compensated(weights, 8, 64, "bcq2g32", gram), gram);
  double fast = lossOf(weights, compensated(weights, 8, 64, "bcq2g32", gram, quick), gram);
  EXPECT_LT(fast, lossOf(weights, quantized(weights, 8, 64, "bcq2g32"), gram));
  EXPECT_LT(fast, 1.25 * full); // 1.15 when it was written
}

TEST(Compensate, BadInput) {
  std::vector<float> weights = normalWeights(2 * 32, 20);
  std::vector<double> gram = correlatedGram(32, 50, 21), bad = gram;
  const std::string head = "tensor 'layer.weight': ";
  bad[5 * 32 + 7] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(errorText(weights, 2, 32, "bcq3g32", bad),
            head + "the Gram matrix is not a number at [5, 7]; calibrate again");
  bad[5 * 32 + 7] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(errorText(weights, 2, 32, "bcq3g32", bad), head + "the Gram matrix is infinite at [5, 7]; calibrate again");
  bad[5 * 32 + 7] = gram[5 * 32 + 7] * 2;
  EXPECT_EQ(errorText(weights, 2, 32, "bcq3g32", bad),
            head + "the Gram matrix is not symmetric at [7, 5]; it must be a sum of x x^T");
  bad = gram;
  bad[0] = -1;
  EXPECT_EQ(errorText(weights, 2, 32, "rtn4g32", bad),
            head + "the Gram matrix is negative on its diagonal at [0, 0]; it must be a sum of x x^T");
  bad = identity(32);
  bad[1] = bad[32] = 1; // still semidefinite
  EXPECT_EQ(toString(quantizeCompensated(weights, 2, 32, formatOf("bcq3g32"), ArrayRef(bad), {}, "w").takeError()), "");
  for (int i = 0; i < 32; ++i)
    for (int j = 0; j < 32; ++j)
      bad[i * 32 + j] = i == j ? 0.001 : -1;
  EXPECT_NE(errorText(weights, 2, 32, "bcq3g32", bad), "");
  EXPECT_EQ(errorText(weights, 2, 32, "bcq3g32", ArrayRef(gram).drop_back()),
            head + "a Gram matrix of 1023 values is not 32 x 32");
  CompensateOptions options;
  options.damping = 0;
  EXPECT_EQ(errorText(weights, 2, 32, "bcq3g32", gram, options), head + "damping must be above 0 and at most 1");
  weights[33] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(errorText(weights, 2, 32, "bcq3g32", gram), head + "the weight at [1, 1] is not a number");
}
} // namespace
