#include "halftone/Quantize/Format.h"
#include "halftone/Quantize/ActivationVectors.h"
#include "gtest/gtest.h"

using namespace halftone;
using namespace llvm;

namespace {
bool errorIsSuccess(Error error) {
  bool success = !error;
  consumeError(std::move(error));
  return success;
}

std::string errorOf(StringRef name) { return toString(parseFormat(name).takeError()); }

TEST(ActivationVectors, Names) {
  for (const char *name : {"vsq2v8s3", "vsq4v16s4", "vsq8v128s10p20", "vsq4uv16s4", "vsq7uv8sf", "vsq4v16sf"})
    EXPECT_EQ(cantFail(parseActivationVectors(name)).name(), name);
  for (const char *name : {"vsq", "vsq9v16s4", "vsq8uv16s4", "vsq4v16sfp4", "vsq4v16s4p", "vsq4v16s4p0", "vsq4v16s4p21",
                           "vsq4v16s4p-1", "vsq4v16s4p6 ", "mxfp4"})
    EXPECT_FALSE(errorIsSuccess(parseActivationVectors(name).takeError())) << name;
}

TEST(ActivationVectors, RoundingAndBounds) {
  Format weights = cantFail(parseFormat("vsq4v16s6"));
  ActivationVectors activations = cantFail(parseActivationVectors("vsq8v16s6"));
  EXPECT_EQ(activations.droppedBits(weights), 0u);
  activations.productBits = 7;
  EXPECT_EQ(activations.droppedBits(weights), 5u);
  activations.productBits = 13;
  EXPECT_EQ(activations.droppedBits(weights), 0u);
  // 63 * 63 * 8 * 128 * 528 is below 2^31, for 529 it is not.
  EXPECT_TRUE(activations.sumsFitWord(weights, 528));
  EXPECT_FALSE(activations.sumsFitWord(weights, 529));
}

TEST(Format, Fields) {
  Format f = cantFail(parseFormat("bcq3g128"));
  EXPECT_EQ(f.kind, FormatKind::Bcq);
  EXPECT_EQ(f.solver, BcqSolver::Alternating);
  EXPECT_EQ(f.rounds, 15u);
  EXPECT_EQ(f.bits, 3u);
  EXPECT_EQ(f.group, 128);
  EXPECT_FALSE(f.planeScales);
  f = cantFail(parseFormat("bcqgreedy1g0f"));
  EXPECT_EQ(f.solver, BcqSolver::Greedy);
  EXPECT_TRUE(f.planeScales);
  EXPECT_EQ(cantFail(parseFormat("bcqrefined8g32")).solver, BcqSolver::Refined);
  EXPECT_EQ(cantFail(parseFormat("ternaryg64")).bits, 2u);
  EXPECT_EQ(cantFail(parseFormat("rtn8g0")).kind, FormatKind::Rtn);
  f = cantFail(parseFormat("vsq4v16s6"));
  EXPECT_EQ(f.kind, FormatKind::Vsq);
  EXPECT_EQ(f.bits, 4u);
  EXPECT_EQ(f.group, 16);
  EXPECT_EQ(f.scaleBits, 6u);
  EXPECT_EQ(cantFail(parseFormat("float")), Format());
  f = cantFail(parseFormat("bcq3g32fz"));
  EXPECT_TRUE(f.offset && f.planeScales);
  f = cantFail(parseFormat("bcq3g32z"));
  EXPECT_TRUE(f.offset && !f.planeScales);
  f = cantFail(parseFormat("binaryg64"));
  EXPECT_EQ(f.kind, FormatKind::Binary);
  EXPECT_EQ(f.bits, 1u);
  f = cantFail(parseFormat("int8t"));
  EXPECT_EQ(f.kind, FormatKind::Rtn);
  EXPECT_TRUE(f.offset && f.perTensor && !f.floatScales);
  EXPECT_EQ(f.group, 0);
  f = cantFail(parseFormat("rtn4g32f"));
  EXPECT_TRUE(!f.offset && !f.perTensor && f.floatScales);
}

TEST(Format, NamesRoundTrip) {
  for (StringRef name : {"float",     "bcq1g32",    "bcq8g0f",    "bcqgreedy3g32", "bcqgreedy3g32f",  "bcqrefined2g7",
                         "ternaryg0", "ternaryg64", "ternaryg0a", "rtn2g32",       "rtn8g2147483647", "vsq4v16s6",
                         "vsq2v8s3",  "vsq8v128s8", "bcq3g32z",   "bcq8g0fz",      "bcqgreedy2g32z",  "binaryg0",
                         "int4g32",   "int2g0f",    "int8t",      "int8tf",        "rtn8t",           "rtn4tf",
                         "rtn4g32f",  "vsq4uv16s4", "vsq8v64s10", "vsq4v16sf",     "vsq2uv8sf",       "mxfp4",
                         "nvfp4"})
    EXPECT_EQ(cantFail(parseFormat(name)).name(), name);
}

TEST(Format, Refused) {
  for (StringRef name : {"",
                         "bcq",
                         "bcq3",
                         "bcqg32",
                         "bcq3g",
                         "bcq3g32ff",
                         "bcq3g32 ",
                         " bcq3g32",
                         "BCQ3g32",
                         "bcq03g32",
                         "bcq3g032",
                         "bcq3g-1",
                         "bcq3g2147483648",
                         "bcq99999999999999999999g32",
                         "bcq0g32",
                         "bcq9g32",
                         "bcqgreedy9g32",
                         "rtn1g32",
                         "rtn9g32",
                         "rtn4g32ff",
                         "rtn4g32z",
                         "rtn4t32",
                         "int1g32",
                         "int9t",
                         "int4",
                         "int4g32z",
                         "int4ft",
                         "bcq3t",
                         "bcq3g32zf",
                         "bcq3g32zz",
                         "binary1g32",
                         "binaryg32f",
                         "binaryt",
                         "ternary2g32",
                         "ternaryg64f",
                         "ternaryg64aa",
                         "rtn4g32a",
                         "Float",
                         "float32",
                         "vsq",
                         "vsq4",
                         "vsq4v16",
                         "vsq4v16s",
                         "vsq4s4v16",
                         "vsq04v16s4",
                         "vsq4v016s4",
                         "vsq4v16s4f",
                         "vsq1v16s4",
                         "vsq9v16s4",
                         "vsq4v0s4",
                         "vsq4v7s4",
                         "vsq4v129s4",
                         "vsq4v16s2",
                         "vsq4v16s11",
                         "vsq4v16s4u",
                         "vsq4v16f",
                         "vsq4v16s8f",
                         "vsqu4v16s4",
                         "mxfp4g32",
                         "mxfp6",
                         "fp4"})
    EXPECT_NE(errorOf(name).find(("unknown format '" + name + "'").str()), std::string::npos) << name.str();
}

TEST(Format, ErrorsNameTheNearest) {
  EXPECT_EQ(errorOf("bqc3g32").find("unknown format 'bqc3g32'; did you mean 'bcq3g32'? ("), 0u);
  EXPECT_EQ(errorOf("flaot").find("unknown format 'flaot'; did you mean 'float'? ("), 0u);
  EXPECT_EQ(errorOf("ternary64").find("unknown format 'ternary64'; did you mean 'ternaryg64'? ("), 0u);
  EXPECT_EQ(errorOf("ternayg48a").find("unknown format 'ternayg48a'; did you mean 'ternaryg48a'? ("), 0u);
  EXPECT_EQ(errorOf("bcqgredy3g48f").find("unknown format 'bcqgredy3g48f'; did you mean 'bcqgreedy3g48f'? ("), 0u);
  EXPECT_EQ(errorOf("bcq9g32").find("unknown format 'bcq9g32': bcq has 1 to 8 planes, not 9; did you mean 'bcq"), 0u);
  EXPECT_EQ(errorOf("rtn1g32").find("unknown format 'rtn1g32': rtn has 2 to 8 bits, not 1; did you mean 'rtn"), 0u);
  EXPECT_EQ(errorOf("vsq9v16s4").find("unknown format 'vsq9v16s4': vsq has 2 to 8 bits of an element, not 9; did you "),
            0u);
  EXPECT_EQ(errorOf("vsq4v200s4").find("unknown format 'vsq4v200s4': vsq has 8 to 128 elements of a vector, not 200; "),
            0u);
  EXPECT_EQ(errorOf("vsq4v16s2").find("unknown format 'vsq4v16s2': vsq has 3 to 10 bits of a vector scale, not 2; "),
            0u);
  EXPECT_EQ(errorOf("vqs4v16s4").find("unknown format 'vqs4v16s4'; did you mean 'vsq4v16s4'? ("), 0u);
  EXPECT_EQ(errorOf("imt4g32").find("unknown format 'imt4g32'; did you mean 'int4g32'? ("), 0u);
  EXPECT_EQ(errorOf("int9t").find("unknown format 'int9t': int has 2 to 8 bits, not 9; did you mean 'int"), 0u);
  EXPECT_EQ(errorOf("bcq3g48zf").find("unknown format 'bcq3g48zf'; did you mean 'bcq3g48"), 0u);
  EXPECT_NE(errorOf("x").find("formats are float, bcq<planes>g<group>, "), std::string::npos);
}

TEST(Format, Groups) {
  Format f = cantFail(parseFormat("bcq3g32"));
  EXPECT_EQ(f.groupSize(172), 32);
  EXPECT_EQ(f.groupCount(172), 6);
  EXPECT_EQ(f.groupSize(20), 20);
  EXPECT_EQ(f.groupCount(20), 1);
  EXPECT_EQ(f.groupCount(32), 1);
  EXPECT_EQ(f.groupCount(33), 2);
  EXPECT_EQ(f.groupCount(0), 0);
  EXPECT_EQ(cantFail(parseFormat("vsq4v16s6")).groupCount(172), 11);
  f.group = 0;
  EXPECT_EQ(f.groupSize(172), 172);
  EXPECT_EQ(f.groupCount(172), 1);
}

TEST(Format, BitsPerWeight) {
  auto bits = [](StringRef name, int64_t cols) { return cantFail(parseFormat(name)).bitsPerWeight(5, cols); };
  EXPECT_DOUBLE_EQ(bits("bcq3g128", 4096), 3 + (16 + 24) / 128.0);
  EXPECT_DOUBLE_EQ(bits("bcq3g128f", 4096), 3 + 48 / 128.0);
  EXPECT_DOUBLE_EQ(bits("bcqgreedy2g32", 64), 2 + 32 / 32.0);
  EXPECT_DOUBLE_EQ(bits("ternaryg64", 128), 2.25);
  EXPECT_DOUBLE_EQ(bits("ternaryg64a", 128), 2.5);
  EXPECT_DOUBLE_EQ(bits("rtn4g32", 64), 4.5);
  EXPECT_DOUBLE_EQ(bits("rtn8g0", 172), 8 + 16 / 172.0);
  EXPECT_DOUBLE_EQ(bits("float", 100), 32);
  EXPECT_DOUBLE_EQ(bits("binaryg64", 128), 1.25);
  EXPECT_DOUBLE_EQ(bits("bcq3g128z", 4096), 3 + (16 + 24 + 8) / 128.0);
  EXPECT_DOUBLE_EQ(bits("bcq3g128fz", 4096), 3 + 64 / 128.0);
  EXPECT_DOUBLE_EQ(bits("int4g32", 64), 4 + 24 / 32.0);
  EXPECT_DOUBLE_EQ(bits("int4g32f", 64), 4 + 40 / 32.0);
  EXPECT_DOUBLE_EQ(bits("rtn4g32f", 64), 5);
  EXPECT_DOUBLE_EQ(bits("int8t", 64), 8 + 24 / (5 * 64.0));
  EXPECT_DOUBLE_EQ(bits("rtn8t", 64), 8 + 16 / (5 * 64.0));
  EXPECT_DOUBLE_EQ(bits("vsq4v16s4", 4096), 4.25 + 32 / 4096.0);
  EXPECT_DOUBLE_EQ(bits("vsq4v16sf", 4096), 6);
  EXPECT_DOUBLE_EQ(bits("mxfp4", 4096), 4.25);
  EXPECT_DOUBLE_EQ(bits("nvfp4", 4096), 4.5 + 32.0 / (5 * 4096));
  EXPECT_DOUBLE_EQ(bits("vsq4v16s6", 172), 4 + (11 * 6 + 32) / 172.0);
  // The short last group has a scale of its own.
  EXPECT_DOUBLE_EQ(bits("rtn4g32", 172), 4 + 6 * 16 / 172.0);
}
} // namespace
