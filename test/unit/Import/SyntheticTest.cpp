//===- SyntheticTest.cpp - Models with random weights ---------------------===//
#include "halftone/Import/Synthetic.h"

#include "TemporaryFolder.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace halftone;
using namespace llvm;

namespace {

std::string specError(StringRef spec) {
  Expected<SyntheticLlama> model = parseSyntheticLlama(spec);
  return model ? "accepted" : toString(model.takeError());
}

/// The bytes of the weights that a description gives.
std::string weights(const TemporaryFolder &folder, StringRef name, StringRef spec, unsigned threads = 1) {
  cantFail(writeSyntheticLlama(cantFail(parseSyntheticLlama(spec)), folder.path(name), threads));
  return (*MemoryBuffer::getFile(folder.path((name + "/model.safetensors").str())))->getBuffer().str();
}

TEST(SyntheticSpec, DefaultsAndDerivedValues) {
  SyntheticLlama model = cantFail(parseSyntheticLlama("llama"));
  EXPECT_EQ(model.config.hidden, 768);
  EXPECT_EQ(model.config.ffn, 2048);
  EXPECT_EQ(model.config.kvHeads, 12);
  EXPECT_EQ(model.seed, 1u);
  EXPECT_FALSE(model.config.tiedHead);
  EXPECT_EQ(model.parameters(), 2 * 32000 * 768 + 12 * (4 * 768 * 768 + 3 * 768 * 2048 + 2 * 768) + 768);
}

TEST(SyntheticSpec, ReadsEveryKey) {
  SyntheticLlama model = cantFail(parseSyntheticLlama(
      " llama( hidden=48, layers=2,heads=4,kv_heads=2,head_size=6,ffn=100,vocab=2,context=9,seed=77,tied=true,"
      "dtype=bf16)"));
  EXPECT_EQ(model.config.headSize, 6);
  EXPECT_EQ(model.config.kvHeads, 2);
  EXPECT_EQ(model.config.context, 9);
  EXPECT_EQ(model.config.bos, 1);
  EXPECT_EQ(model.config.eos, -1);
  EXPECT_EQ(model.seed, 77u);
  EXPECT_TRUE(model.config.tiedHead);
  EXPECT_EQ(model.kind, ElementKind::BF16);
}

TEST(SyntheticSpec, ErrorsSayWhatIsAllowed) {
  EXPECT_EQ(specError("gpt(hidden=1)"),
            "'gpt(hidden=1)': unknown architecture; known: llama, as in 'llama(hidden=768,layers=12)'");
  EXPECT_NE(specError("llama(hiden=1)").find("unknown key 'hiden' (did you mean 'hidden'?); known: hidden, layers"),
            std::string::npos);
  EXPECT_NE(specError("llama(hidden)").find("expected 'key=value'"), std::string::npos);
  EXPECT_NE(specError("llama(hidden=1").find("expected 'llama(key=value,...)'"), std::string::npos);
  EXPECT_NE(specError("llama(layers=x)").find("'layers' must be an integer, but is 'x'"), std::string::npos);
  EXPECT_NE(specError("llama(layers=1,layers=2)").find("given twice"), std::string::npos);
  EXPECT_NE(specError("llama(tied=maybe)").find("must be true or false"), std::string::npos);
  EXPECT_NE(specError("llama(dtype=i8)").find("must be f32, f16 or bf16"), std::string::npos);
  EXPECT_NE(specError("llama(seed=-1)").find("'seed' must be"), std::string::npos);
  EXPECT_NE(specError("llama(hidden=9223372036854775807)").find("\"hidden_size\" must be"), std::string::npos);
  EXPECT_NE(specError("llama(heads=5)").find("not a multiple"), std::string::npos);
}

TEST(Synthetic, WeightsAreAFunctionOfSpecAndSeed) {
  TemporaryFolder folder;
  constexpr StringLiteral spec = "llama(hidden=64,layers=2,heads=4,ffn=96,vocab=3000,seed=5)";
  std::string first = weights(folder, "a", spec, 1);
  EXPECT_EQ(first, weights(folder, "b", spec, 3));
  EXPECT_NE(first, weights(folder, "c", "llama(hidden=64,layers=2,heads=4,ffn=96,vocab=3000,seed=6)"));
}

TEST(Synthetic, WeightsHaveTheDeviationThatKeepsActivationsInRange) {
  TemporaryFolder folder;
  weights(folder, "m", "llama(hidden=256,layers=1,heads=4,ffn=512,vocab=100)");
  TensorStore store = cantFail(TensorStore::openFolder(folder.path("m")));
  std::vector<float> w = cantFail(store.readFloats(*store.find("model.layers.0.mlp.up_proj.weight")));
  ASSERT_EQ(w.size(), 512u * 256u);
  double sum = 0, squares = 0, fourth = 0;
  for (double x : w) {
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  double n = double(w.size()), variance = squares / n;
  EXPECT_NEAR(sum / n, 0, 4 * 0.0625 / std::sqrt(n));
  EXPECT_NEAR(variance * 256, 1, 0.02);
  EXPECT_NEAR(fourth / n / (variance * variance), 3, 0.25); // that of a normal distribution
  for (float gain : cantFail(store.readFloats(*store.find("model.norm.weight"))))
    EXPECT_EQ(gain, 1.0f);
}

TEST(Synthetic, HalfPrecisionIsTheNearestValue) {
  TemporaryFolder folder;
  constexpr StringLiteral spec = "llama(hidden=32,layers=1,heads=2,ffn=64,vocab=50";
  for (auto [dtype, relative] : {std::pair<StringRef, double>{"f16", 0x1p-11}, {"bf16", 0x1p-8}}) {
    weights(folder, "f32", (spec + ")").str());
    weights(folder, dtype, (spec + ",dtype=" + dtype + ")").str());
    TensorStore exact = cantFail(TensorStore::openFolder(folder.path("f32")));
    TensorStore half = cantFail(TensorStore::openFolder(folder.path(dtype)));
    for (const TensorEntry &entry : exact.entries()) {
      std::vector<float> a = cantFail(exact.readFloats(entry)), b = cantFail(half.readFloats(*half.find(entry.name)));
      ASSERT_EQ(a.size(), b.size());
      for (size_t i = 0; i < a.size(); ++i)
        ASSERT_NEAR(a[i], b[i], std::abs(a[i]) * relative + 0x1p-25) << dtype.str() << " " << entry.name;
    }
  }
}

TEST(Synthetic, FoldersWithOtherContentsAreProtected) {
  TemporaryFolder folder;
  constexpr StringLiteral spec = "llama(hidden=32,layers=1,heads=2,ffn=64,vocab=50)";
  SyntheticLlama model = cantFail(parseSyntheticLlama(spec));
  ASSERT_FALSE(sys::fs::create_directory(folder.path("real")));
  folder.write("real/config.json", "{}");
  EXPECT_NE(toString(writeSyntheticLlama(model, folder.path("real"))).find("not empty and holds no synthetic model"),
            std::string::npos);
  EXPECT_FALSE(sys::fs::exists(folder.path("real/model.safetensors")));

  EXPECT_NE(toString(writeSyntheticLlama(model, folder.path("absent/m"))).find("cannot create the folder"),
            std::string::npos);
  EXPECT_NE(toString(writeSyntheticLlama(model, folder.path("real/config.json"))).find("is not a folder"),
            std::string::npos);

  weights(folder, "again", spec);
  EXPECT_EQ(weights(folder, "again", spec), weights(folder, "other", spec));
}

} // namespace
