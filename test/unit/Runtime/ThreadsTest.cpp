//===- ThreadsTest.cpp - The partition of the thread pool ------------------===//
#include "src/core/internal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace {

struct Record {
  std::mutex lock;
  std::vector<std::pair<int64_t, int64_t>> ranges;
  std::vector<std::thread::id> threads;
};

void record(void *state, int64_t begin, int64_t end) {
  Record &r = *static_cast<Record *>(state);
  std::lock_guard<std::mutex> guard(r.lock);
  r.ranges.emplace_back(begin, end);
  r.threads.push_back(std::this_thread::get_id());
}

} // namespace

TEST(Threads, RangesCoverTheWorkOnce) {
  for (int32_t threads : {1, 2, 3, 7}) {
    halftone_pool *pool = halftone_pool_create(threads);
    ASSERT_NE(pool, nullptr);
    for (int64_t count : {1, 2, 3, 5, 16, 100, 1001}) {
      Record r;
      halftone_pool_run(pool, record, &r, count);
      std::sort(r.ranges.begin(), r.ranges.end());
      EXPECT_LE(int64_t(r.ranges.size()), std::min<int64_t>(threads, count));
      int64_t next = 0, tile = (count + threads - 1) / threads;
      for (auto [begin, end] : r.ranges) {
        EXPECT_EQ(begin, next);
        EXPECT_GT(end, begin);
        EXPECT_LE(end - begin, tile);
        next = end;
      }
      EXPECT_EQ(next, count) << threads << " threads";
    }
    halftone_pool_free(pool);
  }
}

TEST(Threads, NoWorkIsNoCall) {
  halftone_pool *pool = halftone_pool_create(2);
  Record r;
  halftone_pool_run(pool, record, &r, 0);
  halftone_pool_run(pool, record, &r, -5);
  EXPECT_TRUE(r.ranges.empty());
  halftone_pool_free(pool);
}

TEST(Threads, OneThreadIsTheCaller) {
  halftone_pool *pool = halftone_pool_create(1);
  Record r;
  halftone_pool_run(pool, record, &r, 100);
  ASSERT_EQ(r.threads.size(), 1u);
  EXPECT_EQ(r.threads[0], std::this_thread::get_id());
  halftone_pool_free(pool);
}
