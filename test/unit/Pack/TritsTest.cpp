// Five ternary weights in a byte: every code, and where chunks and slices lie.

#include "halftone/Pack/Trits.h"
#include "RandomMatrix.h"
#include "gtest/gtest.h"
#include <set>

using namespace halftone;

namespace {

using Five = std::array<uint8_t, kTrits>;

/// The digits of number in base 3, the lowest first.
Five digitsOf(unsigned number) {
  Five digits;
  for (uint8_t &digit : digits) {
    digit = number % 3;
    number /= 3;
  }
  return digits;
}

TEST(Trits, FixedPointDecodeEqualsDivision) {
  std::set<uint8_t> bytes;
  for (unsigned number = 0; number < 243; ++number) {
    Five digits = digitsOf(number);
    std::reverse(digits.begin(), digits.end());
    uint8_t byte = packDigits(digits);
    EXPECT_EQ(unpackDigits(byte), digits) << number;
    // As kernels do it, with signed bytes less 128 that wrap.
    int8_t x = int8_t(byte ^ 0x80);
    for (uint8_t digit : digits) {
      EXPECT_EQ((x > 85 - 128) + (x > 170 - 128), digit) << number;
      x = int8_t(uint8_t(3 * x));
    }
    bytes.insert(byte);
  }
  EXPECT_EQ(bytes.size(), 243u);
  EXPECT_EQ(packDigits({0, 0, 0, 0, 0}), 0);
  EXPECT_EQ(packDigits({2, 2, 2, 2, 2}), 255);
}

TEST(Trits, BalancedCodesAreMagnitudeAndSign) {
  std::set<uint8_t> bytes;
  for (unsigned number = 0; number < 243; ++number) {
    Five codes = digitsOf(number);
    uint8_t byte = packBalanced(codes);
    EXPECT_EQ(unpackBalanced(byte), codes) << number;
    EXPECT_LE(byte & 127, 121);
    EXPECT_EQ(byte & 127, std::abs(int(number) - 121));
    EXPECT_EQ(byte >> 7, number < 121);
    bytes.insert(byte);
  }
  EXPECT_EQ(bytes.size(), 243u);
  EXPECT_EQ(packBalanced({1, 1, 1, 1, 1}), 0);       // zeros
  EXPECT_EQ(packBalanced({2, 1, 0, 1, 1}), 128 | 8); // 1 - 9
}

/// Bits of codes per weight of a row block without padding rows.
double bitsOf(llvm::StringRef format, int64_t cols, Layout layout) {
  PackedShape shape(formatOf(format), 64, cols, layout);
  return double(shape.codesBytes) * 8 / double(64 * cols);
}

TEST(Trits, BitsPerWeight) {
  EXPECT_NEAR(bitsOf("ternaryg0", 4096, Layout::Trits16), 1.6, 0.005);
  EXPECT_NEAR(bitsOf("ternaryg128", 4096, Layout::Trits16), 1.609375, 1e-9); // 6 superblocks and 2 groups of 7 vectors
  EXPECT_NEAR(bitsOf("ternaryg32", 4096, Layout::Trits16), 1.609375, 1e-9);
  EXPECT_NEAR(bitsOf("ternaryg64", 5120, Layout::Trits16), 1.6, 1e-9);
  EXPECT_NEAR(bitsOf("ternaryg0", 4096, Layout::Trits64), 1.6, 0.005);
  EXPECT_NEAR(bitsOf("ternaryg128", 4096, Layout::Trits64), 1.625, 1e-9);
  EXPECT_NEAR(bitsOf("ternaryg32", 4096, Layout::Trits64), 1.75, 1e-9);
  for (const char *format : {"ternaryg0", "ternaryg7", "ternaryg32", "ternaryg48", "ternaryg128", "ternaryg256"})
    for (int64_t cols : {1, 31, 33, 64, 172, 300, 2048})
      for (Layout layout : {Layout::Trits16, Layout::Trits64})
        EXPECT_LE(bitsOf(format, cols, layout), bitsOf(format, cols, Layout::Rows16)) << format << " " << cols;
}

TEST(Trits, EveryChunkHasASlotOfItsOwn) {
  for (int64_t size : {0, 7, 32, 40, 64, 96, 128, 160, 224, 256, 1000})
    for (int64_t cols : {1, 32, 100, 172, 640, 673, 2000, 4096}) {
      GroupShape groups(size, cols);
      TritShape shape(groups);
      std::set<std::pair<int64_t, int64_t>> seen;
      for (int64_t group = 0; group < groups.count; ++group) {
        int64_t chunks = (group == groups.count - 1 ? groups.lastSteps : groups.steps) * kStep / 4;
        for (int64_t chunk = 0; chunk < chunks; ++chunk) {
          TritShape::Slot slot = shape.slot(group, chunk);
          EXPECT_TRUE(slot.digit >= 0 && slot.digit < kTrits && slot.vector >= 0 && slot.vector < shape.vectors);
          EXPECT_TRUE(seen.insert({slot.vector, slot.digit}).second) << size << " " << cols << " " << group;
        }
      }
    }
}

// One row of 48 in groups of 16, padded to 32 each: too few for a superblock. A group takes two vectors, digit d of
// vector v has chunk 2 d + v.
TEST(Trits, GoldenBytes) {
  QuantizedMatrix matrix;
  matrix.format = formatOf("ternaryg16");
  matrix.rows = 1;
  matrix.cols = 48;
  matrix.codes.assign(48, 0);
  matrix.codes[1] = 2;      // group 0, chunk 0: vector 0, digit 0
  matrix.codes[16 + 6] = 1; // group 1, chunk 1: vector 3, digit 0
  matrix.codes[32 + 8] = 1; // group 2, chunk 2: vector 4, digit 1
  matrix.scales = {0x1111, 0, 0};
  std::vector<uint8_t> bytes = pack(matrix, Layout::Trits16);
  ASSERT_EQ(bytes.size(), 6u * 64 + 128);
  EXPECT_EQ(bytes[1], (2 * 81 * 256 + 242) / 243);
  EXPECT_EQ(bytes[3 * 64 + 2], (81 * 256 + 242) / 243);
  EXPECT_EQ(bytes[4 * 64], (27 * 256 + 242) / 243);
  EXPECT_EQ(bytes[6 * 64], 0x11);
  // Slices of five: 7 per group, -1 -1 -1 -1 -1 is -121.
  bytes = pack(matrix, Layout::Trits64);
  ASSERT_EQ(bytes.size(), 21u * 64 + 3 * 128);
  EXPECT_EQ(bytes[0], 128 | (121 - 2 * 3)); // the second is +1
  EXPECT_EQ(bytes[64], 128 | 121);
  EXPECT_EQ(bytes[3 * 64], 128 | 1); // only the 16th element
  EXPECT_EQ(bytes[1], 0);            // row 1 is padding
}

} // namespace
