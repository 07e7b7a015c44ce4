// What chains of weights evaluate to, where it is written and what is reported.

#include "Fixture.h"
#include "halftone/Pack/Pack.h"
#include <cmath>

using namespace halftone;

namespace {

class Evaluate : public WeightsFixture {};

std::vector<float> ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = std::sin(float(i)) * float(i % 7 + 1);
  return values;
}

TEST_F(Evaluate, ExternalsAreWrittenAtTheirPlaces) {
  addTensor("a", {3}, {1, 2, 3});
  addTensor("b", {2, 10}, ramp(20));
  prefix = std::string(100, 'x'); // places count from where the stream is
  ASSERT_EQ(evaluate(global("b", "2x10xf32", 0, "%r = lowbit.external \"b\" : tensor<2x10xf32>") +
                         global("a", "3xf32", 128, "%r = lowbit.external \"a\" : tensor<3xf32>"),
                     192),
            "");
  ASSERT_EQ(bytes.size(), 100u + 192);
  EXPECT_EQ(floatsAt(100, 20), ramp(20));
  EXPECT_EQ(bytes.substr(180, 48), std::string(48, '\0'));
  EXPECT_EQ(floatsAt(228, 3), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(bytes.substr(240), std::string(52, '\0'));

  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].name, "b");
  EXPECT_EQ(records[0].shape, (std::vector<int64_t>{2, 10}));
  EXPECT_EQ(records[0].bytes, 80);
  EXPECT_EQ(records[0].format, Format());
  EXPECT_EQ(records[0].bitsPerWeight, 32);
  EXPECT_EQ(records[0].relativeSquaredError, 0);
  EXPECT_EQ(records[0].strategy, "data");
  EXPECT_EQ(records[1].name, "a");
}

TEST_F(Evaluate, NothingIsNothing) {
  EXPECT_EQ(evaluate("", 0), "");
  EXPECT_TRUE(bytes.empty());
  EXPECT_TRUE(records.empty());
}

TEST_F(Evaluate, QuantizedWeightsArePacked) {
  addTensor("w", {20, 40}, ramp(800));
  const char *chain = "%w = lowbit.external \"w\" : tensor<20x40xf32>\n"
                      "%q = lowbit.quantize %w solver = greedy : tensor<20x40xf32> -> "
                      "tensor<20x40x!lowbit.bcq<planes = 2, group = 32>>\n"
                      "%r = lowbit.pack %q layout(LAYOUT) : tensor<20x40x!lowbit.bcq<planes = 2, group = 32>> -> "
                      "tensor<TYPE>";
  Format format = llvm::cantFail(parseFormat("bcqgreedy2g32"));
  QuantizedMatrix matrix = llvm::cantFail(quantize(ramp(800), 20, 40, format, "w"));
  for (auto [layout, name] : {std::pair(Layout::Rows16, "rows16"), std::pair(Layout::Rows64, "rows64")}) {
    std::vector<uint8_t> expected = pack(matrix, layout);
    std::string type = std::to_string(expected.size()) + "xi8", text = chain;
    text.replace(text.find("LAYOUT"), 6, name);
    text.replace(text.find("TYPE"), 4, type);
    ASSERT_EQ(evaluate(global("w", type, 0, text), expected.size()), "");
    EXPECT_EQ(bytes, std::string(expected.begin(), expected.end()));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].format, format);
    EXPECT_EQ(records[0].bytes, int64_t(expected.size()));
    EXPECT_DOUBLE_EQ(records[0].bitsPerWeight, format.bitsPerWeight(20, 40));
    EXPECT_DOUBLE_EQ(records[0].relativeSquaredError, relativeSquaredError(ramp(800), dequantize(matrix)));
    EXPECT_GT(records[0].relativeSquaredError, 0);
  }
}

TEST_F(Evaluate, ConstantsAreTransposed) {
  ASSERT_EQ(evaluate(global("t", "3x2xf32", 0,
                            "%c = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>\n"
                            "%e = tensor.empty() : tensor<3x2xf32>\n"
                            "%r = linalg.transpose ins(%c : tensor<2x3xf32>) outs(%e : tensor<3x2xf32>) "
                            "permutation = [1, 0]"),
                     64),
            "");
  EXPECT_EQ(floatsAt(0, 6), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(records[0].name, "constant");
  EXPECT_EQ(records[0].shape, (std::vector<int64_t>{2, 3})); // as in the source
}

TEST_F(Evaluate, NamedConstantsAndFloatsForProducts) {
  std::string type = std::to_string(2 * 64) + "xi8";
  ASSERT_EQ(evaluate(global("p", type, 0,
                            "%c = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> loc(\"up\")\n"
                            "%r = lowbit.pack %c layout(float16) : tensor<2x2xf32> -> tensor<" +
                                type + ">"),
                     128),
            "");
  EXPECT_EQ(records[0].name, "up");
  EXPECT_EQ(floatsAt(0, 2), (std::vector<float>{1, 3})); // 16 rows side by side, column after column
  EXPECT_EQ(floatsAt(64, 2), (std::vector<float>{2, 4}));
}

TEST_F(Evaluate, Resources) {
  // The alignment (4), then 1.0 and 2.0.
  const char *text = R"(
    module attributes {lowbit.weight_bytes = 64} {
      lowbit.global "private" @r : tensor<2xf32> offset = 0 {
        %r = arith.constant dense_resource<blob> : tensor<2xf32>
        lowbit.yield %r : tensor<2xf32>
      }
    }
    {-# dialect_resources: { builtin: { blob: "0x040000000000803F00000040" } } #-})";
  ASSERT_EQ(evaluateModule(text), "");
  EXPECT_EQ(floatsAt(0, 2), (std::vector<float>{1, 2}));
}

TEST_F(Evaluate, RotationTables) {
  ASSERT_EQ(evaluate(global("r", "3x4xf32", 0, "%r = nn.rope_table theta = 1.0e+04 : tensor<3x4xf32>"), 64), "");
  // Frequencies 1 and 1/100: cosines, then sines.
  std::vector<float> expected{1, 1, 0, 0};
  for (double p : {1.0, 2.0})
    for (double value : {std::cos(p), std::cos(p / 100), std::sin(p), std::sin(p / 100)})
      expected.push_back(float(value));
  EXPECT_EQ(floatsAt(0, 12), expected);
  EXPECT_EQ(records[0].name, "rope_table");
}

TEST_F(Evaluate, Dequantized) {
  // Exact in ternary: two magnitudes of one scale.
  ASSERT_EQ(evaluate(global("d", "1x4xf32", 0,
                            "%c = arith.constant dense<[[0.5, 0.0, -0.5, 0.5]]> : tensor<1x4xf32>\n"
                            "%q = lowbit.quantize %c : tensor<1x4xf32> -> tensor<1x4x!lowbit.ternary<group = 0>>\n"
                            "%r = lowbit.dequantize %q : tensor<1x4x!lowbit.ternary<group = 0>> -> tensor<1x4xf32>"),
                     64),
            "");
  EXPECT_EQ(floatsAt(0, 4), (std::vector<float>{0.5, 0, -0.5, 0.5}));
  EXPECT_EQ(records[0].relativeSquaredError, 0);
}

// Strategies come from who uses a global, each once.
TEST_F(Evaluate, Strategies) {
  addTensor("w", {16, 32}, ramp(512));
  std::string weight = global("w", "2048xi8", 0,
                              "%w = lowbit.external \"w\" : tensor<16x32xf32>\n"
                              "%r = lowbit.pack %w layout(float16) : tensor<16x32xf32> -> tensor<2048xi8>");
  const char *uses = R"(
    func.func @f(%ids: tensor<1xi32>, %x: tensor<1x32xf32>, %y: tensor<1x16xf32>) -> tensor<1x16xf32> {
      %w = lowbit.get_global @w : tensor<2048xi8>
      %e = lowbit.gather_packed ins(%ids, %w : tensor<1xi32>, tensor<2048xi8>) outs(%x : tensor<1x32xf32>)
             format = f32, rows = 16 -> tensor<1x32xf32>
      %a = lowbit.matmul_dequant ins(%e, %w : tensor<1x32xf32>, tensor<2048xi8>) outs(%y : tensor<1x16xf32>)
             format = f32 -> tensor<1x16xf32>
      %b = lowbit.matmul_dequant ins(%x, %w : tensor<1x32xf32>, tensor<2048xi8>) outs(%a : tensor<1x16xf32>)
             format = f32 -> tensor<1x16xf32>
      return %b : tensor<1x16xf32>
    })";
  ASSERT_EQ(evaluate(weight + uses, 2048), "");
  EXPECT_TRUE(records[0].strategy == "gather+dequant" || records[0].strategy == "dequant+gather")
      << records[0].strategy;
}

TEST_F(Evaluate, AnyNumberOfThreadsAndProgress) {
  addTensor("w", {64, 64}, ramp(4096));
  std::string text = global("w", "1280xi8", 0,
                            "%w = lowbit.external \"w\" : tensor<64x64xf32>\n"
                            "%q = lowbit.quantize %w : tensor<64x64xf32> -> tensor<64x64x!lowbit.ternary<group = 32>>\n"
                            "%r = lowbit.pack %q layout(rows16) : tensor<64x64x!lowbit.ternary<group = 32>> -> "
                            "tensor<1280xi8>") +
                     global("v", "64x64xf32", 1280, "%r = lowbit.external \"w\" : tensor<64x64xf32>");
  std::string seen;
  EvaluateOptions options;
  options.threads = 1;
  options.progress = [&](size_t done, size_t total, const WeightRecord &record) {
    seen += std::to_string(done) + "/" + std::to_string(total) + " " + record.name + " " +
            std::to_string(record.bytes) + "\n";
  };
  ASSERT_EQ(evaluate(text, 1280 + 16384, options), "");
  EXPECT_EQ(seen, "1/2 w 1280\n2/2 w 16384\n");
  std::string one = bytes;
  options = {};
  options.threads = 5;
  ASSERT_EQ(evaluate(text, 1280 + 16384, options), "");
  EXPECT_EQ(bytes, one);
}

} // namespace
