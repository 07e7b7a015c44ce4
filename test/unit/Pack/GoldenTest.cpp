// Tiny matrices whose bytes were worked out by hand from the description in Layout.h.

#include "RandomMatrix.h"
#include "gtest/gtest.h"
#include <map>

using namespace halftone;

namespace {

QuantizedMatrix matrixOf(llvm::StringRef format, int64_t rows, int64_t cols, std::vector<uint8_t> codes,
                         std::vector<uint16_t> scales, std::vector<int8_t> multipliers = {}) {
  QuantizedMatrix matrix;
  matrix.format = formatOf(format);
  matrix.rows = rows;
  matrix.cols = cols;
  matrix.codes = std::move(codes);
  matrix.scales = std::move(scales);
  matrix.multipliers = std::move(multipliers);
  return matrix;
}

/// The bytes that are not zero, by position.
std::map<int64_t, int> nonZero(const std::vector<uint8_t> &bytes) {
  std::map<int64_t, int> found;
  for (size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i])
      found[i] = bytes[i];
  return found;
}

using Bytes = std::map<int64_t, int>;

// Two rows of 18 in one group. A 2-bit field has vectors of 16 elements: element k of row r is in byte
// 64*(k/16) + 4*r + k%4, at bit 2*(k%16/4).
TEST(Golden, Rows16Ternary) {
  std::vector<uint8_t> codes(2 * 18, 0);
  codes[0] = 0, codes[1] = 1, codes[2] = 2, codes[3] = 2, codes[4] = 1; // row 0
  codes[17] = 2;
  codes[18 + 0] = 2, codes[18 + 15] = 1; // row 1
  std::vector<uint8_t> bytes = pack(matrixOf("ternaryg0", 2, 18, codes, {0x3c00, 0x4001}), Layout::Rows16);
  ASSERT_EQ(bytes.size(), 192u);                // 2 vectors, 16 halves
  EXPECT_EQ(nonZero(bytes), (Bytes{{0, 1 << 2}, // element 4
                                   {1, 1},
                                   {2, 2},
                                   {3, 2},
                                   {4, 2},          // row 1, element 0
                                   {4 + 3, 1 << 6}, // row 1, element 15
                                   {64 + 1, 2},     // element 17
                                   {129, 0x3c},
                                   {130, 0x01},
                                   {131, 0x40}}));
}

// Five bits are a field of one and a field of four bits; vectors 0 and 1 .. 4 of a step. The second group begins a
// new step, the 17th row a new block.
TEST(Golden, Rows16Integers) {
  std::vector<uint8_t> codes(17 * 3, 0);
  codes[0] = 0b10111;          // row 0, group 0: 1 and 0b1011
  codes[2] = 0b00001;          // row 0, group 1, first element
  codes[16 * 3 + 1] = 0b00010; // row 16, group 0, element 1: 0 and 1
  std::vector<uint16_t> scales(17 * 2, 0);
  scales[1] = 0x1234;      // row 0, group 1
  scales[16 * 2] = 0x00ff; // row 16, group 0
  std::vector<uint8_t> bytes = pack(matrixOf("rtn5g2", 17, 3, codes, scales), Layout::Rows16);
  ASSERT_EQ(bytes.size(), 2u * 2 * 5 * 64 + 2 * 2 * 32);
  int64_t block = 2 * 5 * 64;
  EXPECT_EQ(nonZero(bytes), (Bytes{{0, 1},
                                   {64, 0b1011},
                                   {5 * 64, 1},
                                   {block + 64 + 1, 1},
                                   {2 * block + 32, 0x34},
                                   {2 * block + 33, 0x12},
                                   {2 * block + 64, 0xff}}));
}

// One plane of signs, with the multipliers of two-level scales: 32 elements in the bits of 4 bytes per row.
TEST(Golden, Rows16Planes) {
  std::vector<uint8_t> codes(32, 0);
  codes[0] = codes[5] = codes[31] = 1;
  std::vector<uint8_t> bytes = pack(matrixOf("bcq1g32", 1, 32, codes, {0x0102}, {127}), Layout::Rows16);
  ASSERT_EQ(bytes.size(), 64u + 64 + 64);
  EXPECT_EQ(nonZero(bytes), (Bytes{{0, 1 << 0}, {1, 1 << 1}, {3, 1 << 7}, {64, 0x02}, {65, 0x01}, {128, 127}}));
}

// Plane scales lie side by side: [groups][planes][16].
TEST(Golden, Rows16PlaneScales) {
  std::vector<uint8_t> bytes =
      pack(matrixOf("bcq2g1f", 1, 2, {0, 0}, {0x0001, 0x0002, 0x0003, 0x0004}), Layout::Rows16);
  ASSERT_EQ(bytes.size(), 2u * 2 * 64 + 2 * 2 * 32);
  EXPECT_EQ(nonZero(bytes), (Bytes{{256, 1}, {288, 2}, {320, 3}, {352, 4}}));
}

// VS-Quant: element 16 begins a vector, but no step; 34 elements are three vectors in two groups. A row has one float.
TEST(Golden, Rows16VectorScales) {
  std::vector<uint8_t> codes(34, 0);
  codes[0] = 3, codes[16] = 2, codes[33] = 1;
  QuantizedMatrix matrix = matrixOf("vsq2v16s8", 1, 34, codes, {}, {5, int8_t(0xff), 7});
  matrix.rowScales = {1.0f};
  std::vector<uint8_t> bytes = pack(matrix, Layout::Rows16);
  ASSERT_EQ(bytes.size(), 2u * 2 * 64 + 64 + 64);
  EXPECT_EQ(nonZero(bytes), (Bytes{{0, 3},       // element 0: vector 0 of step 0
                                   {64, 2},      // element 16: vector 1
                                   {128 + 1, 1}, // element 33: step 1
                                   {256 + 2, 0x80},
                                   {256 + 3, 0x3f},
                                   {320, 5},
                                   {320 + 16, 0xff},
                                   {320 + 32, 7}}));
}

// Planes of 8 elements per byte, 64 rows side by side: [slices][planes][64].
TEST(Golden, Rows64Planes) {
  std::vector<uint8_t> codes(2 * 9, 0);
  codes[9 + 0] = 1, codes[9 + 1] = 2, codes[9 + 8] = 3; // row 1
  std::vector<uint8_t> bytes = pack(matrixOf("bcq2g0", 2, 9, codes, {0, 0x0506}, {0, 0, 7, 8}), Layout::Rows64);
  ASSERT_EQ(bytes.size(), 4u * 2 * 64 + 128 + 128);
  EXPECT_EQ(nonZero(bytes), (Bytes{{1, 1 << 0},       // slice 0, plane 0: element 0
                                   {64 + 1, 1 << 1},  // slice 0, plane 1: element 1
                                   {128 + 1, 1 << 0}, // slice 1: element 8 in both
                                   {192 + 1, 1 << 0},
                                   {512 + 2, 0x06},
                                   {512 + 3, 0x05},
                                   {640 + 1, 7},
                                   {704 + 1, 8}}));
}

// The ternary digits -1, 0, +1 have the planes (0, 0), (1, 0), (1, 1).
TEST(Golden, Rows64Ternary) {
  std::vector<uint8_t> bytes = pack(matrixOf("ternaryg0", 1, 3, {0, 1, 2}, {0}), Layout::Rows64);
  ASSERT_EQ(bytes.size(), 4u * 2 * 64 + 128);
  EXPECT_EQ(nonZero(bytes), (Bytes{{0, 0b110}, {64, 0b100}}));
}

} // namespace
