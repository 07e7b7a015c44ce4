/*===- threads.c - The thread pool that generated code runs on -------------===*\
|*
|* The partition is static: one range per thread, so that the same work goes to
|* the same thread in every call. Denormals are left alone: results must not
|* depend on which thread computes them.
|*
|* Workers sleep between two calls instead of spinning. Waking them costs about
|* two microseconds; but where other programs want the CPUs, spinning workers use
|* up their time slices and every call waits for the next one: 30 tokens per
|* second were measured where sleeping workers reached 180,000 (no work, two
|* launches per token, two CPUs, two other busy programs).
|*
\*===----------------------------------------------------------------------===*/
#include "internal.h"

#include <pthreadpool.h>
#include <stdlib.h>

struct halftone_pool {
  pthreadpool_t threads;
  int32_t count;
};

halftone_pool *halftone_pool_create(int32_t threads) {
  halftone_pool *pool = malloc(sizeof *pool);
  if (!pool)
    return NULL;
  pool->count = threads;
  pool->threads = threads > 1 ? pthreadpool_create((size_t)threads) : NULL;
  if (threads > 1 && !pool->threads) {
    free(pool);
    return NULL;
  }
  return pool;
}

void halftone_pool_free(halftone_pool *pool) {
  if (!pool)
    return;
  if (pool->threads)
    pthreadpool_destroy(pool->threads);
  free(pool);
}

typedef struct launch {
  void (*task)(void *args, int64_t begin, int64_t end);
  void *args;
} launch;

static void run_range(void *state, size_t begin, size_t count) {
  const launch *work = state;
  work->task(work->args, (int64_t)begin, (int64_t)(begin + count));
}

void halftone_pool_run(void *state, void (*task)(void *args, int64_t begin, int64_t end), void *args, int64_t count) {
  const halftone_pool *pool = state;
  if (count <= 0)
    return;
  if (pool->count == 1 || count == 1) {
    task(args, 0, count);
    return;
  }
  launch work = {task, args};
  size_t tile = ((size_t)count + (size_t)pool->count - 1) / (size_t)pool->count;
  pthreadpool_parallelize_1d_tile_1d(pool->threads, run_range, &work, (size_t)count, tile,
                                     PTHREADPOOL_FLAG_YIELD_WORKERS);
}
