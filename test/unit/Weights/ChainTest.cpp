// Chains that do not begin with lowbit.quantize: given scales, stored codes, conversions.

#include "Fixture.h"

using namespace halftone;

namespace {

class Chain : public WeightsFixture {
protected:
  /// A global of two rows of four floats.
  std::string floats(const std::string &body) { return global("w", "2x4xf32", 0, body); }
};

constexpr const char *intType = "tensor<2x4x!lowbit.int<bits = 4, group = 0, range = asymmetric>>";

std::string encodeText(const std::string &source) {
  return source +
         "%s = arith.constant dense<[[0.5], [0.25]]> : tensor<2x1xf16>\n"
         "%p = arith.constant dense<[[3], [0]]> : tensor<2x1xi8>\n"
         "%q = lowbit.encode %w, %s, %p : (tensor<2x4xf32>, tensor<2x1xf16>, tensor<2x1xi8>) -> " +
         std::string(intType) + "\n";
}

const std::string dequantizeText = "%r = lowbit.dequantize %q : " + std::string(intType) + " -> tensor<2x4xf32>\n";

TEST_F(Chain, EncodeRoundsAndClamps) {
  addTensor("w", {2, 4}, {0.25f, 0.75f, -100, 100, 0.25f, 1, 0.3f, -1});
  ASSERT_EQ(evaluate(floats(encodeText("%w = lowbit.external \"w\" : tensor<2x4xf32>\n") + dequantizeText), 64), "");
  // Row 0 in steps of 0.5 from -1.5 to 6, halves to even; row 1 in steps of 0.25 from 0.
  EXPECT_EQ(floatsAt(0, 8), (std::vector<float>{0, 1, -1.5f, 6, 0.25f, 1, 0.25f, 0}));
  EXPECT_EQ(records[0].name, "w");
  EXPECT_EQ(records[0].format.name(), "int4g0");
}

TEST_F(Chain, StoredCodes) {
  // One row: planes 0 and 1 of the codes 0, 1, 2, 3; scale 0.5, zero point 1. A splat is all of its elements.
  std::string body = "%c = arith.constant dense<[[[10, 0, 0, 0]], [[12, 0, 0, 0]]]> : tensor<2x1x4xi8>\n"
                     "%s = arith.constant dense<0.5> : tensor<1x1xf32>\n"
                     "%p = arith.constant dense<1> : tensor<1x1xi8>\n"
                     "%q = lowbit.assemble %c, %s, %p : (tensor<2x1x4xi8>, tensor<1x1xf32>, tensor<1x1xi8>) -> "
                     "tensor<1x4x!lowbit.int<bits = 2, group = 0, range = asymmetric, scale = f32>>\n"
                     "%r = lowbit.dequantize %q : "
                     "tensor<1x4x!lowbit.int<bits = 2, group = 0, range = asymmetric, scale = f32>> -> "
                     "tensor<1x4xf32>";
  ASSERT_EQ(evaluate(global("w", "1x4xf32", 0, body), 64), "");
  EXPECT_EQ(floatsAt(0, 4), (std::vector<float>{-0.5f, 0, 0.5f, 1}));
  EXPECT_EQ(records[0].shape, (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(records[0].format.name(), "int2g0f");
  EXPECT_DOUBLE_EQ(records[0].bitsPerWeight, 2 + 40 / 4.0);
}

TEST_F(Chain, ConversionsKeepTheValues) {
  addTensor("w", {2, 4}, {0.25f, 0.75f, -100, 100, 0.25f, 1, 0.3f, -1});
  std::string bcq = "tensor<2x4x!lowbit.bcq<planes = 4, group = 0, offset = per_group>>";
  std::string body = encodeText("%w = lowbit.external \"w\" : tensor<2x4xf32>\n") +
                     "%b = lowbit.convert %q : " + intType + " -> " + bcq + "\n%r = lowbit.dequantize %b : " + bcq +
                     " -> tensor<2x4xf32>\n";
  ASSERT_EQ(evaluate(floats(body), 64), "");
  EXPECT_EQ(floatsAt(0, 8), (std::vector<float>{0, 1, -1.5f, 6, 0.25f, 1, 0.25f, 0}));
  EXPECT_EQ(records[0].format.name(), "bcq4g0z");
}

TEST_F(Chain, Refused) {
  addTensor("w", {2, 4}, {0.25f, NAN, -100, 100, 0.25f, 1, 0.3f, -1});
  EXPECT_EQ(evaluate(floats(encodeText("%w = lowbit.external \"w\" : tensor<2x4xf32>\n") + dequantizeText), 64),
            "tensor 'w': the weight at [0, 1] is not a number");
  std::string constant = "%w = arith.constant dense<1.0> : tensor<2x4xf32>\n", text = encodeText(constant);
  size_t place = text.find("0.5");
  EXPECT_EQ(evaluate(floats(text.replace(place, 3, "0x7C00") + dequantizeText), 64),
            "tensor 'constant' of format 'int4g0': a scale is not finite");
  std::string bcq = "tensor<2x4x!lowbit.bcq<planes = 4, group = 0, offset = per_group>>";
  EXPECT_EQ(
      evaluate(floats("%w = arith.constant dense<[[1.0, 2.0, 3.5, 9.0], [1.0, 2.0, 3.5, 9.0]]> : tensor<2x4xf32>\n"
                      "%b = lowbit.quantize %w : tensor<2x4xf32> -> " +
                      bcq + "\n%q = lowbit.convert %b : " + bcq + " -> " + intType + "\n" + dequantizeText),
               64),
      "tensor 'constant': row 0, group 0 of format 'bcq4g0z' is not uniform: its multipliers are not powers of "
      "two");
}

} // namespace
