#include "halftone/Support/Parallel.h"
#include "gtest/gtest.h"
#include <atomic>
#include <vector>

using namespace halftone;

namespace {
TEST(Parallel, EveryItemOnce) {
  for (int64_t count : {0, 1, 7, 1000})
    for (unsigned threads : {0u, 1u, 3u, 64u})
      for (int64_t grain : {0, 1, 10, 5000}) {
        std::vector<std::atomic<int>> seen(count);
        parallelFor(count, threads, grain, [&](int64_t begin, int64_t end) {
          ASSERT_LT(begin, end);
          for (int64_t i = begin; i < end; ++i)
            ++seen[i];
        });
        for (auto &times : seen)
          ASSERT_EQ(times, 1);
      }
}

TEST(Parallel, RangesRespectTheGrain) {
  parallelFor(1000, 8, 300, [](int64_t begin, int64_t end) { EXPECT_TRUE(end - begin >= 300 || end == 1000); });
}
} // namespace
