//===- Parallel.cpp - A loop over threads ---------------------------------===//

#include "halftone/Support/Parallel.h"
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

using namespace halftone;

void halftone::parallelFor(int64_t count, unsigned threads, int64_t grain,
                           llvm::function_ref<void(int64_t, int64_t)> body) {
  if (count <= 0)
    return;
  if (threads == 0)
    threads = std::max(1u, std::thread::hardware_concurrency());
  grain = std::max<int64_t>(1, grain);
  // A few ranges per thread, so that a slow one does not hold up the rest.
  int64_t step = std::max(grain, count / (int64_t(threads) * 8));
  int64_t ranges = (count - 1) / step + 1;
  int64_t workers = std::min<int64_t>(threads, ranges);
  if (workers <= 1)
    return body(0, count);

  std::atomic<int64_t> next{0};
  auto work = [&] {
    for (int64_t range; (range = next.fetch_add(1)) < ranges;)
      body(range * step, std::min(count, (range + 1) * step));
  };
  std::vector<std::thread> pool;
  for (int64_t i = 1; i < workers; ++i)
    pool.emplace_back(work);
  work();
  for (std::thread &thread : pool)
    thread.join();
}
