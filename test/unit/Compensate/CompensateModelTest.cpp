//===- CompensateModelTest.cpp - Error compensation of whole models -------===//

#include "halftone/Compensate/CompensateModel.h"
#include "Fixture.h"

using namespace halftone;
using namespace halftone::test;
using llvm::cantFail;

namespace {

class CompensateWholeModel : public SmallModel {
protected:
  void SetUp() override {
    SmallModel::SetUp();
    for (const TensorEntry &entry : store->entries())
      if (entry.shape.size() == 2 && llvm::StringRef(entry.name).contains("proj"))
        formats[entry.name] = cantFail(parseFormat("bcq2g16"));
  }

  llvm::Expected<CompensatedModel> run(CompensateModelOptions options = {}) {
    return compensateModel(*model, &*store, formats, sequences, options);
  }

  std::string errorOf(std::vector<std::vector<int32_t>> tokens) {
    sequences = std::move(tokens);
    llvm::Expected<CompensatedModel> result = run();
    return result ? "" : llvm::toString(result.takeError());
  }

  llvm::StringMap<Format> formats;
};

TEST_F(CompensateWholeModel, LowersTheErrorOfEveryProduct) {
  std::vector<std::string> names;
  CompensateModelOptions options;
  options.progress = [&](size_t done, size_t total, llvm::StringRef name) {
    EXPECT_EQ(total, 9u);
    EXPECT_EQ(done, names.size() + 1);
    names.push_back(name.str());
  };
  CompensatedModel result = cantFail(run(options));
  EXPECT_EQ(names.size(), 9u);
  EXPECT_EQ(names[0], "model.layers.0.self_attn.v_proj.weight");
  EXPECT_EQ(result.tensors.size(), formats.size());
  for (const auto &entry : result.tensors) {
    EXPECT_LT(entry.second.error, 0.8 * entry.second.plainError) << entry.first().str();
    EXPECT_GT(entry.second.error, 0) << entry.first().str();
  }
  // They replace tensors in their format only.
  WeightReplacements replacements = result.replacements();
  std::string name = "model.layers.1.mlp.up_proj.weight";
  std::optional<QuantizedMatrix> matrix = replacements.quantized(name, formats[name]);
  ASSERT_TRUE(matrix);
  EXPECT_EQ(matrix->rows, 44);
  EXPECT_EQ(matrix->cols, 36);
  EXPECT_FALSE(replacements.quantized(name, cantFail(parseFormat("bcq3g16"))));
  EXPECT_FALSE(replacements.quantized("other", formats[name]));
}

TEST_F(CompensateWholeModel, TheFirstGroupIsQuantizedForItsInputsAlone) {
  // Nothing is quantized before it, so there is nothing to make up for.
  CompensateModelOptions plain;
  plain.floatOutputs = false;
  CompensatedModel a = cantFail(run()), b = cantFail(run(plain));
  EXPECT_EQ(a.tensors["model.layers.0.self_attn.k_proj.weight"].packed,
            b.tensors["model.layers.0.self_attn.k_proj.weight"].packed);
  EXPECT_NE(a.tensors["model.layers.1.mlp.down_proj.weight"].packed,
            b.tensors["model.layers.1.mlp.down_proj.weight"].packed);
}

TEST_F(CompensateWholeModel, TunesTheGainsOfNormsBeforeProducts) {
  CompensateModelOptions fixed;
  fixed.tuneGains = false;
  CompensatedModel tuned = cantFail(run()), untuned = cantFail(run(fixed));
  EXPECT_TRUE(untuned.gains.empty());
  // The head is not quantized, so its norm stays.
  EXPECT_EQ(tuned.gains.size(), 4u);
  const std::vector<float> *gain = tuned.replacements().floats("model.layers.1.input_layernorm.weight");
  ASSERT_TRUE(gain);
  EXPECT_EQ(gain->size(), 36u);
  EXPECT_FALSE(tuned.replacements().floats("model.norm.weight"));
  // A synthetic model's gains are near 1; these make up for something.
  EXPECT_GT(*llvm::max_element(*gain) - *llvm::min_element(*gain), 0);
  std::vector<float> before = cantFail(store->readFloats(*store->find("model.layers.1.input_layernorm.weight")));
  EXPECT_NE(*gain, before);
}

TEST_F(CompensateWholeModel, ThreadsChangeNoByte) {
  CompensateModelOptions one, three;
  one.threads = 1;
  three.threads = 3;
  CompensatedModel a = cantFail(run(one)), b = cantFail(run(three));
  for (const auto &entry : a.tensors)
    EXPECT_EQ(entry.second.packed, b.tensors[entry.first()].packed) << entry.first().str();
  for (const auto &entry : a.gains)
    EXPECT_EQ(entry.second, b.gains[entry.first()]) << entry.first().str();
}

TEST_F(CompensateWholeModel, WrongTokensAreRefused) {
  EXPECT_EQ(errorOf({}), "there are no tokens to calibrate on");
  EXPECT_EQ(errorOf({{}, {}}), "there are no tokens to calibrate on");
  EXPECT_EQ(errorOf({{1, 2}, {3, 50}}), "token 50 is outside of the vocabulary of 50");
  EXPECT_EQ(errorOf({{-1}}), "token -1 is outside of the vocabulary of 50");
  EXPECT_EQ(errorOf({std::vector<int32_t>(81, 1)}), "a sequence of 81 tokens is longer than the context, 80");
}

} // namespace
