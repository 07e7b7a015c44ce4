//===- ObservedProgramTest.cpp - Programs that show their values ----------===//

#include "ObservedModel.h"
#include "halftone/runtime.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include <cmath>

using namespace halftone;
using llvm::ArrayRef;
using llvm::StringRef;

namespace {

const std::string layer1 = "model.layers.1.";

/// More tokens than a chunk holds, so that positions matter.
std::vector<int32_t> someTokens() {
  std::vector<int32_t> tokens{1};
  for (int32_t i = 1; i < 21; ++i)
    tokens.push_back((i * 37 + 5) % 1000);
  return tokens;
}

class Observed : public testing::Test {
protected:
  void SetUp() override { ASSERT_NE(program, nullptr); }
  static inline ObservedProgram *program = nullptr;
  static void SetUpTestSuite() { program = observedModel(); }

  using Values = llvm::StringMap<std::vector<float>>;
  static std::string key(StringRef weight, ObservedValue value) {
    return (weight + "#" + std::to_string(int(value))).str();
  }

  /// All values of a run by weight and kind, and its logits under "logits".
  static Values record(const RunRange &range = {}) {
    Values values;
    int64_t position = -1;
    auto observer = [&](const Observation &observation) {
      EXPECT_EQ(observation.cols, observation.site.cols);
      EXPECT_GE(observation.position, position);
      position = observation.position;
      for (const std::string &weight : observation.site.weights) {
        std::vector<float> &all = values[key(weight, observation.site.value)];
        EXPECT_EQ(int64_t(all.size()), observation.position * observation.cols);
        all.insert(all.end(), observation.data.begin(), observation.data.end());
      }
    };
    auto logits = [&](ArrayRef<float> data, int64_t rows, int64_t) {
      EXPECT_EQ(int64_t(data.size()), rows * program->vocabulary());
      values["logits"].insert(values["logits"].end(), data.begin(), data.end());
    };
    std::vector<int32_t> tokens = someTokens();
    llvm::Error error = range.stop.empty() ? program->run(tokens, observer, logits, range)
                                           : program->run(tokens, observer, nullptr, range);
    EXPECT_FALSE(bool(error)) << llvm::toString(std::move(error));
    return values;
  }

  static std::vector<float> weight(StringRef name) {
    llvm::Expected<std::vector<float>> values = program->weight(name);
    if (values)
      return *values;
    ADD_FAILURE() << llvm::toString(values.takeError());
    return {};
  }
};

TEST_F(Observed, LogitsAreThoseOfAnOrdinaryProgram) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("halftone-test", "so", path));
  CompileOptions options;
  options.input = HALFTONE_BUNDLED_MODEL;
  options.output = path.str().str();
  options.format = "float";
  options.activations = "f32";
  options.context = 64;
  llvm::Expected<CompileReport> report = compile(options);
  ASSERT_TRUE(bool(report)) << llvm::toString(report.takeError());
  EXPECT_TRUE(report->sites.empty());
  halftone_program *plain;
  halftone_context *context;
  ASSERT_EQ(halftone_open(path.c_str(), &plain), HALFTONE_OK) << halftone_last_error();
  llvm::sys::fs::remove(path);
  ASSERT_EQ(halftone_context_create(plain, nullptr, &context), HALFTONE_OK);
  std::vector<int32_t> tokens = someTokens();
  std::vector<float> logits(tokens.size() * size_t(program->vocabulary()));
  ASSERT_EQ(halftone_evaluate(context, tokens.data(), int64_t(tokens.size()), logits.data()), HALFTONE_OK);
  EXPECT_EQ(record()["logits"], logits);
  // Token by token, too: the decode function has observers of its own.
  std::vector<float> last;
  for (size_t i = 0; i < tokens.size(); ++i) {
    llvm::Expected<ArrayRef<float>> step = program->step(tokens[i], i == 0);
    ASSERT_TRUE(bool(step)) << llvm::toString(step.takeError());
    last = step->vec();
  }
  ASSERT_EQ(halftone_rewind(context, 0), HALFTONE_OK);
  for (int32_t token : tokens)
    ASSERT_EQ(halftone_decode(context, token), HALFTONE_OK);
  EXPECT_EQ(last, std::vector<float>(halftone_logits(context), halftone_logits(context) + program->vocabulary()));
  halftone_context_free(context);
  halftone_close(plain);
}

// y = x W^T by a plain loop, for every product of the model.
TEST_F(Observed, OutputsAreProductsOfInputsAndWeights) {
  Values values = record();
  EXPECT_EQ(program->products().size(), 6u * 7 + 1);
  for (const ObservedProgram::Product &product : program->products()) {
    const std::vector<float> &x = values[key(product.weight, ObservedValue::Input)];
    const std::vector<float> &y = values[key(product.weight, ObservedValue::Output)];
    std::vector<float> w = weight(product.weight);
    size_t tokens = someTokens().size(), rows = size_t(product.rows), cols = size_t(product.cols);
    ASSERT_EQ(w.size(), rows * cols);
    ASSERT_EQ(x.size(), tokens * cols);
    ASSERT_EQ(y.size(), tokens * rows);
    double worst = 0, largest = 0;
    for (size_t t = 0; t < tokens; ++t)
      for (size_t row = 0; row < rows; ++row) {
        double sum = 0;
        for (size_t col = 0; col < cols; ++col)
          sum += double(x[t * cols + col]) * w[row * cols + col];
        worst = std::max(worst, std::abs(sum - y[t * rows + row]));
        largest = std::max(largest, std::abs(sum));
      }
    EXPECT_LT(worst, 1e-5 * largest) << product.weight;
  }
}

TEST_F(Observed, ResidualsAddUp) {
  Values values = record();
  const std::vector<float> &y = values[key(layer1 + "self_attn.o_proj.weight", ObservedValue::Output)];
  const std::vector<float> &before = values[key(layer1 + "self_attn.o_proj.weight", ObservedValue::Residual)];
  const std::vector<float> &after = values[key(layer1 + "mlp.down_proj.weight", ObservedValue::Residual)];
  ASSERT_EQ(y.size(), before.size());
  ASSERT_EQ(y.size(), after.size());
  for (size_t i = 0; i < y.size(); ++i)
    ASSERT_EQ(before[i] + y[i], after[i]);
  EXPECT_EQ(values[key(layer1 + "self_attn.o_proj.weight", ObservedValue::Sum)], after);
  for (const ObservedProgram::Product &product : program->products())
    EXPECT_EQ(product.hasResidual,
              StringRef(product.weight).contains("o_proj") || StringRef(product.weight).contains("down_proj"));
}

TEST_F(Observed, ReplacedWeightsCount) {
  Values before = record();
  std::string name = layer1 + "mlp.down_proj.weight", gain = "model.norm.weight";
  std::vector<float> original = weight(name), doubled = original, norm = weight(gain);
  for (float &value : doubled)
    value *= 2;
  ASSERT_FALSE(bool(program->setWeight(name, doubled)));
  EXPECT_EQ(weight(name), doubled);
  Values after = record();
  EXPECT_EQ(after[key(name, ObservedValue::Input)], before[key(name, ObservedValue::Input)]);
  std::vector<float> expected = before[key(name, ObservedValue::Output)];
  for (float &value : expected)
    value *= 2;
  EXPECT_EQ(after[key(name, ObservedValue::Output)], expected);
  EXPECT_NE(after["logits"], before["logits"]);
  ASSERT_FALSE(bool(program->setWeight(name, original)));
  ASSERT_FALSE(bool(program->setWeight(gain, std::vector<float>(norm.size(), 0.0f))));
  EXPECT_EQ(record()["logits"], std::vector<float>(before["logits"].size(), 0.0f));
  ASSERT_FALSE(bool(program->setWeight(gain, norm)));
  EXPECT_EQ(record()["logits"], before["logits"]);
}

TEST_F(Observed, RunsInParts) {
  Values whole = record();
  RunRange range;
  range.start = layer1 + "self_attn.o_proj.weight";
  std::vector<float> residual = whole[key(range.start, ObservedValue::Residual)];
  range.startValues = residual;
  Values end = record(range);
  EXPECT_EQ(end["logits"], whole["logits"]);
  EXPECT_FALSE(end.contains(key("model.layers.0.mlp.up_proj.weight", ObservedValue::Input)));
  range.stop = layer1 + "mlp.up_proj.weight";
  Values middle = record(range);
  EXPECT_EQ(middle[key(range.stop, ObservedValue::Input)], whole[key(range.stop, ObservedValue::Input)]);
  EXPECT_FALSE(middle.contains(key(range.stop, ObservedValue::Output)));
  EXPECT_EQ(record()["logits"], whole["logits"]) << "a part leaves nothing behind";
}

TEST_F(Observed, Errors) {
  std::vector<float> wrong(3);
  EXPECT_EQ(message(program->setWeight("absent", wrong)), "the observed program has no tensor 'absent'");
  EXPECT_EQ(message(program->weight("rope_table").takeError()), "the observed program has no tensor 'rope_table'");
  EXPECT_EQ(message(program->setWeight("model.norm.weight", wrong)),
            "tensor 'model.norm.weight' has 128 values, not 3");
  EXPECT_EQ(message(program->run({}, nullptr)), "a sequence without tokens cannot be run");
  EXPECT_EQ(message(program->run({1, 5000}, nullptr)), "token 1 is 5000, expected 0 to 1023");
  EXPECT_EQ(message(program->run(std::vector<int32_t>(65, 1), nullptr)),
            "1 more tokens do not fit the model's context of 64, which holds 64 already");
  RunRange range;
  range.stop = "absent";
  EXPECT_EQ(message(program->run({1}, nullptr, nullptr, range)),
            "there is no observation of tensor 'absent' to stop at");
  range.stop.clear();
  range.start = layer1 + "mlp.up_proj.weight";
  EXPECT_EQ(message(program->run({1}, nullptr, nullptr, range)),
            "there is no observation of what tensor 'model.layers.1.mlp.up_proj.weight' is added to, to start at");
  range.start = layer1 + "mlp.down_proj.weight";
  range.startValues = wrong;
  EXPECT_EQ(message(program->run({1}, nullptr, nullptr, range)),
            "a run that starts at tensor 'model.layers.1.mlp.down_proj.weight' needs 128 values for each of 1 tokens, "
            "not 3 in all");
}

} // namespace
