// Every error of the evaluation, with the tensor's name.

#include "Fixture.h"
#include <limits>

using namespace halftone;

namespace {

class EvaluateError : public WeightsFixture {
protected:
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();

  static std::string external(llvm::StringRef name, llvm::StringRef type) {
    return global("g", type, 0, ("%r = lowbit.external \"" + name + "\" : tensor<" + type + ">").str());
  }
};

TEST_F(EvaluateError, NoFile) {
  EXPECT_EQ(evaluate(external("w", "4xf32"), 64),
            "tensor 'w': the module names no weight file; add the attribute lowbit.externals");
}

TEST_F(EvaluateError, MissingTensor) {
  addTensor("w", {4}, {1, 2, 3, 4});
  EXPECT_EQ(evaluate(external("v", "4xf32"), 64), "tensor 'v' is not in '" + folder.path("w.safetensors") + "'");
}

TEST_F(EvaluateError, WrongShape) {
  addTensor("w", {2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(evaluate(external("w", "4x1xf32"), 64),
            "tensor 'w' has shape [2, 2] in '" + folder.path("w.safetensors") + "', the module expects [4, 1]");
  EXPECT_NE(evaluate(external("w", "4xf32"), 64), "");
}

TEST_F(EvaluateError, NotANumberInCheckpoints) {
  addTensor("w", {2, 3}, {1, 2, 3, 4, nan, infinity});
  EXPECT_EQ(evaluate(external("w", "2x3xf32"), 64), "tensor 'w': the weight at [1, 1] is not a number");
  tensors.clear();
  addTensor("w", {2, 3}, {1, 2, 3, 4, 5, -infinity});
  std::string message = "tensor 'w': the weight at [1, 2] is infinite";
  EXPECT_EQ(evaluate(external("w", "2x3xf32"), 64), message);
  // The same when it is quantized, transposed, or packed as it is.
  EXPECT_EQ(evaluate(global("g", "192xi8", 0,
                            "%w = lowbit.external \"w\" : tensor<2x3xf32>\n"
                            "%q = lowbit.quantize %w : tensor<2x3xf32> -> tensor<2x3x!lowbit.ternary<group = 0>>\n"
                            "%r = lowbit.pack %q layout(rows16) : tensor<2x3x!lowbit.ternary<group = 0>> -> "
                            "tensor<192xi8>"),
                     192),
            message);
  EXPECT_EQ(evaluate(global("g", "128xi8", 0,
                            "%w = lowbit.external \"w\" : tensor<2x3xf32>\n"
                            "%e = tensor.empty() : tensor<3x2xf32>\n"
                            "%t = linalg.transpose ins(%w : tensor<2x3xf32>) outs(%e : tensor<3x2xf32>) "
                            "permutation = [1, 0]\n"
                            "%r = lowbit.pack %t layout(float16) : tensor<3x2xf32> -> tensor<128xi8>"),
                     128),
            message);
}

// Constants may hold infinities (masks do), but not as weights of products.
TEST_F(EvaluateError, NotANumberInConstants) {
  std::string constant = "%c = arith.constant dense<[[1.0, 0x7FC00000]]> : tensor<1x2xf32>\n";
  EXPECT_EQ(evaluate(global("g", "1x2xf32", 0, "%r = arith.constant dense<[[1.0, 0xFF800000]]> : tensor<1x2xf32>"), 64),
            "");
  EXPECT_EQ(evaluate(global("g", "128xi8", 0,
                            constant + "%r = lowbit.pack %c layout(float16) : tensor<1x2xf32> -> tensor<128xi8>"),
                     128),
            "tensor 'constant': the weight at [0, 1] is not a number");
  EXPECT_EQ(evaluate(global("g", "192xi8", 0,
                            constant + "%q = lowbit.quantize %c : tensor<1x2xf32> -> "
                                       "tensor<1x2x!lowbit.ternary<group = 0>>\n"
                                       "%r = lowbit.pack %q layout(rows16) : tensor<1x2x!lowbit.ternary<group = 0>> "
                                       "-> tensor<192xi8>"),
                     192),
            "tensor 'constant': the weight at [0, 1] is not a number");
}

TEST_F(EvaluateError, ConstantsOfOtherTypes) {
  EXPECT_EQ(evaluate(global("g", "4xi32", 0, "%r = arith.constant dense<1> : tensor<4xi32>"), 64),
            "weight 'constant': constants of this element type cannot be weights");
  EXPECT_EQ(evaluate(global("g", "4xf32", 0, "%r = arith.constant sparse<[[0]], [1.0]> : tensor<4xf32>"), 64),
            "weight 'constant': only dense and dense_resource constants can be weights");
}

TEST_F(EvaluateError, Resources) {
  auto text = [](const std::string &blob) {
    return "module attributes {lowbit.weight_bytes = 64} {\n" +
           global("g", "4xf32", 0, "%r = arith.constant dense_resource<" + blob + "> : tensor<4xf32>") + "}\n";
  };
  EXPECT_EQ(evaluateModule(text("absent")),
            "weight 'constant': the resource 'absent' is missing or has the wrong size");
  EXPECT_EQ(evaluateModule(text("brief") + "{-# dialect_resources: { builtin: { brief: \"0x040000000000803F\" } } #-}"),
            "weight 'constant': the resource 'brief' is missing or has the wrong size");
}

TEST_F(EvaluateError, OtherTranspositions) {
  EXPECT_EQ(evaluate(global("g", "1x2x3xf32", 0,
                            "%c = arith.constant dense<1.0> : tensor<3x2x1xf32>\n"
                            "%e = tensor.empty() : tensor<1x2x3xf32>\n"
                            "%r = linalg.transpose ins(%c : tensor<3x2x1xf32>) outs(%e : tensor<1x2x3xf32>) "
                            "permutation = [2, 1, 0]"),
                     64),
            "weight 'constant': only matrices can be transposed");
}

TEST_F(EvaluateError, WhatCannotBeEvaluated) {
  EXPECT_EQ(evaluate(global("g", "4xf32", 0, "%r = tensor.empty() : tensor<4xf32>"), 64),
            "weight 'g': 'tensor.empty' cannot be evaluated at compile time");
  EXPECT_EQ(evaluate(global("g", "1x32xf32", 0,
                            "%c = arith.constant dense<0> : tensor<1x8xi8>\n"
                            "%s = arith.constant dense<1.0> : tensor<1x1xf16>\n"
                            "%t = lowbit.assemble %c, %s : (tensor<1x8xi8>, tensor<1x1xf16>) -> "
                            "tensor<1x32x!lowbit.ternary<group = 32>>\n"
                            "%d, %e = lowbit.disassemble %t : (tensor<1x32x!lowbit.ternary<group = 32>>) -> "
                            "(tensor<1x8xi8>, tensor<1x1xf16>)\n"
                            "%q = lowbit.assemble %d, %e : (tensor<1x8xi8>, tensor<1x1xf16>) -> "
                            "tensor<1x32x!lowbit.ternary<group = 32>>\n"
                            "%r = lowbit.dequantize %q : tensor<1x32x!lowbit.ternary<group = 32>> -> tensor<1x32xf32>"),
                     128),
            "weight 'g': 'lowbit.disassemble' cannot be evaluated at compile time");
}

TEST_F(EvaluateError, Places) {
  std::string chain = "%r = arith.constant dense<1.0> : tensor<4xf32>";
  const char *message = "weight 'constant' is not at its place; run lowbit-place-weights before";
  EXPECT_EQ(
      evaluate("lowbit.global \"private\" @g : tensor<4xf32> {\n" + chain + "\n  lowbit.yield %r : tensor<4xf32>\n}\n",
               64),
      message);
  EXPECT_EQ(evaluate(global("a", "4xf32", 0, chain) + global("b", "4xf32", 0, chain), 64), message);
  EXPECT_EQ(evaluate(global("a", "4xf32", 0, chain) + global("b", "4xf32", 1 << 30, chain), 64), message);
  EXPECT_EQ(evaluate(global("a", "4xf32", 0, chain) + global("b", "4xf32", 100, chain), 128), message);
  // Room between weights is fine.
  EXPECT_EQ(evaluate(global("a", "4xf32", 0, chain) + global("b", "4xf32", 1088, chain), 1152), "");
  EXPECT_EQ(evaluate(global("a", "4xf32", 0, chain), 128),
            "the module's weights take 64 bytes, which its attribute lowbit.weight_bytes does not say; run "
            "lowbit-place-weights before");
  EXPECT_NE(evaluateModule("module {\n" + global("a", "4xf32", 0, chain) + "}"), "");
}

} // namespace
