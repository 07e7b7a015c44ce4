// The type interface of number formats: bits, storage, and the way to and from halftone::Format.

#include "dialects/Lowbit/IR/LowbitTypes.h"
#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace halftone;
using namespace halftone::lowbit;

namespace {

class LowbitTypes : public ::testing::Test {
protected:
  LowbitTypes() { context.loadDialect<LowbitDialect>(); }

  /// The low-bit type of a format name.
  FormatTypeInterface type(llvm::StringRef name) {
    return llvm::cast<FormatTypeInterface>(formatToType(&context, llvm::cantFail(parseFormat(name))));
  }

  /// Components as text, e.g. "planes:3x4x8xi8 scales:4x2xf16".
  std::string storage(FormatTypeInterface type, int64_t rows, int64_t cols) {
    std::string text;
    llvm::raw_string_ostream os(text);
    for (const StorageComponent &part : type.getStorage({rows, cols})) {
      os << (text.empty() ? "" : " ") << part.name << ":";
      for (int64_t size : part.shape)
        os << size << "x";
      os << part.elementType;
    }
    return text;
  }

  /// Bits of all components.
  int64_t storedBits(FormatTypeInterface type, int64_t rows, int64_t cols) {
    int64_t bits = 0;
    for (const StorageComponent &part : type.getStorage({rows, cols}))
      bits += part.getType().getNumElements() * part.elementType.getIntOrFloatBitWidth();
    return bits;
  }

  mlir::MLIRContext context;
};

TEST_F(LowbitTypes, BitsPerElementByHand) {
  // 32 elements: 3 planes of 32 bits, a half scale, 3 multiplier bytes.
  EXPECT_DOUBLE_EQ(type("bcq3g32").getBitsPerElement(64, 64), (96 + 16 + 24) / 32.0);
  EXPECT_DOUBLE_EQ(type("bcq3g32f").getBitsPerElement(64, 64), (96 + 48) / 32.0);
  EXPECT_DOUBLE_EQ(type("ternaryg64").getBitsPerElement(64, 64), (128 + 16) / 64.0);
  EXPECT_DOUBLE_EQ(type("rtn4g32").getBitsPerElement(64, 64), (128 + 16) / 32.0);
  // 64 elements: 4 vectors of 16 with 6 bits each, a float.
  EXPECT_DOUBLE_EQ(type("vsq4v16s6").getBitsPerElement(64, 64), 4 + (24 + 32) / 64.0);
  // Group 0 is the row.
  EXPECT_DOUBLE_EQ(type("rtn8g0").getBitsPerElement(3, 160), (8 * 160 + 16) / 160.0);
  EXPECT_DOUBLE_EQ(BinaryType::get(&context, 32).getBitsPerElement(64, 64), (32 + 16) / 32.0);
  // The short last group has scales of its own: 172 columns are 6 groups.
  EXPECT_DOUBLE_EQ(type("bcq2g32").getBitsPerElement(64, 172), (2 * 172 + 6 * 32) / 172.0);
}

TEST_F(LowbitTypes, StorageHoldsExactlyTheCountedBits) {
  // No padding where 32 divides the groups: the components are the bits that the format counts.
  for (const char *name :
       {"bcq1g32", "bcq3g32", "bcq8g64", "bcq3g32f", "ternaryg32", "ternaryg32a", "rtn2g32", "rtn5g64", "rtn8g0",
        "bcq2g32z", "bcq2g32fz", "binaryg64", "int4g32", "int8g0f", "int8t", "rtn4tf"}) {
    FormatTypeInterface format = type(name);
    EXPECT_EQ(double(storedBits(format, 48, 128)), format.getFormat().bitsPerWeight(48, 128) * 48 * 128) << name;
    EXPECT_EQ(format.getBitsPerElement(48, 128), format.getFormat().bitsPerWeight(48, 128)) << name;
  }
  auto binary = llvm::cast<FormatTypeInterface>(BinaryType::get(&context, 32));
  EXPECT_EQ(double(storedBits(binary, 48, 128)), binary.getBitsPerElement(48, 128) * 48 * 128);
}

TEST_F(LowbitTypes, StorageComponents) {
  EXPECT_EQ(storage(type("bcq3g32"), 4, 64), "planes:3x4x8xi8 scales:4x2xf16 multipliers:4x2x3xi8");
  EXPECT_EQ(storage(type("bcq3g32f"), 4, 64), "planes:3x4x8xi8 scales:4x2x3xf16");
  EXPECT_EQ(storage(BinaryType::get(&context, 32), 4, 64), "planes:4x8xi8 scales:4x2xf16");
  EXPECT_EQ(storage(type("ternaryg32"), 4, 64), "codes:4x16xi8 scales:4x2xf16");
  EXPECT_EQ(storage(type("ternaryg32a"), 4, 64), "codes:4x16xi8 scales:4x2x2xf16");
  EXPECT_EQ(storage(type("rtn5g32"), 4, 64), "planes:5x4x8xi8 scales:4x2xf16");
  EXPECT_EQ(storage(type("bcq3g32z"), 4, 64), "planes:3x4x8xi8 scales:4x2xf16 multipliers:4x2x3xi8 offsets:4x2xi8");
  EXPECT_EQ(storage(type("bcq3g32fz"), 4, 64), "planes:3x4x8xi8 scales:4x2x3xf16 offsets:4x2xf16");
  EXPECT_EQ(storage(type("int4g32"), 4, 64), "planes:4x4x8xi8 scales:4x2xf16 zero_points:4x2xi8");
  EXPECT_EQ(storage(type("int4g32f"), 4, 64), "planes:4x4x8xi8 scales:4x2xf32 zero_points:4x2xi8");
  EXPECT_EQ(storage(type("int8t"), 4, 64), "planes:8x4x8xi8 scales:1xf16 zero_points:1xi8");
  EXPECT_EQ(storage(type("rtn8tf"), 4, 64), "planes:8x4x8xi8 scales:1xf32");
  // Vectors of 16 are not padded, vectors of 24 are: 172 = 10 * 16 + 12 = 7 * 24 + 4.
  EXPECT_EQ(storage(type("vsq4v16s6"), 4, 172), "planes:4x4x24xi8 multipliers:4x11xi8 scales:4xf32");
  EXPECT_EQ(storage(type("vsq4v16s9"), 4, 172), "planes:4x4x24xi8 multipliers:4x11xi16 scales:4xf32");
  EXPECT_EQ(storage(type("vsq4v16sf"), 4, 172), "planes:4x4x24xi8 multipliers:4x11xf32");
  EXPECT_EQ(storage(type("mxfp4"), 4, 64), "planes:4x4x8xi8 multipliers:4x2xi8");
  EXPECT_EQ(storage(type("nvfp4"), 4, 64), "planes:4x4x8xi8 multipliers:4x4xi8 scales:1xf32");
  EXPECT_EQ(storage(type("vsq4v24s6"), 4, 172), "planes:4x4x32xi8 multipliers:4x8xi8 scales:4xf32");
  // 172 = 5 * 32 + 12, padded to 192.
  EXPECT_EQ(storage(type("ternaryg32"), 4, 172), "codes:4x48xi8 scales:4x6xf16");
}

TEST_F(LowbitTypes, PaddedColumns) {
  EXPECT_EQ(paddedColumns(64, 32), 64);
  EXPECT_EQ(paddedColumns(172, 32), 192);
  // Each group is padded on its own: 5 groups of 33 take 64 each, the last of 7 takes 32.
  EXPECT_EQ(paddedColumns(172, 33), 5 * 64 + 32);
  EXPECT_EQ(paddedColumns(172, 0), 192);
  EXPECT_EQ(paddedColumns(172, 1000), 192);
  EXPECT_EQ(paddedColumns(1, 32), 32);
  EXPECT_EQ(packedGroup(type("vsq4v8s6")), 32);
  EXPECT_EQ(packedGroup(type("vsq4v24s6")), 24);
  EXPECT_EQ(groupCount(172, 33), 6);
  EXPECT_EQ(groupCount(172, 0), 1);
}

TEST_F(LowbitTypes, TableBytes) {
  // 8 slices of 8 codes: 128 entries of 2 bytes each, or 2 x 16 entries of 2 bytes.
  EXPECT_EQ(tableBytes(64, 128), 8 * 256);
  EXPECT_EQ(tableBytes(64, 16), 8 * 64);
}

TEST_F(LowbitTypes, FormatsThereAndBack) {
  for (const char *name : {"bcq3g32",    "bcq4g0f",   "ternaryg64", "ternaryg64a", "rtn4g32",   "rtn8g0", "vsq4v16s6",
                           "vsq8v128s3", "binaryg32", "bcq3g32z",   "bcq3g32fz",   "int4g32",   "int8t",  "rtn8t",
                           "rtn8g0f",    "int8tf",    "vsq4uv16s4", "vsq4v16s10",  "vsq3v24sf", "mxfp4",  "nvfp4"}) {
    Format format = llvm::cantFail(parseFormat(name));
    std::optional<Format> back = typeToFormat(formatToType(&context, format));
    ASSERT_TRUE(back) << name;
    EXPECT_EQ(back->name(), name);
    EXPECT_TRUE(*back == format) << name;
    EXPECT_EQ(type(name).getGroup(), format.group) << name;
    EXPECT_TRUE(type(name).getExpressedType().isF32()) << name;
  }
  EXPECT_TRUE(formatToType(&context, Format()).isF32());
  EXPECT_EQ(typeToFormat(mlir::Float32Type::get(&context))->name(), "float");
  EXPECT_FALSE(typeToFormat(mlir::IntegerType::get(&context, 8)));
}

TEST_F(LowbitTypes, SolverHasNoPlaceInTheType) {
  EXPECT_EQ(formatToType(&context, llvm::cantFail(parseFormat("bcqgreedy3g32f"))),
            formatToType(&context, llvm::cantFail(parseFormat("bcq3g32f"))));
}

} // namespace
