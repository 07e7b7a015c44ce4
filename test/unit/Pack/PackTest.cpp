// Packing loses nothing and writes nothing else, for all formats, layouts and shapes.

#include "RandomMatrix.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

using namespace halftone;

namespace {

const std::pair<int64_t, int64_t> kShapes[] = {{1, 1},    {1, 33},  {3, 5},   {16, 32},  {17, 31},
                                               {15, 172}, {64, 64}, {65, 96}, {130, 129}};

std::vector<std::string> formatNames() {
  std::vector<std::string> names;
  for (const char *group : {"g0", "g5", "g32", "g48", "g1000"}) {
    for (unsigned planes = 1; planes <= 8; ++planes) {
      names.push_back("bcq" + std::to_string(planes) + group);
      names.push_back("bcq" + std::to_string(planes) + group + "f");
    }
    for (unsigned bits = 2; bits <= 8; ++bits) {
      names.push_back("rtn" + std::to_string(bits) + group);
      names.push_back("int" + std::to_string(bits) + group);
    }
    names.push_back(std::string("binary") + group);
    names.push_back(std::string("ternary") + group);
    names.push_back(std::string("ternary") + group + "a");
    names.push_back(std::string("bcq3") + group + "z");
    names.push_back(std::string("bcq5") + group + "fz");
    names.push_back(std::string("int4") + group + "f");
  }
  for (const char *name :
       {"vsq2v8s3", "vsq4v16s6", "vsq3v12s4", "vsq8v32s8", "vsq5v40s8", "vsq7v128s4", "int8t", "rtn5t", "int3tf",
        "rtn8tf", "vsq4uv16s6", "vsq3v16s9", "vsq8v12s10", "vsq4v8sf", "vsq4v64sf", "mxfp4", "nvfp4"})
    names.push_back(name);
  return names;
}

/// Calls check(matrix, layout, "format rows x cols") for everything that can be packed.
template <typename Check>
void forAll(Check check) {
  unsigned seed = 1;
  for (const std::string &name : formatNames())
    for (auto [rows, cols] : kShapes)
      for (Layout layout : {Layout::Rows16, Layout::Rows64, Layout::Trits16, Layout::Trits64}) {
        Format format = formatOf(name);
        if (!layoutHolds(layout, format))
          continue;
        SCOPED_TRACE(name + " " + std::to_string(rows) + "x" + std::to_string(cols) + " layout " +
                     std::to_string(int(layout)));
        check(randomMatrix(format, rows, cols, seed++), layout);
        if (::testing::Test::HasFailure())
          return;
      }
}

int64_t setBits(llvm::ArrayRef<uint8_t> bytes) {
  int64_t count = 0;
  for (uint8_t byte : bytes)
    count += llvm::popcount(byte);
  return count;
}

TEST(Pack, UnpackIsTheInverse) {
  forAll([](const QuantizedMatrix &matrix, Layout layout) {
    std::vector<uint8_t> bytes = pack(matrix, layout);
    ASSERT_EQ(int64_t(bytes.size()), packedBytes(matrix.format, matrix.rows, matrix.cols, layout));
    QuantizedMatrix back = unpack(bytes, matrix.format, matrix.rows, matrix.cols, layout);
    EXPECT_EQ(back.rows, matrix.rows);
    EXPECT_EQ(back.cols, matrix.cols);
    EXPECT_EQ(back.format, matrix.format);
    EXPECT_EQ(back.codes, matrix.codes);
    EXPECT_EQ(back.scales, matrix.scales);
    EXPECT_EQ(back.multipliers, matrix.multipliers);
    EXPECT_EQ(back.rowScales, matrix.rowScales);
    EXPECT_EQ(back.vectorScales, matrix.vectorScales);
  });
}

// Padding of columns, rows and parts stays zero: there are exactly as many ones as in the matrix.
TEST(Pack, PaddingIsZero) {
  forAll([](const QuantizedMatrix &matrix, Layout layout) {
    if (layout == Layout::Trits16 || layout == Layout::Trits64)
      return; // a byte has five codes; TritsTest looks at the padding
    PackedShape shape(matrix.format, matrix.rows, matrix.cols, layout);
    std::vector<uint8_t> bytes = pack(matrix, layout);
    llvm::ArrayRef<uint8_t> all(bytes);
    int64_t codes = 0, scales = 0, multipliers = 0;
    bool planesOfTernary = matrix.format.kind == FormatKind::Ternary && layout == Layout::Rows64;
    for (uint8_t code : matrix.codes) // the ternary codes 0, 1, 2 have as many planes set
      codes += planesOfTernary ? code : llvm::popcount(code);
    for (uint16_t scale : matrix.scales)
      (matrix.format.kind == FormatKind::Vsq ? multipliers : scales) += llvm::popcount(scale);
    int64_t copies = 1; // one scale per tensor is there for every row of a block
    if (matrix.format.perTensor)
      copies = std::min(matrix.rows, shape.rowsPerBlock);
    for (float scale : matrix.rowScales)
      scales += llvm::popcount(llvm::bit_cast<uint32_t>(scale)) *
                (matrix.format.vectorScale == VsqScale::E4M3 ? matrix.rows : 1); // a copy per row
    for (float scale : matrix.vectorScales)
      multipliers += llvm::popcount(llvm::bit_cast<uint32_t>(scale));
    for (int8_t multiplier : matrix.multipliers)
      multipliers += llvm::popcount(uint8_t(multiplier));
    scales *= copies;
    multipliers *= copies;
    EXPECT_EQ(setBits(all.slice(shape.codesOffset, shape.codesBytes)), codes);
    EXPECT_EQ(setBits(all.slice(shape.scalesOffset, shape.scalesBytes)), scales);
    EXPECT_EQ(setBits(all.slice(shape.multipliersOffset, shape.multipliersBytes)), multipliers);
    EXPECT_EQ(setBits(all), codes + scales + multipliers);
  });
}

TEST(Pack, AnyNumberOfThreads) {
  QuantizedMatrix matrix = randomMatrix(formatOf("bcq3g32"), 200, 96, 7);
  for (Layout layout : {Layout::Rows16, Layout::Rows64}) {
    std::vector<uint8_t> one = pack(matrix, layout, 1);
    EXPECT_EQ(pack(matrix, layout, 3), one);
    EXPECT_EQ(pack(matrix, layout, 100), one);
    EXPECT_EQ(pack(matrix, layout), one);
  }
}

// A group of the row's size or more is the row.
TEST(Pack, LargeGroupsAreRows) {
  QuantizedMatrix whole = randomMatrix(formatOf("rtn4g0"), 20, 40, 7), exact = whole, large = whole;
  exact.format = formatOf("rtn4g40");
  large.format = formatOf("rtn4g128");
  EXPECT_EQ(pack(exact, Layout::Rows16), pack(whole, Layout::Rows16));
  EXPECT_EQ(pack(large, Layout::Rows16), pack(whole, Layout::Rows16));
}

TEST(Pack, FloatsAreInterleaved) {
  std::vector<float> weights(17 * 3);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = float(i + 1);
  std::vector<uint8_t> bytes = packFloats(weights, 17, 3);
  ASSERT_EQ(bytes.size(), 2u * 3 * 64);
  const float *out = reinterpret_cast<const float *>(bytes.data());
  EXPECT_EQ(out[0], 1.0f);           // row 0, column 0
  EXPECT_EQ(out[15], 15 * 3 + 1.0f); // row 15, column 0
  EXPECT_EQ(out[16], 2.0f);          // row 0, column 1
  EXPECT_EQ(out[48], 16 * 3 + 1.0f); // row 16: the second block
  EXPECT_EQ(out[49], 0.0f);          // there is no row 17
  EXPECT_EQ(out[48 + 32], 16 * 3 + 3.0f);
}

} // namespace
