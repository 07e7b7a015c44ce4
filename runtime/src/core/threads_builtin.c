/*===- threads_builtin.c - A thread pool that needs POSIX threads alone ----===*\
|*
|* For runtimes that are built without libpthreadpool: one range per thread.
|* Workers always sleep between two launches, which is no burden where other
|* programs want the CPUs, and costs a wake-up per launch. A launch raises a
|* number that every worker waits for; the last one to finish wakes the caller.
|*
\*===----------------------------------------------------------------------===*/
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct worker {
  halftone_pool *pool;
  int32_t index; /* 1 to count - 1; the caller is 0 */
  pthread_t thread;
} worker;

struct halftone_pool {
  int32_t count;
  worker *workers; /* [count - 1] */
  pthread_mutex_t lock;
  pthread_cond_t started, finished;
  /* Of the current launch, guarded by `lock`. */
  uint64_t launch;
  int32_t busy; /* workers that have not finished it */
  int stop;
  void (*task)(void *args, int64_t begin, int64_t end);
  void *args;
  int64_t items;
};

static void run_part(const halftone_pool *pool, int32_t index, void (*task)(void *args, int64_t begin, int64_t end),
                     void *args, int64_t items) {
  int64_t tile = (items + pool->count - 1) / pool->count;
  int64_t begin = index * tile, end = begin + tile < items ? begin + tile : items;
  if (begin < end)
    task(args, begin, end);
}

static void *work(void *state) {
  const worker *self = state;
  halftone_pool *pool = self->pool;
  pthread_mutex_lock(&pool->lock);
  for (uint64_t done = 0;;) {
    while (pool->launch == done && !pool->stop)
      pthread_cond_wait(&pool->started, &pool->lock);
    if (pool->stop)
      break;
    done = pool->launch;
    void (*task)(void *args, int64_t begin, int64_t end) = pool->task;
    void *args = pool->args;
    int64_t items = pool->items;
    pthread_mutex_unlock(&pool->lock);
    run_part(pool, self->index, task, args, items);
    pthread_mutex_lock(&pool->lock);
    if (--pool->busy == 0)
      pthread_cond_signal(&pool->finished);
  }
  pthread_mutex_unlock(&pool->lock);
  return NULL;
}

/** Ends the workers 1 to `last`. */
static void stop_workers(halftone_pool *pool, int32_t last) {
  pthread_mutex_lock(&pool->lock);
  pool->stop = 1;
  pthread_cond_broadcast(&pool->started);
  pthread_mutex_unlock(&pool->lock);
  for (int32_t i = 0; i < last; ++i)
    pthread_join(pool->workers[i].thread, NULL);
}

static void release(halftone_pool *pool) {
  pthread_cond_destroy(&pool->finished);
  pthread_cond_destroy(&pool->started);
  pthread_mutex_destroy(&pool->lock);
  free(pool->workers);
  free(pool);
}

halftone_pool *halftone_pool_create(int32_t threads) {
  halftone_pool *pool = calloc(1, sizeof *pool);
  if (!pool)
    return NULL;
  pool->count = threads;
  pool->workers = calloc((size_t)threads, sizeof *pool->workers);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->started, NULL);
  pthread_cond_init(&pool->finished, NULL);
  for (int32_t i = 1; pool->workers && i < threads; ++i) {
    worker *next = &pool->workers[i - 1];
    next->pool = pool;
    next->index = i;
    if (pthread_create(&next->thread, NULL, work, next) != 0) {
      stop_workers(pool, i - 1);
      release(pool);
      return NULL;
    }
  }
  if (!pool->workers) {
    release(pool);
    return NULL;
  }
  return pool;
}

void halftone_pool_free(halftone_pool *pool) {
  if (!pool)
    return;
  stop_workers(pool, pool->count - 1);
  release(pool);
}

void halftone_pool_run(void *state, void (*task)(void *args, int64_t begin, int64_t end), void *args, int64_t count) {
  halftone_pool *pool = state;
  if (count <= 0)
    return;
  if (pool->count == 1 || count == 1) {
    task(args, 0, count);
    return;
  }
  pthread_mutex_lock(&pool->lock);
  pool->task = task;
  pool->args = args;
  pool->items = count;
  pool->busy = pool->count - 1;
  ++pool->launch;
  pthread_cond_broadcast(&pool->started);
  pthread_mutex_unlock(&pool->lock);
  run_part(pool, 0, task, args, count);
  pthread_mutex_lock(&pool->lock);
  while (pool->busy > 0)
    pthread_cond_wait(&pool->finished, &pool->lock);
  pthread_mutex_unlock(&pool->lock);
}
