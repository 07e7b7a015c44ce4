//===- GatherTest.cpp - Rows of quantized tables --------------------------===//

#include "CpuTest.h"
#include "Oracle.h"

using namespace halftone;
using namespace halftone::test;

namespace {

class GatherTest : public CpuTest {};

TEST_P(GatherTest, RowsOfEveryFormat) {
  std::vector<Case> cases;
  for (const char *format :
       {"float",       "bcq1g32",   "bcq3g7",     "bcq8g0",    "bcq1g16f",   "bcq3g32f",  "ternaryg64", "ternaryg0",
        "ternaryg16a", "rtn2g33",   "rtn3g32",    "rtn5g16",   "rtn7g0",     "rtn8g40",   "vsq4v16s6",  "vsq3v8s8",
        "vsq8v24s4",   "vsq5v64s5", "binaryg16",  "bcq3g7z",   "bcq4g32fz",  "int4g32",   "int8t",      "int8g0",
        "rtn4tf",      "int5g33f",  "vsq4uv16s6", "vsq4v16s9", "vsq4v24s10", "vsq4v16sf", "mxfp4",      "nvfp4"}) {
    cases.push_back(makeCase(format, 37, 70, "gather"));
    cases.push_back(makeCase(format, cases.size() % 3 + 1, cases.size() % 5 + 1, "gather"));
    cases.back().oneToken = true;
  }
  CompiledCases compiled(std::move(cases), GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  for (auto [index, c] : llvm::enumerate(compiled.cases())) {
    int32_t last = int32_t(c.rows) - 1;
    std::vector<int32_t> ids{last};
    if (!c.oneToken)
      ids = {0, last, 2, 15, 16, 16, 31, 32, 1};
    std::vector<float> weights = weightsOf(c), expected;
    for (int32_t id : ids)
      expected.insert(expected.end(), weights.begin() + id * c.cols, weights.begin() + (id + 1) * c.cols);
    EXPECT_EQ(firstDifference(compiled.gather(index, ids), expected), -1) << c.text();
  }
}

TEST_P(GatherTest, ClampsIdsIntoTheTable) {
  CompiledCases compiled({makeCase("rtn4g32", 5, 40, "gather")}, GetParam());
  ASSERT_TRUE(compiled.isLoaded());
  std::vector<float> inside = compiled.gather(0, {0, 4, 4, 0});
  EXPECT_EQ(compiled.gather(0, {-1, 5, 2147483647, -2147483647 - 1}), inside);
}

INSTANTIATE_TEST_SUITE_P(, GatherTest, testing::Values("native", "x86-64"), cpuName);

} // namespace
