//===- PieceProgramTest.cpp - Pieces compute what the model does ----------===//

#include "halftone/Compensate/PieceProgram.h"
#include "Fixture.h"
#include "halftone/Driver/Compile.h"
#include "halftone/runtime.h"
#include "llvm/Support/FormatVariadic.h"

using namespace halftone;
using namespace halftone::test;
using llvm::cantFail;

namespace {

using Pieces = SmallModel;

/// Logits of all sequences, from piece to piece.
std::vector<float> runPieces(PieceProgram &program, llvm::ArrayRef<std::vector<int32_t>> sequences,
                             const WeightReplacements &replacements = {}) {
  std::vector<int32_t> tokens;
  std::vector<int64_t> lengths;
  for (const std::vector<int32_t> &sequence : sequences) {
    tokens.insert(tokens.end(), sequence.begin(), sequence.end());
    lengths.push_back(int64_t(sequence.size()));
  }
  std::vector<std::vector<float>> live;
  for (size_t i = 0; i < program.pieces().size(); ++i) {
    const Piece &piece = program.pieces()[i];
    std::vector<const void *> inputs;
    if (i == 0)
      inputs.push_back(tokens.data());
    for (const std::vector<float> &values : live)
      inputs.push_back(values.data());
    std::vector<std::vector<float>> results, next;
    std::vector<float *> pointers;
    for (int64_t width : piece.resultWidths)
      pointers.push_back(results.emplace_back(tokens.size() * width).data());
    cantFail(program.load(i, replacements));
    cantFail(program.run(i, lengths, inputs, pointers));
    for (int64_t from : piece.next)
      next.push_back(from >= 0 ? results[from] : live[-1 - from]);
    live = std::move(next);
  }
  return live.front();
}

/// Logits of all sequences from the compiled model.
std::vector<float> runModel(const std::string &path, llvm::ArrayRef<std::vector<int32_t>> sequences) {
  halftone_program *program = nullptr;
  halftone_context *context = nullptr;
  EXPECT_EQ(halftone_open(path.c_str(), &program), HALFTONE_OK) << halftone_last_error();
  EXPECT_EQ(halftone_context_create(program, nullptr, &context), HALFTONE_OK);
  std::vector<float> logits;
  for (const std::vector<int32_t> &sequence : sequences) {
    halftone_rewind(context, 0);
    for (int32_t token : sequence) {
      EXPECT_EQ(halftone_decode(context, token), HALFTONE_OK) << halftone_last_error();
      const float *next = halftone_logits(context);
      logits.insert(logits.end(), next, next + halftone_describe(program)->vocabulary);
    }
  }
  halftone_context_free(context);
  halftone_close(program);
  return logits;
}

TEST_F(Pieces, GiveTheModelsLogits) {
  CompileOptions options;
  options.input = folder.path("model");
  options.output = folder.path("model.so");
  options.format = "float";
  options.activations = "f32";
  cantFail(compile(options).takeError());
  auto program = cantFail(PieceProgram::compile(*model, &*store, 2));
  EXPECT_EQ(program->pieces().size(), 2 * 4 + 2u);
  EXPECT_EQ(runPieces(*program, sequences), runModel(options.output, sequences));
}

TEST_F(Pieces, ReplacedWeightsCount) {
  auto program = cantFail(PieceProgram::compile(*model, &*store, 1));
  PieceProgram::Weight up = cantFail(program->weight(3, "model.layers.0.mlp.up_proj.weight"));
  EXPECT_EQ(up.rows, 44);
  EXPECT_EQ(up.cols, 36);
  WeightReplacements replacements;
  replacements.floats = [&](llvm::StringRef name) {
    return name == "model.layers.0.mlp.up_proj.weight" ? &up.values : nullptr;
  };
  std::vector<float> before = runPieces(*program, sequences);
  EXPECT_EQ(runPieces(*program, sequences, replacements), before);
  up.values[7] += 1;
  EXPECT_NE(runPieces(*program, sequences, replacements), before);
}

TEST_F(Pieces, NeedALanguageModel) {
  LanguageModel language = cantFail(LanguageModel::describe(*model));
  EXPECT_EQ(language.context, 80);
  EXPECT_EQ(language.vocabulary, 50);
  (*model)->removeAttr("halftone.model");
  EXPECT_EQ(llvm::toString(LanguageModel::describe(*model).takeError()),
            "calibration needs a language model: the module has no attribute 'halftone.model'");
}

} // namespace
