//===- ModelTest.cpp - Damaged descriptions are refused --------------------===//
#include "src/core/internal.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <vector>

extern "C" const halftone_model halftone_model_v1; // fake_model.c

namespace {

/// Opens a changed copy of the fake model; returns the status.
halftone_status openChanged(const std::function<void(halftone_model &)> &change) {
  halftone_model model = halftone_model_v1;
  change(model);
  halftone_program *program = nullptr;
  halftone_status status = halftone_open_linked(&model, &program);
  EXPECT_EQ(program != nullptr, status == HALFTONE_OK);
  halftone_close(program);
  return status;
}

bool errorHas(const std::string &text) { return std::string(halftone_last_error()).find(text) != std::string::npos; }

} // namespace

TEST(Model, TheFakeModelOpens) {
  EXPECT_EQ(openChanged([](halftone_model &) {}), HALFTONE_OK) << halftone_last_error();
}

TEST(Model, WrongMagicIsNoModel) {
  EXPECT_EQ(openChanged([](halftone_model &m) { m.magic = 0x12345678; }), HALFTONE_NOT_A_MODEL);
  EXPECT_TRUE(errorHas("not a Halftone model"));
}

TEST(Model, OtherAbiVersionSaysWhatToDo) {
  EXPECT_EQ(openChanged([](halftone_model &m) { m.abi_version = 7; }), HALFTONE_WRONG_VERSION);
  EXPECT_STREQ(halftone_last_error(),
               "the model was built for ABI 7, this runtime speaks ABI 2; recompile it with this "
               "version's quant-compile");
}

TEST(Model, AppendedFieldsAreFineMissingOnesAreNot) {
  EXPECT_EQ(openChanged([](halftone_model &m) { m.struct_bytes += 8; }), HALFTONE_OK);
  EXPECT_EQ(openChanged([](halftone_model &m) { m.struct_bytes -= 8; }), HALFTONE_WRONG_VERSION);
}

TEST(Model, SizesOutOfRangeAreNamed) {
  const std::pair<const char *, int64_t halftone_model::*> sizes[] = {
      {"vocabulary", &halftone_model::vocabulary},
      {"hidden", &halftone_model::hidden},
      {"layers", &halftone_model::layers},
      {"heads", &halftone_model::heads},
      {"kv_heads", &halftone_model::kv_heads},
      {"head_size", &halftone_model::head_size},
      {"context", &halftone_model::context},
      {"chunk", &halftone_model::chunk},
      {"key_cache_bytes", &halftone_model::key_cache_bytes},
      {"value_cache_bytes", &halftone_model::value_cache_bytes},
      {"scratch_bytes", &halftone_model::scratch_bytes},
      {"weight_bytes", &halftone_model::weight_bytes},
      {"tokenizer_bytes", &halftone_model::tokenizer_bytes},
  };
  for (auto &[name, member] : sizes)
    for (int64_t value : {int64_t(-1), INT64_MAX, INT64_MIN}) {
      auto change = [member = member, value](halftone_model &m) { m.*member = value; };
      EXPECT_EQ(openChanged(change), HALFTONE_NOT_A_MODEL) << name << " = " << value;
      EXPECT_TRUE(errorHas(std::string(name) + " is " + std::to_string(value))) << halftone_last_error();
    }
}

TEST(Model, HeadsAreAMultipleOfKvHeads) {
  EXPECT_EQ(openChanged([](halftone_model &m) { m.heads = 5, m.kv_heads = 2; }), HALFTONE_NOT_A_MODEL);
}

TEST(Model, TokensOutsideTheVocabularyAreRefused) {
  EXPECT_EQ(openChanged([](halftone_model &m) { m.bos = int32_t(m.vocabulary); }), HALFTONE_NOT_A_MODEL);
  EXPECT_EQ(openChanged([](halftone_model &m) { m.eos = -2; }), HALFTONE_NOT_A_MODEL);
}

TEST(Model, MissingPartsAreNamed) {
  EXPECT_EQ(openChanged([](halftone_model &m) { m.decode = nullptr; }), HALFTONE_NOT_A_MODEL);
  EXPECT_TRUE(errorHas("it has no decode"));
  EXPECT_EQ(openChanged([](halftone_model &m) { m.weights = nullptr; }), HALFTONE_NOT_A_MODEL);
  EXPECT_EQ(openChanged([](halftone_model &m) { m.tokenizer_bytes = 9; }), HALFTONE_NOT_A_MODEL);
  EXPECT_EQ(openChanged([](halftone_model &m) { m.features = nullptr; }), HALFTONE_NOT_A_MODEL);
}

TEST(Model, MissingCpuFeatureIsRefused) {
  EXPECT_EQ(openChanged([](halftone_model &m) { m.features = "invented9"; }), HALFTONE_WRONG_CPU);
}

TEST(Model, PicksTheFirstVariantThatThisCpuCanRun) {
  halftone_model last = halftone_model_v1, middle = halftone_model_v1, first = halftone_model_v1;
  first.features = middle.features = "invented9";
  first.next = &middle;
  middle.next = &last;
  halftone_program *program = nullptr;
  ASSERT_EQ(halftone_open_linked(&first, &program), HALFTONE_OK) << halftone_last_error();
  EXPECT_EQ(halftone_describe(program), &last);
  halftone_close(program);
  // Nothing fits, a damaged variant, a chain without an end.
  last.features = "invented8";
  EXPECT_EQ(halftone_open_linked(&first, &program), HALFTONE_WRONG_CPU);
  EXPECT_TRUE(errorHas("invented8"));
  last.head = nullptr;
  EXPECT_EQ(halftone_open_linked(&first, &program), HALFTONE_NOT_A_MODEL);
  middle.next = &first;
  EXPECT_EQ(halftone_open_linked(&first, &program), HALFTONE_NOT_A_MODEL);
  EXPECT_TRUE(errorHas("circle"));
}

/// A program whose weights are `bytes` of memory, 100 bytes behind the start of a page, in a pattern.
class HugePages : public testing::Test {
protected:
  void open(size_t bytes) {
    mapped = bytes + 8192;
    mapping = static_cast<char *>(mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(mapping, MAP_FAILED);
    for (size_t i = 0; i < mapped; ++i)
      mapping[i] = char(i * 7 + (i >> 12));
    before.assign(mapping, mapping + mapped);
    model = halftone_model_v1;
    model.weights = mapping + 100;
    model.weight_bytes = int64_t(bytes);
    ASSERT_EQ(halftone_open_linked(&model, &program), HALFTONE_OK) << halftone_last_error();
  }
  void TearDown() override {
    halftone_close(program);
    if (mapping)
      munmap(mapping, mapped);
  }
  bool unchanged() const { return std::memcmp(mapping, before.data(), mapped) == 0; }

  halftone_model model;
  halftone_program *program = nullptr;
  char *mapping = nullptr;
  size_t mapped = 0;
  std::vector<char> before;
};

TEST_F(HugePages, KeepEveryByteAtItsAddress) {
  open(9 << 20);
  for (int times = 0; times < 2; ++times) {
    int64_t bytes = -1;
    halftone_status status = halftone_use_huge_pages(program, &bytes);
    // A kernel may have them switched off, or none free.
    EXPECT_EQ(status == HALFTONE_OK, bytes > 0) << halftone_last_error();
    EXPECT_LE(bytes, 9 << 20);
    EXPECT_TRUE(unchanged());
  }
}

TEST_F(HugePages, TooFewWeightsAreRefused) {
  open(4096);
  int64_t bytes = -1;
  EXPECT_EQ(halftone_use_huge_pages(program, &bytes), HALFTONE_FAILED);
  EXPECT_EQ(bytes, 0);
  EXPECT_EQ(halftone_use_huge_pages(nullptr, &bytes), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_use_huge_pages(program, nullptr), HALFTONE_INVALID_ARGUMENT);
}

TEST_F(HugePages, WithoutMemoryNothingChanges) {
  open(32 << 20);
  int64_t bytes = -1, pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit old, tight;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &old), 0);
  tight = old;
  tight.rlim_cur = rlim_t(pages) * 4096 + (8 << 20);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &tight), 0);
  halftone_status status = halftone_use_huge_pages(program, &bytes);
  setrlimit(RLIMIT_AS, &old);
  EXPECT_NE(status, HALFTONE_OK);
  EXPECT_EQ(bytes, 0);
  EXPECT_TRUE(unchanged());
}

TEST(Model, NullArgumentsAreErrors) {
  halftone_program *program;
  EXPECT_EQ(halftone_open_linked(nullptr, &program), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_open(nullptr, &program), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_open("x.so", nullptr), HALFTONE_INVALID_ARGUMENT);
  EXPECT_EQ(halftone_describe(nullptr), nullptr);
  halftone_close(nullptr);
}
