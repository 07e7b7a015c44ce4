//===- ModelTest.cpp - Objects that hold a model --------------------------===//

#include "ArtifactFixture.h"

using namespace halftone;
using namespace halftone::test;

namespace {
class ModelTest : public ArtifactFixture {};
} // namespace

/// Prints a description, the first weights and tokenizer bytes, and what its functions compute.
static const char *const describeProgram = R"(
#include "my-model.h"
#include <stdio.h>
int main(void) {
  const halftone_model *m = &my_model_halftone_model;
  int32_t tokens[3] = {3, 100, 4999};
  float hidden[3], logits;
  int status = m->prefill(0, tokens, 0, 0, 0, hidden, 0, 3) + m->head(0, hidden, &logits, 0, 1);
  printf("%d %d %d\n", m->magic == HALFTONE_MODEL_MAGIC, m->abi_version == HALFTONE_ABI_VERSION,
         m->struct_bytes == sizeof *m);
  printf("%s|%s|%s|%s\n", m->name, m->triple, m->cpu, m->features);
  printf("%ld %ld %ld %ld %ld %ld\n", (long)m->vocabulary, (long)m->hidden, (long)m->layers, (long)m->heads,
         (long)m->kv_heads, (long)m->head_size);
  printf("%ld %ld %ld %ld %ld %d %d\n", (long)m->context, (long)m->chunk, (long)m->key_cache_bytes,
         (long)m->value_cache_bytes, (long)m->scratch_bytes, m->bos, m->eos);
  printf("%ld %ld %d\n", (long)m->weight_bytes, (long)((uintptr_t)m->weights % 4096), ((unsigned char *)m->weights)[9]);
  printf("%ld %.*s\n", (long)m->tokenizer_bytes, (int)m->tokenizer_bytes, (const char *)m->tokenizer);
  printf("%s\n", m->report);
  printf("%d %g %g %g %g %d\n", status, hidden[0], hidden[1], hidden[2], logits, m->decode == m->prefill);
  return 0;
}
)";

TEST_F(ModelTest, DescriptionReachesCPrograms) {
  ArtifactOptions options = modelOptions();
  options.model->tokenizerFile = writeFile("vocabulary", "pieces");
  options.target = target("x86-64-v3");
  ASSERT_EQ(write(modelModule(), at("my-model.o"), options), "");
  writeFile("main.c", describeProgram);
  ASSERT_EQ(shell("cc -std=c99 -Wall -Wextra -Werror" + cFlags() + "main.c my-model.o -o main"), "");
  std::string features;
  for (const std::string &feature : options.target.requiredFeatures)
    features += (features.empty() ? "" : ",") + feature;
  EXPECT_NE(features.find("avx2"), std::string::npos);
  EXPECT_EQ(shell("./main"), "1 1 1\n"
                             "tiny \"one\"|" +
                                 options.target.triple + "|x86-64-v3|" + features +
                                 "\n"
                                 "512 64 5 8 4 9\n"
                                 "128 32 12884901888 4096 640 1 -1\n"
                                 "5000 0 63\n"
                                 "6 pieces\n"
                                 "{\"ok\": true}\n"
                                 "0 21 198 104 22 1\n");
}

TEST_F(ModelTest, WhatIsAbsentIsNull) {
  ArtifactOptions options = modelOptions();
  options.weightsFile.clear();
  options.weightBytes = 0;
  options.model->report.clear();
  llvm::StringRef module = R"(
    define i32 @body(ptr %a, ptr %b, i64 %c, ptr %d, ptr %e, ptr %f, ptr %g, i64 %h) { ret i32 7 }
    define i32 @head(ptr %a, ptr %b, ptr %c, ptr %d, i64 %e) { ret i32 8 })";
  ASSERT_EQ(write(module, at("m.o"), options), "");
  writeFile("main.c", R"(
#include "m.h"
#include <stdio.h>
int main(void) {
  const halftone_model *m = &m_halftone_model;
  printf("%d %ld %d %ld %d|%s|%d %d\n", !m->weights, (long)m->weight_bytes, !m->tokenizer, (long)m->tokenizer_bytes,
         !m->report, m->features, m->decode(0, 0, 0, 0, 0, 0, 0, 1), m->head(0, 0, 0, 0, 1));
  return 0;
}
)");
  ASSERT_EQ(shell("cc" + cFlags() + "main.c m.o -o main"), "");
  EXPECT_EQ(shell("./main"), "1 0 1 0 1||7 8\n");
}

TEST_F(ModelTest, HeaderSuitsC99AndCxx) {
  ArtifactOptions options = modelOptions();
  options.model->name = "ends */ a comment \\";
  ASSERT_EQ(write(modelModule(), at("m.o"), options), "");
  writeFile("use.c",
            "#include \"m.h\"\n#include \"m.h\"\nconst void *use(void) { return m_halftone_model.weights; }\n");
  EXPECT_EQ(shell("cc -std=c99 -pedantic -Wall -Wextra -Werror" + cFlags() + "-c use.c"), "");
  EXPECT_EQ(shell("c++ -std=c++11 -pedantic -Wall -Wextra -Werror" + cFlags() + "-x c++ -c use.c"), "");
}

TEST_F(ModelTest, TwoModelsInOneProgram) {
  ArtifactOptions first = modelOptions(), second = modelOptions();
  second.weightsFile = writeFile("other-weights", std::string(4096, 'A'));
  second.weightBytes = 4096;
  second.model->name = "other";
  second.model->tokenizerFile = writeFile("vocabulary", "pieces");
  ASSERT_EQ(write(modelModule(), at("first.o"), first), "");
  ASSERT_EQ(write(modelModule(), at("second.o"), second), "");
  writeFile("main.c", R"(
#include "first.h"
#include "second.h"
#include <stdio.h>
static float run(const halftone_model *m) {
  int32_t token = 3;
  float hidden;
  m->decode(0, &token, 0, 0, 0, &hidden, 0, 1);
  return hidden;
}
int main(void) {
  printf("%s %g, %s %g\n", first_halftone_model.name, run(&first_halftone_model), second_halftone_model.name,
         run(&second_halftone_model));
  return 0;
}
)");
  ASSERT_EQ(shell("cc" + cFlags() + "main.c first.o second.o -o main"), "");
  EXPECT_EQ(shell("./main"), "tiny \"one\" 21, other 65\n");
}

TEST_F(ModelTest, NamesComeFromTheOutputFile) {
  EXPECT_EQ(cPrefix("a/b/my-model.o"), "my_model");
  EXPECT_EQ(cPrefix("3b.v2.o"), "model_3b_v2");
  EXPECT_EQ(cPrefix("_x.o"), "model_x");
  EXPECT_EQ(cPrefix("-"), "model");
  EXPECT_EQ(cPrefix("h\xc3\xa9.o"), "h__");
  EXPECT_EQ(artifactKind("a.ll"), ArtifactKind::LLVMIR);
  EXPECT_EQ(artifactKind("a.s"), ArtifactKind::Assembly);
  EXPECT_EQ(artifactKind("a.so/b.o"), ArtifactKind::Object);
  EXPECT_EQ(artifactKind("a.so"), ArtifactKind::SharedObject);
  EXPECT_EQ(artifactKind("a.o/story"), ArtifactKind::Executable);
}
