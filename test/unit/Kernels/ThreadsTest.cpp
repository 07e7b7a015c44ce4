//===- ThreadsTest.cpp - Kernels called in parts --------------------------===//
//
// What a kernel writes must not depend on how the host cuts its range.
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <thread>

using namespace halftone;
using namespace halftone::test;

namespace {

using Task = void (*)(void *, int64_t, int64_t);

struct Range {
  int64_t begin, end;
};

/// Parts of 1, 2, 3, 1, 2, 3, ... units, and an empty one.
std::vector<Range> unevenParts(int64_t count) {
  std::vector<Range> parts{{0, 0}};
  for (int64_t begin = 0, size = 1; begin < count; size = size % 3 + 1) {
    parts.push_back({begin, std::min(count, begin + size)});
    begin += size;
  }
  return parts;
}

void runReversed(void *calls, Task task, void *args, int64_t count) {
  ++*static_cast<int *>(calls);
  std::vector<Range> parts = unevenParts(count);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    task(args, part->begin, part->end);
}

void runOnThreads(void *calls, Task task, void *args, int64_t count) {
  ++*static_cast<int *>(calls);
  std::vector<Range> parts = unevenParts(count);
  auto half = [&](size_t first) {
    for (size_t i = first; i < parts.size(); i += 2)
      task(args, parts[i].begin, parts[i].end);
  };
  std::thread other(half, 1);
  half(0);
  other.join();
}

TEST(ThreadsTest, PartsInAnyOrderGiveEqualBits) {
  std::vector<Case> cases;
  for (const char *strategy : {"dot", "lut", "dequant"})
    for (const char *format : {"bcq3g32", "rtn5g0"})
      cases.push_back(makeCase(format, 211, 77, strategy));
  cases.push_back(makeCase("float", 211, 77, "dequant"));
  cases.push_back(makeCase("bcq2g16f", 211, 77, "dequant"));
  CompiledCases compiled(std::move(cases), "native");
  ASSERT_TRUE(compiled.isLoaded());
  int calls = 0;
  halftone_exec reversed{&calls, runReversed}, threads{&calls, runOnThreads};
  for (auto [index, c] : llvm::enumerate(compiled.cases()))
    for (int64_t tokens : {1, 2, 6}) {
      std::vector<float> x = makeActivations(tokens, c.cols, 3);
      std::vector<float> expected = multiply(c, x, tokens);
      for (const halftone_exec *exec :
           {static_cast<const halftone_exec *>(nullptr), static_cast<const halftone_exec *>(&reversed),
            static_cast<const halftone_exec *>(&threads)})
        EXPECT_EQ(firstDifference(compiled.multiply(index, x, tokens, exec), expected), -1)
            << c.text() << ", " << tokens << " tokens";
    }
  EXPECT_GE(calls, int(compiled.cases().size()) * 3 * 2) << "the kernels were not run through the host's threads";
}

TEST(ThreadsTest, GatherInParts) {
  CompiledCases compiled({makeCase("bcq3g32", 50, 40, "gather")}, "native");
  ASSERT_TRUE(compiled.isLoaded());
  int calls = 0;
  halftone_exec reversed{&calls, runReversed};
  std::vector<int32_t> ids{3, 49, 0, 17, 17, 32};
  EXPECT_EQ(compiled.gather(0, ids, &reversed), compiled.gather(0, ids));
  EXPECT_GE(calls, 1);
}

/// No tokens: nothing is written, nothing fails.
TEST(ThreadsTest, NoTokens) {
  CompiledCases compiled(
      {makeCase("rtn8g0", 20, 40, "dot"), makeCase("rtn8g0", 20, 40, "lut"), makeCase("float", 20, 40, "dequant")},
      "native");
  ASSERT_TRUE(compiled.isLoaded());
  for (size_t index = 0; index < 3; ++index)
    EXPECT_TRUE(compiled.multiply(index, {}, 0).empty());
}

} // namespace
