// Sizes and parts of packed weights.

#include "RandomMatrix.h"
#include "gtest/gtest.h"

using namespace halftone;

namespace {

TEST(Layout, GroupsArePaddedToSteps) {
  GroupShape whole(0, 40); // one group of 40: two steps
  EXPECT_EQ(whole.size, 40);
  EXPECT_EQ(whole.count, 1);
  EXPECT_EQ(whole.paddedCols(), 64);
  EXPECT_EQ(whole.padded(39), 39);

  GroupShape short32(32, 172); // five groups of 32, one of 12
  EXPECT_EQ(short32.count, 6);
  EXPECT_EQ(short32.lastSize, 12);
  EXPECT_EQ(short32.paddedCols(), 192);
  EXPECT_EQ(short32.padded(171), 171);

  GroupShape odd(48, 100); // 48, 48, 4: two, two and one step
  EXPECT_EQ(odd.count, 3);
  EXPECT_EQ(odd.steps, 2);
  EXPECT_EQ(odd.lastSteps, 1);
  EXPECT_EQ(odd.paddedCols(), 160);
  EXPECT_EQ(odd.padded(47), 47);
  EXPECT_EQ(odd.padded(48), 64);
  EXPECT_EQ(odd.padded(99), 131);

  GroupShape large(1000, 40);
  EXPECT_EQ(large.size, 40);
  EXPECT_EQ(large.count, 1);
}

// Vectors of 8 and 16 share groups of 32; codes have no gaps.
TEST(Layout, ShortVectorsShareGroups) {
  EXPECT_EQ(vectorsPerGroup(formatOf("vsq4v8s6")), 4u);
  EXPECT_EQ(vectorsPerGroup(formatOf("vsq4v16s6")), 2u);
  for (const char *name : {"vsq4v12s6", "vsq4v24s6", "vsq4v32s6", "vsq4v128s6", "rtn4g16", "ternaryg0"})
    EXPECT_EQ(vectorsPerGroup(formatOf(name)), 1u) << name;
  EXPECT_EQ(packedGroup(formatOf("vsq4v24s6")), 24);
  EXPECT_EQ(packedGroup(formatOf("rtn4g16")), 16);
  GroupShape pairs(formatOf("vsq4v16s6"), 172);
  EXPECT_EQ(pairs.count, 6);
  EXPECT_EQ(pairs.lastSize, 12);
  EXPECT_EQ(pairs.paddedCols(), 192);
  for (int64_t k = 0; k < 172; ++k)
    EXPECT_EQ(pairs.padded(k), k);
  PackedShape shape(formatOf("vsq4v16s6"), 17, 172, Layout::Rows16);
  EXPECT_EQ(shape.codesBytes, 2 * 6 * 4 * 64);
  EXPECT_EQ(shape.scalesBytes, 2 * 16 * 4);          // blocks x rows x float
  EXPECT_EQ(shape.multipliersBytes, 2 * 6 * 2 * 16); // blocks x groups x vectors x rows
}

TEST(Layout, PartsBeginAtMultiplesOf64) {
  PackedShape shape(formatOf("bcq3g32"), 17, 40, Layout::Rows16);
  EXPECT_EQ(shape.rowBlocks, 2);
  EXPECT_EQ(shape.codesBytes, 2 * 2 * 3 * 64); // blocks x steps x bits x 64
  EXPECT_EQ(shape.scalesOffset, 768);
  EXPECT_EQ(shape.scalesBytes, 2 * 2 * 16 * 2); // blocks x groups x rows x half
  EXPECT_EQ(shape.multipliersOffset, 896);
  EXPECT_EQ(shape.multipliersBytes, 2 * 2 * 3 * 16); // blocks x groups x planes x rows
  EXPECT_EQ(shape.bytes, 1088);
  EXPECT_EQ(packedBytes(formatOf("rtn4g0"), 1, 1, Layout::Rows16), 256 + 64);
  EXPECT_EQ(packedBytes(Format(), 5, 7, Layout::Float16), 7 * 64);
}

// Where nothing is padded the packed bytes are what the format says, to the bit.
TEST(Layout, BytesAreBitsPerWeight) {
  for (const char *name : {"bcq1g32",   "bcq2g64",   "bcq3g128", "bcq4g0",  "ternaryg32", "ternaryg0", "ternaryg64a",
                           "rtn2g32",   "rtn3g64",   "rtn4g128", "rtn5g32", "rtn6g32",    "rtn7g32",   "rtn8g0",
                           "binaryg32", "bcq3g128z", "int4g32",  "int8g0",  "int2g64f",   "rtn4g32f"})
    for (Layout layout : {Layout::Rows16, Layout::Rows64}) {
      SCOPED_TRACE(name);
      Format format = formatOf(name);
      EXPECT_DOUBLE_EQ(packedBytes(format, 128, 256, layout) * 8.0, format.bitsPerWeight(128, 256) * 128 * 256);
    }
  for (const char *name : {"bcq2g32f", "bcq3g0f", "bcq2g32fz"})
    EXPECT_DOUBLE_EQ(packedBytes(formatOf(name), 128, 256, Layout::Rows16) * 8.0,
                     formatOf(name).bitsPerWeight(128, 256) * 128 * 256);
  for (const char *name : {"vsq2v8s8", "vsq4v16s8", "vsq5v32s8", "vsq8v128s8"})
    EXPECT_DOUBLE_EQ(packedBytes(formatOf(name), 128, 256, Layout::Rows16) * 8.0,
                     formatOf(name).bitsPerWeight(128, 256) * 128 * 256);
  EXPECT_EQ(packedBytes(Format(), 128, 256, Layout::Float16), 128 * 256 * 4);
  // One scale and zero point per tensor take one block's lanes, however many rows there are.
  EXPECT_EQ(packedBytes(formatOf("int8t"), 1280, 256, Layout::Rows16), 1280 * 256 + 64 + 64);
  EXPECT_EQ(packedBytes(formatOf("rtn4tf"), 1280, 256, Layout::Rows64), 1280 * 128 + 256);
}

// Fields cover each bit of a code once and divide the byte.
TEST(Layout, FieldsCoverTheCode) {
  for (const char *name :
       {"bcq1g32", "bcq3g32", "bcq8g32", "bcq5g32f", "ternaryg32", "rtn2g32", "rtn3g32", "rtn5g32", "rtn6g32",
        "rtn7g32", "rtn8g32", "binaryg32", "int3g32", "bcq3g32z", "vsq3v16s4", "vsq8v8s8"}) {
    SCOPED_TRACE(name);
    Format format = formatOf(name);
    unsigned seen = 0;
    for (CodeField field : codeFields(format)) {
      EXPECT_EQ(8 % field.width, 0u);
      unsigned mask = ((1u << field.width) - 1) << field.shift;
      EXPECT_EQ(seen & mask, 0u);
      seen |= mask;
    }
    EXPECT_EQ(seen, (1u << format.bits) - 1);
    EXPECT_EQ(codeBits(format), format.bits);
  }
  EXPECT_TRUE(codeFields(Format()).empty());
}

TEST(Layout, PartsPerGroup) {
  EXPECT_EQ(planeCount(formatOf("ternaryg32")), 2u);
  EXPECT_EQ(planeCount(formatOf("rtn5g32")), 5u);
  EXPECT_EQ(planeCount(Format()), 0u);
  EXPECT_EQ(scalesPerGroup(formatOf("bcq3g32")), 1u);
  EXPECT_EQ(scalesPerGroup(formatOf("bcq3g32f")), 3u);
  EXPECT_EQ(scalesPerGroup(formatOf("ternaryg32")), 1u);
  EXPECT_EQ(scalesPerGroup(formatOf("ternaryg32a")), 2u);
  EXPECT_EQ(scalesPerGroup(Format()), 0u);
  EXPECT_EQ(multipliersPerGroup(formatOf("bcq3g32")), 3u);
  EXPECT_EQ(multipliersPerGroup(formatOf("bcq3g32f")), 0u);
  EXPECT_EQ(multipliersPerGroup(formatOf("rtn4g32")), 0u);
  EXPECT_EQ(multipliersPerGroup(formatOf("int4g32")), 1u);
  EXPECT_EQ(multipliersPerGroup(formatOf("bcq3g32z")), 4u);
  EXPECT_EQ(scalesPerGroup(formatOf("bcq3g32fz")), 4u);
  EXPECT_EQ(scaleBytes(formatOf("int4g32")), 2u);
  EXPECT_EQ(scaleBytes(formatOf("int4g32f")), 4u);
}

TEST(Layout, BoundsOfVectorScaledSums) {
  EXPECT_TRUE(vectorSumsFitWord(formatOf("vsq8v16s8"), 522));
  EXPECT_FALSE(vectorSumsFitWord(formatOf("vsq8v16s8"), 523));
  EXPECT_EQ(maxVectorScaledColumns(formatOf("vsq4v16s6")), 1 << 18);
  // Sums stay below 2^40, terms of one vector below 2^31.
  EXPECT_EQ(maxVectorScaledColumns(formatOf("vsq8v16s10")), ((int64_t(1) << 40) - 1) / (127 * 127 * 1023));
  EXPECT_EQ(maxVectorScaledColumns(formatOf("vsq8uv64s10")), ((int64_t(1) << 40) - 1) / (127 * 255 * 1023));
  EXPECT_EQ(maxVectorScaledColumns(formatOf("vsq8uv128s10")), 0);
  EXPECT_EQ(maxVectorScaledColumns(formatOf("nvfp4")), INT64_MAX);
}

TEST(Layout, WhatALayoutHolds) {
  EXPECT_TRUE(layoutHolds(Layout::Float16, Format()));
  EXPECT_FALSE(layoutHolds(Layout::Rows16, Format()));
  EXPECT_FALSE(layoutHolds(Layout::Rows64, Format()));
  EXPECT_FALSE(layoutHolds(Layout::Float16, formatOf("ternaryg32")));
  EXPECT_TRUE(layoutHolds(Layout::Rows16, formatOf("bcq2g32f")));
  EXPECT_FALSE(layoutHolds(Layout::Rows64, formatOf("bcq2g32f")));
  EXPECT_TRUE(layoutHolds(Layout::Rows64, formatOf("bcq2g32")));
  EXPECT_TRUE(layoutHolds(Layout::Rows16, formatOf("vsq4v16s6")));
  EXPECT_FALSE(layoutHolds(Layout::Rows64, formatOf("vsq4v16s6")));
  for (Layout layout : {Layout::Trits16, Layout::Trits64}) {
    EXPECT_TRUE(layoutHolds(layout, formatOf("ternaryg32")));
    EXPECT_EQ(layoutHolds(layout, formatOf("ternaryg32a")), layout == Layout::Trits16);
    EXPECT_FALSE(layoutHolds(layout, formatOf("rtn2g32")));
    EXPECT_FALSE(layoutHolds(layout, Format()));
  }
}

} // namespace
