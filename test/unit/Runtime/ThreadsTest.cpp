//===- ThreadsTest.cpp - The partition of the thread pools -----------------===//
//
// Both of them: that on libpthreadpool and, under names with "builtin", that of
// runtimes built without it.
//
//===----------------------------------------------------------------------===//
#include "src/core/internal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

extern "C" {
halftone_pool *builtin_pool_create(int32_t threads);
void builtin_pool_free(halftone_pool *pool);
void builtin_pool_run(void *pool, void (*task)(void *args, int64_t begin, int64_t end), void *args, int64_t count);
}

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

struct Pool {
  const char *name;
  decltype(&halftone_pool_create) create;
  decltype(&halftone_pool_free) free;
  decltype(&halftone_pool_run) run;
  bool takesOver; ///< whether threads that are through take pieces of the others' ranges
};

class Threads : public testing::TestWithParam<Pool> {};

} // namespace

TEST_P(Threads, RangesCoverTheWorkOnce) {
  for (int32_t threads : {1, 2, 3, 7}) {
    halftone_pool *pool = GetParam().create(threads);
    ASSERT_NE(pool, nullptr);
    for (int64_t count : {1, 2, 3, 5, 16, 100, 1001}) {
      Record r;
      GetParam().run(pool, record, &r, count);
      std::sort(r.ranges.begin(), r.ranges.end());
      if (!GetParam().takesOver || threads == 1)
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
    GetParam().free(pool);
  }
}

/// The thread that gets unit 0 is stopped until everything else is done.
TEST_P(Threads, OthersTakeOverFromASlowThread) {
  if (!GetParam().takesOver)
    GTEST_SKIP() << "one range per thread";
  struct Work {
    std::mutex lock;
    std::condition_variable changed;
    int64_t done = 0, first = 0;
    bool inTime = false;
  } work;
  constexpr int64_t kCount = 200;
  auto task = [](void *state, int64_t begin, int64_t end) {
    Work &w = *static_cast<Work *>(state);
    std::unique_lock<std::mutex> guard(w.lock);
    if (begin == 0) {
      w.first = end;
      w.inTime = w.changed.wait_for(guard, std::chrono::seconds(20), [&] { return w.done == kCount - end; });
    }
    w.done += end - begin;
    w.changed.notify_all();
  };
  for (int32_t threads : {2, 3}) {
    work.done = 0;
    halftone_pool *pool = GetParam().create(threads);
    GetParam().run(pool, task, &work, kCount);
    GetParam().free(pool);
    EXPECT_TRUE(work.inTime) << threads << " threads";
    EXPECT_LT(work.first * 8, kCount) << "a piece is a small part of a range";
    EXPECT_EQ(work.done, kCount);
  }
}

TEST_P(Threads, NoWorkIsNoCall) {
  halftone_pool *pool = GetParam().create(2);
  Record r;
  GetParam().run(pool, record, &r, 0);
  GetParam().run(pool, record, &r, -5);
  EXPECT_TRUE(r.ranges.empty());
  GetParam().free(pool);
}

TEST_P(Threads, OneThreadIsTheCaller) {
  halftone_pool *pool = GetParam().create(1);
  Record r;
  GetParam().run(pool, record, &r, 100);
  ASSERT_EQ(r.threads.size(), 1u);
  EXPECT_EQ(r.threads[0], std::this_thread::get_id());
  GetParam().free(pool);
}

TEST_P(Threads, ManyLaunches) {
  halftone_pool *pool = GetParam().create(3);
  int64_t sums[3] = {};
  auto add = [](void *state, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      static_cast<int64_t *>(state)[i] += i + 1;
  };
  for (int i = 0; i < 2000; ++i)
    GetParam().run(pool, add, sums, 1 + i % 3);
  GetParam().free(pool);
  EXPECT_EQ(sums[0], 2000);
  EXPECT_EQ(sums[1], 2 * 1333);
  EXPECT_EQ(sums[2], 3 * 666);
}

INSTANTIATE_TEST_SUITE_P(
    Pools, Threads,
    testing::Values(Pool{"pthreadpool", halftone_pool_create, halftone_pool_free, halftone_pool_run, true},
                    Pool{"builtin", builtin_pool_create, builtin_pool_free, builtin_pool_run, false}),
    [](const testing::TestParamInfo<Pool> &info) { return info.param.name; });
