// Uniform quantizers as binary codings with an offset, and back.

#include "halftone/Quantize/Convert.h"
#include "TestData.h"
#include "gtest/gtest.h"

using namespace halftone;
using namespace llvm;

namespace {

float largestMagnitude(const UniformCode &uniform) {
  return std::max(std::abs(uniform.value(0)), std::abs(uniform.value((1u << uniform.bits) - 1)));
}

TEST(Convert, EveryUniformQuantizerThereAndBack) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> exponent(-20, 20);
  for (unsigned bits = 1; bits <= 8; ++bits)
    for (int trial = 0; trial < 500; ++trial) {
      UniformCode uniform{bits, std::exp2(exponent(random)), int32_t(random() % (3u << bits)) - (1 << bits)};
      BinaryCode binary = uniformToBinary(uniform);
      float ulp = std::nextafter(largestMagnitude(uniform), INFINITY) - largestMagnitude(uniform);
      for (unsigned code = 0; code < 1u << bits; ++code)
        ASSERT_LE(std::abs(double(binary.value(code)) - uniform.value(code)), 2.0 * ulp) << bits << " bits, " << code;
      std::optional<UniformCode> back = binaryToUniform(binary);
      ASSERT_TRUE(back) << bits << " bits, scale " << uniform.scale << ", zero point " << uniform.zeroPoint;
      EXPECT_EQ(back->bits, bits);
      EXPECT_EQ(back->scale, uniform.scale);
      EXPECT_EQ(back->zeroPoint, uniform.zeroPoint);
    }
}

TEST(Convert, NotEveryBinaryCodeIsUniform) {
  BinaryCode binary = uniformToBinary({3, 0.25f, 2});
  binary.scales[2] *= 1.5f;
  EXPECT_FALSE(binaryToUniform(binary));
  binary = uniformToBinary({3, 0.25f, 2});
  binary.offset += 0.1f;
  EXPECT_FALSE(binaryToUniform(binary));
  binary.offset = INFINITY;
  EXPECT_FALSE(binaryToUniform(binary));
}

TEST(Convert, MatricesKeepEveryBit) {
  const std::pair<int64_t, int64_t> shapes[] = {{1, 1}, {3, 33}, {5, 70}};
  for (auto [rows, cols] : shapes)
    for (unsigned bits = 2; bits <= 7; ++bits)
      for (StringRef size : {"g0", "g16", "g7", "t"})
        for (StringRef family : {"int", "rtn"}) {
          std::string b = std::to_string(bits), from = (family + b + size).str();
          std::string to = (Twine("bcq") + b + (size == "t" ? "g0" : size) + "z").str();
          SCOPED_TRACE(from + " to " + to);
          QuantizedMatrix uniform = quantized(normalWeights(rows * cols, bits), rows, cols, from);
          QuantizedMatrix bcq = cantFail(convertMatrix(uniform, formatOf(to), "w"));
          ASSERT_EQ(dequantize(bcq), dequantize(uniform));
          if (size == "t" || family == "rtn")
            continue;
          QuantizedMatrix back = cantFail(convertMatrix(bcq, uniform.format, "w"));
          EXPECT_EQ(back.codes, uniform.codes);
          EXPECT_EQ(back.scales, uniform.scales);
          EXPECT_EQ(back.multipliers, uniform.multipliers);
        }
}

TEST(Convert, Refused) {
  auto errorOf = [](const QuantizedMatrix &matrix, StringRef to) {
    return toString(convertMatrix(matrix, formatOf(to), "w").takeError());
  };
  std::vector<float> weights = normalWeights(2 * 32, 1);
  EXPECT_EQ(errorOf(quantized(weights, 2, 32, "int8g16"), "bcq8g16z"),
            "tensor 'w': format 'int8g16' cannot be converted to 'bcq8g16z' without loss");
  for (auto [from, to] : {std::pair<StringRef, StringRef>{"int4g16", "bcq3g16z"},
                          {"int4g16", "bcq4g32z"},
                          {"int4g16", "bcq4g16"},
                          {"int4g16", "bcq4g16fz"},
                          {"int4g16f", "bcq4g16z"},
                          {"ternaryg16", "bcq2g16z"},
                          {"bcq4g16z", "rtn4g16"}})
    EXPECT_NE(errorOf(quantized(weights, 2, 32, from), to).find("without loss"), std::string::npos) << from.str();
  EXPECT_EQ(errorOf(quantized(weights, 2, 32, "bcq3g16z"), "int3g16"),
            "tensor 'w': row 0, group 0 of format 'bcq3g16z' is not uniform: its multipliers are not powers of two");
  QuantizedMatrix tiny = quantized(weights, 2, 32, "int4g16");
  tiny.scales[3] = 1; // the smallest subnormal
  EXPECT_EQ(errorOf(tiny, "bcq4g16z"),
            "tensor 'w': row 1, group 1 of format 'int4g16' has a subnormal scale that cannot be halved");
  QuantizedMatrix bcq = cantFail(convertMatrix(quantized(weights, 2, 32, "int4g16"), formatOf("bcq4g16z"), "w"));
  QuantizedMatrix large = bcq, odd = bcq;
  large.scales[0] = 0x7bff;
  EXPECT_NE(errorOf(large, "int4g16").find("has a scale that cannot be doubled"), std::string::npos);
  odd.multipliers[4] = 0;
  EXPECT_NE(errorOf(odd, "int4g16").find("has an offset that is no zero point"), std::string::npos);
}

} // namespace
