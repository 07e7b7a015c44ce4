//===- MatmulTest.cpp - Products of every format, shape and strategy ------===//
//
// Bit for bit what the numerics contract says, on every instruction set.
//
//===----------------------------------------------------------------------===//

#include "CpuTest.h"
#include "Oracle.h"
#include "halftone/Pack/Layout.h"
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

using namespace halftone;
using namespace halftone::test;

namespace {

struct Shape {
  int64_t rows, cols;
};

/// Rows and columns around the sizes that kernels think in: 4, 16, 32, 64, and tails of all of them.
const Shape shapes[] = {{1, 1},   {1, 3},    {2, 5},    {3, 37},  {15, 31},  {16, 32},  {17, 33}, {31, 64},
                        {65, 70}, {129, 40}, {70, 172}, {64, 96}, {33, 300}, {18, 515}, {130, 7}, {5, 1100}};
const int64_t groups[] = {32, 0, 7, 40, 128, 1, 16, 33, 64, 1000};

/// The three functions of a format and shape: both integer strategies, and float activations.
void addCases(std::vector<Case> &cases, const std::string &format, Shape shape, bool oneToken) {
  bool hasIntegers = format != "float" && !llvm::cantFail(parseFormat(format)).planeScales;
  for (const char *strategy : {"dot", "lut", "dequant"}) {
    if (!hasIntegers && strategy != std::string("dequant"))
      continue;
    cases.push_back(makeCase(format, shape.rows, shape.cols, strategy));
    cases.back().oneToken = oneToken;
  }
}

/// `count` shapes and groups for each format, drawn from the lists so that all of them meet many formats.
std::vector<Case> makeCases(const std::vector<std::string> &prefixes, const std::string &suffix, int count) {
  std::vector<Case> cases;
  size_t shape = prefixes.size(), group = 3 * prefixes.size();
  for (const std::string &prefix : prefixes)
    for (int i = 0; i < count; ++i) {
      std::string format = prefix == "float" ? prefix : prefix + "g" + std::to_string(groups[group % 10]) + suffix;
      addCases(cases, format, shapes[shape % 16], i % 2 == 1);
      shape += 5;
      group += 3;
    }
  return cases;
}

class MatmulTest : public CpuTest {
protected:
  void check(const std::vector<Case> &cases);
  void checkManyColumns(const std::vector<Case> &cases);
};

void expectEqual(const std::vector<float> &y, const std::vector<float> &expected, const Case &c, int64_t tokens) {
  int64_t at = firstDifference(y, expected);
  EXPECT_EQ(at, -1) << c.text() << ", " << tokens << " tokens: y[" << at / c.rows << ", " << at % c.rows << "] is "
                    << y[at] << " instead of " << expected[at];
}

/// The float products are also near the exact ones: catches an oracle that is wrong in the same way.
void expectNearExact(const std::vector<float> &y, const Case &c, const std::vector<float> &x, int64_t tokens) {
  std::vector<float> weights = c.isFloat() ? c.weights : dequantize(c.matrix);
  for (int64_t token = 0; token < tokens; ++token)
    for (int64_t row = 0; row < c.rows; ++row) {
      double sum = 0, magnitude = 0;
      for (int64_t k = 0; k < c.cols; ++k) {
        float value = x[token * c.cols + k];
        if (c.vectors && c.vectors->isUnsigned)
          value = std::max(value, 0.0f);
        double product = double(weights[row * c.cols + k]) * value;
        sum += product;
        magnitude += std::fabs(product);
      }
      // Integer activations are off by up to half a step: 1/254 of the largest.
      double tolerance = c.isInteger() ? 0 : 1e-5 * magnitude + 1e-40;
      if (c.isInteger()) {
        float largest = 0;
        for (int64_t k = 0; k < c.cols; ++k)
          largest = std::max(largest, std::fabs(x[token * c.cols + k]));
        for (int64_t k = 0; k < c.cols; ++k)
          tolerance += std::fabs(double(weights[row * c.cols + k])) * largest *
                       (c.vectors ? 0.505 / double(c.vectors->limit()) : 0.00395);
        tolerance += 1e-28;
      }
      ASSERT_NEAR(y[token * c.rows + row], sum, tolerance) << c.text() << " at [" << token << ", " << row << "]";
    }
}

Case makeVectorsCase(const char *weights, const char *activations, int64_t rows, int64_t cols, bool oneToken) {
  Case c = makeCase(weights, rows, cols, "dot");
  c.vectors = llvm::cantFail(parseActivationVectors(activations));
  c.oneToken = oneToken;
  return c;
}

/// Code for narrow vectors takes long to compile: fewer cases there. The step is coprime to the three strategies.
std::vector<Case> thinned(const std::vector<Case> &cases, const std::string &cpu) {
  size_t step = cpu == "native" ? 1 : cpu == "x86-64-v3" ? 2 : 5;
  std::vector<Case> kept;
  for (size_t i = 0; i < cases.size(); i += step)
    kept.push_back(cases[i]);
  return kept;
}

void MatmulTest::check(const std::vector<Case> &cases) {
  CompiledCases compiled(thinned(cases, GetParam()), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases())) {
    // 1..17 tokens take the tiles of several tokens and what is left of them.
    for (int64_t tokens : {int64_t(1), int64_t(2 + index % 8), int64_t(7 + index % 11)}) {
      if (c.oneToken && tokens > 1)
        continue;
      // One token at a time must see all kinds of activations, too.
      for (unsigned seed = 1; seed <= (tokens == 1 ? 7 : 1); ++seed) {
        std::vector<float> x = makeActivations(tokens, c.cols, seed + unsigned(index));
        std::vector<float> y = compiled.multiply(index, x, tokens);
        expectEqual(y, multiply(c, x, tokens), c, tokens);
        if (!c.hasByteTables() && (!c.vectors || c.vectors->productBits == 0))
          expectNearExact(y, c, x, tokens);
      }
    }
  }
}

TEST_P(MatmulTest, BinaryCodes) {
  check(makeCases({"bcq1", "bcq2", "bcq3", "bcq4", "bcq5", "bcq6", "bcq7", "bcq8"}, "", 2));
}

TEST_P(MatmulTest, BinaryCodesWithPlaneScales) { check(makeCases({"bcq1", "bcq2", "bcq3", "bcq5", "bcq8"}, "f", 3)); }

TEST_P(MatmulTest, BinaryCodesWithOffsets) {
  check(makeCases({"bcq1", "bcq3", "bcq6"}, "z", 2));
  check(makeCases({"bcq3"}, "fz", 2));
}

TEST_P(MatmulTest, Binary) { check(makeCases({"binary"}, "", 4)); }

TEST_P(MatmulTest, Ternary) { check(makeCases({"ternary"}, "", 8)); }

TEST_P(MatmulTest, TernaryWithAScalePerSign) { check(makeCases({"ternary"}, "a", 8)); }

/// Five trits to a byte: superblocks of five groups, groups that stand alone, short last groups, one group.
TEST_P(MatmulTest, FiveTritsPerByte) {
  std::vector<Case> cases;
  const std::pair<const char *, Shape> list[] = {
      {"ternaryg32", {17, 173}},  {"ternaryg0", {65, 70}},  {"ternaryg7", {3, 80}},    {"ternaryg128", {18, 1500}},
      {"ternaryg64", {130, 400}}, {"ternaryg0", {1, 1}},    {"ternaryg40", {33, 515}}, {"ternaryg300", {70, 1000}},
      {"ternaryg32", {16, 32}},   {"ternaryg0", {5, 4100}}, {"ternaryg25", {330, 61}}, {"ternaryg32a", {17, 173}},
      {"ternaryg0a", {65, 70}},   {"ternaryg7a", {3, 80}},  {"ternaryg64a", {20, 710}}};
  for (auto [index, entry] : llvm::enumerate(list))
    for (const char *strategy : {"dot-trits", "lut-trits"}) {
      if (entry.first[std::strlen(entry.first) - 1] == 'a' && strategy[0] == 'l')
        continue;
      cases.push_back(makeCase(entry.first, entry.second.rows, entry.second.cols, strategy));
      cases.back().oneToken = index % 2 == 1;
    }
  check(cases);
}

/// Weights unpacked from bit planes.
TEST_P(MatmulTest, DotsOfPlanes) {
  std::vector<Case> cases;
  const std::pair<const char *, Shape> list[] = {
      {"bcq3g32", {17, 173}},    {"bcq1g0", {65, 70}},   {"bcq2g7", {3, 80}},       {"bcq3g40z", {70, 130}},
      {"bcq1g16z", {20, 100}},   {"bcq8g128", {33, 96}}, {"binaryg128", {18, 700}}, {"binaryg0", {1, 1}},
      {"ternaryg64", {33, 515}}, {"rtn3g16", {66, 64}},  {"int4g33", {15, 300}},    {"int2t", {5, 45}},
      {"int4g32f", {5, 45}},     {"rtn8g0", {5, 1100}}};
  for (auto [index, entry] : llvm::enumerate(list)) {
    cases.push_back(makeCase(entry.first, entry.second.rows, entry.second.cols, "dot-planes"));
    cases.back().oneToken = index % 4 == 3;
  }
  check(cases);
}

/// More columns than a turn has; more groups than a panel, groups longer than one, both with a rest.
TEST_P(MatmulTest, Panels) {
  std::vector<Case> cases;
  const std::pair<const char *, Shape> list[] = {
      {"ternaryg32", {17, 1101}}, {"bcq2g700", {5, 1500}}, {"rtn4g1040", {18, 2180}}, {"binaryg0", {3, 1030}}};
  for (auto [index, entry] : llvm::enumerate(list))
    for (const char *strategy : {"dot", "dot-planes"})
      cases.push_back(makeCase(entry.first, entry.second.rows, entry.second.cols, strategy));
  // Superblocks of five groups and single ones; a group that is the row; single groups with a short one.
  for (auto [format, shape] : {std::pair("ternaryg32", Shape{17, 1101}), std::pair("ternaryg0", Shape{33, 1300}),
                               std::pair("ternaryg300", Shape{5, 1000})})
    cases.push_back(makeCase(format, shape.rows, shape.cols, "dot-trits"));
  checkManyColumns(cases);
}

/// Scales of vectors: vectors that share a step, fill steps, are padded; sums of 16 bits, of one word, of two, of 64
/// bits, floats; the largest codes and scales.
TEST_P(MatmulTest, PanelsOfVectors) {
  std::vector<Case> cases;
  const std::pair<const char *, Shape> list[] = {
      {"vsq4v16s6", {18, 1101}}, {"vsq3v8s4", {5, 1040}},    {"vsq8v16s8", {17, 1300}}, {"vsq5v64s8", {20, 1100}},
      {"vsq6v12s5", {3, 430}},   {"vsq4uv16s6", {33, 1037}}, {"mxfp4", {18, 1056}},     {"nvfp4", {5, 1045}},
      {"vsq4v16sf", {17, 77}},   {"vsq2v128s4", {16, 4500}}};
  for (auto &[format, shape] : list)
    cases.push_back(makeCase(format, shape.rows, shape.cols, "dot"));
  cases.push_back(makeVectorsCase("vsq4v16s4", "vsq4v16s4", 33, 1101, false));
  cases.push_back(makeVectorsCase("vsq8v16s8", "vsq8v16s8", 18, 1030, false));
  cases.push_back(makeVectorsCase("vsq4v32sf", "vsq7uv32s4", 5, 1065, false));
  Case largest{"vsq4v16s6", 17, 2100, "dot", false, std::vector<float>(17 * 2100, -1.0f), {}, 8};
  largest.matrix = llvm::cantFail(
      quantize(largest.weights, largest.rows, largest.cols, llvm::cantFail(parseFormat("vsq4v16s6")), "w", 1));
  cases.push_back(std::move(largest));
  checkManyColumns(cases);
}

/// Numbers of columns that take several turns and leave a rest in every tile.
void MatmulTest::checkManyColumns(const std::vector<Case> &cases) {
  CompiledCases compiled(thinned(cases, GetParam()), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [i, c] : llvm::enumerate(compiled.cases())) {
    int64_t tokens = i % 2 ? 300 : 131;
    std::vector<float> x = makeActivations(tokens, c.cols, unsigned(i));
    expectEqual(compiled.multiply(i, x, tokens), multiply(c, x, tokens), c, tokens);
  }
}

/// Rounded sums of one byte: the same bits for both widths of tables. Groups longer than a segment of 256 slices, too.
TEST_P(MatmulTest, ByteTables) {
  std::vector<Case> cases;
  const std::pair<const char *, Shape> list[] = {
      {"bcq3g32", {17, 173}},    {"bcq1g0", {65, 70}},   {"bcq2g7", {3, 80}},       {"bcq3g40z", {70, 130}},
      {"binaryg128", {18, 700}}, {"binaryg0", {1, 1}},   {"ternaryg64", {33, 515}}, {"ternaryg0a", {130, 100}},
      {"rtn3g16", {66, 64}},     {"int4g33", {15, 300}}, {"int2t", {5, 45}},        {"binaryg0", {5, 4500}}};
  for (auto [index, entry] : llvm::enumerate(list))
    for (const char *strategy : {"lut-bytes16", "lut-bytes128"}) {
      cases.push_back(makeCase(entry.first, entry.second.rows, entry.second.cols, strategy));
      cases.back().oneToken = index % 2 == 1;
    }
  check(cases);
}

/// Rounded sums of five trits at once. Groups longer than a segment of 256 slices, tiles of four blocks of rows with what
/// is left of them.
TEST_P(MatmulTest, ByteTablesOfTrits) {
  std::vector<Case> cases;
  const std::pair<const char *, Shape> list[] = {
      {"ternaryg32", {17, 173}}, {"ternaryg0", {65, 70}},   {"ternaryg7", {3, 80}},  {"ternaryg128", {390, 300}},
      {"ternaryg0", {1, 1}},     {"ternaryg40", {256, 85}}, {"ternaryg0", {5, 2700}}};
  for (auto [index, entry] : llvm::enumerate(list)) {
    cases.push_back(makeCase(entry.first, entry.second.rows, entry.second.cols, "lut-bytes-trits"));
    cases.back().oneToken = index % 2 == 1;
  }
  check(cases);
}

/// Products of byte matrices: the same bits, for even and odd tiles, with what is left of them.
TEST_P(MatmulTest, ColumnPairs) {
  if (GetParam() != std::string("native"))
    GTEST_SKIP() << "x86 has no such products: their code is that of every CPU";
  std::vector<Case> cases;
  const std::pair<const char *, Shape> list[] = {
      {"bcq3g32", {17, 173}}, {"rtn8g40", {3, 80}},      {"ternaryg32", {33, 70}},
      {"int4g33", {15, 65}},  {"ternaryg32a", {18, 70}}, {"vsq4v16s6", {17, 45}},
      {"vsq3v8s4", {5, 100}}, {"vsq8v32s9", {16, 64}},   {"binaryg0", {1, 1}}};
  for (auto [index, entry] : llvm::enumerate(list))
    cases.push_back(
        makeCase(entry.first, entry.second.rows, entry.second.cols, index % 2 ? "dot-pairs3" : "dot-pairs6"));
  check(cases);
}

/// Codes whose rows have room between them, since they would lie half a page apart.
TEST_P(MatmulTest, RowsOfHalfAPage) {
  const std::pair<const char *, Shape> list[] = {
      {"ternaryg128", {17, 2048}}, {"bcq2g100", {5, 3200}}, {"vsq4v16s6", {18, 2048}}};
  std::vector<Case> cases;
  for (auto &[format, shape] : list)
    cases.push_back(makeCase(format, shape.rows, shape.cols, "dot"));
  check(cases);
}

TEST_P(MatmulTest, RoundToNearest) {
  check(makeCases({"rtn2", "rtn3", "rtn4", "rtn5", "rtn6", "rtn7", "rtn8"}, "", 2));
}

TEST_P(MatmulTest, ZeroPoints) { check(makeCases({"int2", "int5", "int8"}, "", 2)); }

TEST_P(MatmulTest, FloatScales) { check(makeCases({"int4", "rtn8"}, "f", 2)); }

TEST_P(MatmulTest, ScalesPerTensor) {
  std::vector<Case> cases;
  size_t shape = 2;
  for (const char *format : {"int8t", "rtn4t", "int3tf", "rtn8tf"})
    for (bool oneToken : {true, false}) {
      addCases(cases, format, shapes[shape % 16], oneToken);
      shape += 7;
    }
  check(cases);
}

/// Vectors that share a step (8, 16), fill steps (32, 64, 128) and leave tails; sums of one word and of two.
TEST_P(MatmulTest, VectorScales) {
  std::vector<Case> cases;
  const char *formats[] = {"vsq4v16s6",  "vsq4v16s4",  "vsq3v8s4",   "vsq8v16s8", "vsq2v32s3",  "vsq5v64s8",
                           "vsq6v12s5",  "vsq7v100s7", "vsq8v128s8", "vsq4v24s6", "vsq4uv16s6", "vsq5uv40s9",
                           "vsq4v16s10", "vsq8v32s9",  "vsq4v16sf",  "vsq3v40sf", "mxfp4",      "nvfp4"};
  size_t shape = 0;
  for (const char *format : formats)
    for (int i = 0; i < 2; ++i) {
      Shape s = shapes[shape % 16];
      for (bool dot : {i == 0, i != 0}) { // thinning must not leave one strategy only
        cases.push_back(makeCase(format, s.rows, s.cols, dot ? "dot" : "dequant"));
        cases.back().oneToken = i == 1;
      }
      shape += 5;
    }
  check(cases);
}

/// The largest products of every vector: all codes at their limits with the largest vector scales. At 522 columns of
/// 8 bits with 8-bit scales a word is just enough, at 523 it is not; 33,000 columns need 37 bits.
TEST_P(MatmulTest, LargestVectorScaledSums) {
  std::vector<Case> cases;
  for (const char *format : {"vsq8v16s8", "vsq8v128s8", "vsq8v8s8", "vsq4v16s6", "vsq8v128s10", "vsq8uv64s10",
                             "vsq4v16sf", "mxfp4", "nvfp4"})
    for (int64_t cols : {522, 523, 33000, 38400}) {
      if (cols > maxVectorScaledColumns(llvm::cantFail(parseFormat(format))))
        continue;
      Case c{format, 17, cols, "dot", false, std::vector<float>(17 * cols, 1.0f), {}, 8};
      for (int64_t k = 0; k < cols; ++k)
        c.weights[cols + k] = k % 3 ? 1.0f : -1.0f;
      c.matrix = llvm::cantFail(quantize(c.weights, c.rows, c.cols, llvm::cantFail(parseFormat(format)), "w", 1));
      cases.push_back(std::move(c));
    }
  CompiledCases compiled(thinned(cases, GetParam()), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases()))
    for (float sign : {1.0f, -1.0f}) {
      std::vector<float> x(2 * c.cols, sign);
      std::vector<float> y = compiled.multiply(index, x, 2);
      expectEqual(y, multiply(c, x, 2), c, 2);
      EXPECT_NEAR(y[0], sign * float(c.cols), 1e-4 * float(c.cols)) << c.text();
    }
}

/// Scales of vectors on both sides: W4A4, W4A8 and W8A8, vectors that share a step, fill steps and are padded, sums of 32
/// and of 64 bits, products of scales that are rounded, unsigned elements, float scales on one side or both.
TEST_P(MatmulTest, VectorScalesOnBothSides) {
  std::vector<Case> cases;
  struct {
    const char *weights, *activations;
    Shape shape;
  } const list[] = {{"vsq4v16s4", "vsq4v16s4", {33, 172}},      {"vsq4v16s6", "vsq8v16s6", {17, 515}},
                    {"vsq8v16s8", "vsq8v16s8", {65, 70}},       {"vsq3v8s4", "vsq2v8s3", {5, 1100}},
                    {"vsq4uv32s10", "vsq5v32s10", {18, 300}},   {"vsq6v12s5", "vsq6v12s5", {31, 64}},
                    {"vsq4v100s7", "vsq7v100s7p6", {70, 172}},  {"vsq4v16s4", "vsq4v16s4p4", {129, 40}},
                    {"vsq5v128s8", "vsq8v128s9p12", {16, 515}}, {"vsq8v8s8", "vsq8v8s8", {1, 3}},
                    {"vsq2v64s3", "vsq3v64s3p20", {3, 37}},     {"vsq8v16s10", "vsq8v16s10", {20, 1}},
                    {"vsq4v16s4", "vsq4uv16s4", {19, 70}},      {"vsq4v16sf", "vsq4v16sf", {33, 172}},
                    {"vsq6uv12sf", "vsq5uv12sf", {31, 64}},     {"vsq4v16s6", "vsq8v16sf", {17, 300}},
                    {"vsq4v32sf", "vsq7uv32s4", {5, 65}}};
  for (auto [index, entry] : llvm::enumerate(list))
    cases.push_back(
        makeVectorsCase(entry.weights, entry.activations, entry.shape.rows, entry.shape.cols, index % 3 == 1));
  check(cases);
}

/// All codes and scales at their limits, in rows that are just short enough for sums of one word and one column longer.
TEST_P(MatmulTest, LargestSumsOfTwoScales) {
  std::vector<Case> cases;
  for (auto [weights, activations] :
       {std::pair("vsq4v16s6", "vsq8v16s6"), std::pair("vsq8v16s8", "vsq8v16s8"), std::pair("vsq8v16s8", "vsq8v16s8p6"),
        std::pair("vsq8uv128s10", "vsq8v128s10")}) {
    Format format = llvm::cantFail(parseFormat(weights));
    ActivationVectors vectors = llvm::cantFail(parseActivationVectors(activations));
    int64_t longest = 1;
    while (vectors.sumsFitWord(format, longest + 1))
      ++longest;
    for (int64_t cols : {longest, longest + 1, int64_t(33000)}) {
      Case c{weights, 17, cols, "dot", false, std::vector<float>(17 * cols, 1.0f), {}, 8, vectors};
      for (int64_t k = 0; k < cols; ++k)
        c.weights[cols + k] = k % 3 ? 1.0f : -1.0f;
      c.matrix = llvm::cantFail(quantize(c.weights, c.rows, c.cols, format, "w", 1));
      cases.push_back(std::move(c));
    }
  }
  CompiledCases compiled(thinned(cases, GetParam()), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases()))
    for (float sign : {1.0f, -1.0f}) {
      std::vector<float> x(2 * c.cols, sign);
      std::vector<float> y = compiled.multiply(index, x, 2);
      expectEqual(y, multiply(c, x, 2), c, 2);
      // 255 * 255 rounded to 6 bits is 64 * 2^10: 0.8% more.
      EXPECT_NEAR(y[0], sign * float(c.cols), (c.vectors->productBits ? 9e-3 : 1e-4) * float(c.cols)) << c.text();
    }
}

/// Rounding the products of scales: the fewer bits are kept, the larger the error; all bits kept are exact.
TEST(ScaleProductTest, ErrorGrowsWithDroppedBits) {
  Case c = makeCase("vsq4v16s4", 64, 512, "dot");
  std::vector<float> x = makeActivations(1, 512, 6);
  auto product = [&](unsigned bits) {
    c.vectors = ActivationVectors{4, 16, 4, bits};
    return multiply(c, x, 1);
  };
  std::vector<float> exact = product(0);
  EXPECT_EQ(firstDifference(product(8), exact), -1);
  EXPECT_EQ(firstDifference(product(20), exact), -1);
  // Relative to the row's scale: one row is a thousand times the others.
  auto squareSum = [&](const std::vector<float> &y, const std::vector<float> &reference) {
    double sum = 0;
    for (int64_t row = 0; row < c.rows; ++row) {
      double difference = (double(y[row]) - reference[row]) / c.matrix.rowScales[row];
      sum += difference * difference;
    }
    return sum;
  };
  double signal = squareSum(exact, std::vector<float>(exact.size(), 0.0f)), last = 0;
  for (unsigned bits = 7; bits >= 2; --bits) {
    double error = squareSum(product(bits), exact);
    EXPECT_GT(error, last) << bits << " bits";
    last = error;
  }
  EXPECT_LT(last, signal); // a few levels of scales still carry something
}

TEST_P(MatmulTest, Floats) { check(makeCases({"float"}, "", 8)); }

/// Every code +-127 against the largest weights, over a row long enough to leave 16 bits in every partial sum.
TEST_P(MatmulTest, LargestSums) {
  std::vector<Case> cases;
  for (const char *format :
       {"bcq8g0", "bcq1g0", "rtn8g0", "ternaryg0", "ternaryg0a", "rtn2g0", "int8g0", "bcq3g0z", "binaryg0"})
    for (const char *strategy : {"dot", "lut"}) {
      Case c{format, 17, 2050, strategy, false, std::vector<float>(17 * 2050, 1.0f), {}, 8};
      c.matrix = llvm::cantFail(quantize(c.weights, c.rows, c.cols, llvm::cantFail(parseFormat(format)), "w", 1));
      cases.push_back(c);
      if (format == std::string("ternaryg0")) {
        c.strategy += "-trits";
        cases.push_back(std::move(c));
      }
    }
  CompiledCases compiled(thinned(cases, GetParam()), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases()))
    for (float sign : {1.0f, -1.0f}) {
      std::vector<float> x(5 * c.cols, sign);
      std::vector<float> y = compiled.multiply(index, x, 5);
      expectEqual(y, multiply(c, x, 5), c, 5);
      std::vector<float> weights = dequantize(c.matrix);
      double sum = std::accumulate(weights.begin(), weights.begin() + c.cols, 0.0);
      EXPECT_NEAR(y[0], sign * sum, 1e-4 * sum) << c.text();
      EXPECT_NEAR(sum, 2050, 10) << c.text() << ": steps of 8-bit scales are 1/254 at most";
    }
}

/// Activations that are no numbers spoil the token that they are in, at most; nothing crashes, nothing else changes.
TEST_P(MatmulTest, InfinityAndNaN) {
  std::vector<Case> cases;
  for (const char *strategy : {"dot", "lut", "dequant"})
    for (const char *format : {"bcq3g32", "ternaryg0", "rtn4g7", "vsq4v16s6"})
      if (strategy != std::string("lut") || format[0] != 'v')
        cases.push_back(makeCase(format, 20, 45, strategy));
  cases.push_back(makeVectorsCase("vsq4v16s4", "vsq4v16s4", 20, 45, false));
  cases.push_back(makeCase("float", 20, 45, "dequant"));
  CompiledCases compiled(thinned(cases, GetParam()), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                    std::numeric_limits<float>::quiet_NaN()})
    for (auto [index, c] : llvm::enumerate(compiled.cases())) {
      std::vector<float> x = makeActivations(6, c.cols, 1);
      std::vector<float> good = compiled.multiply(index, x, 6);
      for (int64_t token : {1, 5})
        x[token * c.cols + 40] = bad;
      std::vector<float> y = compiled.multiply(index, x, 6);
      for (int64_t token : {0, 2, 3, 4})
        for (int64_t row = 0; row < c.rows; ++row)
          EXPECT_EQ(y[token * c.rows + row], good[token * c.rows + row]) << c.text() << ", token " << token;
    }
}

INSTANTIATE_TEST_SUITE_P(, MatmulTest, testing::Values("native", "x86-64-v3", "x86-64"), cpuName);

} // namespace
