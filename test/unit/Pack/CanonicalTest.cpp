// Canonical storage: there and back for every format and shape, by hand, and what is refused.

#include "halftone/Pack/Canonical.h"
#include "RandomMatrix.h"
#include "gtest/gtest.h"

using namespace halftone;

namespace {

std::string errorOf(const Format &format, int64_t rows, int64_t cols, std::vector<std::vector<uint8_t>> parts) {
  return llvm::toString(fromCanonical(format, rows, cols, parts, "w").takeError());
}

TEST(Canonical, ThereAndBack) {
  unsigned seed = 1;
  for (const char *name : {"bcq1g32", "bcq3g7", "bcq3g32f", "bcq3g7z", "bcq2g5fz", "binaryg16", "ternaryg7", "rtn5g0",
                           "int4g7", "int8g33", "int8t", "rtn4tf", "int3g5f", "vsq4v16s6", "vsq3v24s8"})
    for (auto [rows, cols] : {std::pair<int64_t, int64_t>{1, 1}, {3, 33}, {17, 70}}) {
      SCOPED_TRACE(name);
      Format format = formatOf(name);
      // Random bytes are no scales; what quantize() gives is.
      std::vector<float> weights;
      std::mt19937 random(seed++);
      for (int64_t i = 0; i < rows * cols; ++i)
        weights.push_back(float(random() % 2001) - 900);
      QuantizedMatrix matrix = llvm::cantFail(quantize(weights, rows, cols, format, "w"));
      QuantizedMatrix back = llvm::cantFail(fromCanonical(format, rows, cols, toCanonical(matrix), "w"));
      EXPECT_EQ(back.codes, matrix.codes);
      EXPECT_EQ(back.scales, matrix.scales);
      EXPECT_EQ(back.multipliers, matrix.multipliers);
      EXPECT_EQ(back.rowScales, matrix.rowScales);
    }
}

// The examples in the description of the dialect.
TEST(Canonical, ByHand) {
  QuantizedMatrix binary;
  binary.format = formatOf("binaryg0");
  binary.rows = 1;
  binary.cols = 8;
  binary.codes = {1, 0, 0, 1, 1, 1, 0, 0};
  binary.scales = {0x3c00};
  EXPECT_EQ(toCanonical(binary), (std::vector<std::vector<uint8_t>>{{0x39, 0, 0, 0}, {0, 0x3c}}));
  QuantizedMatrix ternary = binary;
  ternary.format = formatOf("ternaryg0");
  ternary.cols = 4;
  ternary.codes = {0, 1, 2, 1};
  EXPECT_EQ(toCanonical(ternary)[0], (std::vector<uint8_t>{0x64, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Canonical, Refused) {
  std::vector<uint8_t> codes(4), one = {0, 0x3c}, infinity = {0, 0x7c};
  EXPECT_EQ(errorOf(formatOf("binaryg0"), 1, 8, {{0}, one}),
            "tensor 'w' of format 'binaryg0': component 0 does not have 4 bytes");
  EXPECT_EQ(errorOf(formatOf("binaryg0"), 1, 8, {codes}),
            "tensor 'w' of format 'binaryg0': component 1 does not have 2 bytes");
  EXPECT_EQ(errorOf(formatOf("binaryg0"), 1, 8, {codes, infinity}),
            "tensor 'w' of format 'binaryg0': a scale is not finite");
  EXPECT_EQ(errorOf(formatOf("rtn2g0f"), 1, 8, {std::vector<uint8_t>(8), {0, 0, 0xc0, 0x7f}}),
            "tensor 'w' of format 'rtn2g0f': a scale is not finite");
  EXPECT_EQ(errorOf(formatOf("ternaryg0"), 1, 8, {{3, 0, 0, 0, 0, 0, 0, 0}, one}),
            "tensor 'w' of format 'ternaryg0': a code is 3, which stands for nothing");
  EXPECT_EQ(errorOf(formatOf("int2g0"), 1, 8, {std::vector<uint8_t>(8), one, {4}}),
            "tensor 'w' of format 'int2g0': zero point 4 is no code of 2 bits");
  EXPECT_EQ(errorOf(formatOf("bcq2g0"), 1, 8, {std::vector<uint8_t>(8), one, {0x80, 1}}),
            "tensor 'w' of format 'bcq2g0': a multiplier is negative");
  EXPECT_EQ(errorOf(formatOf("bcq2g0z"), 1, 8, {std::vector<uint8_t>(8), one, {100, 28}, {0}}),
            "tensor 'w' of format 'bcq2g0z': multipliers of a group add up to 128, more than 127");
}

} // namespace
