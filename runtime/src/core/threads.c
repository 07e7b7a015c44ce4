/*===- threads.c - The thread pool that generated code runs on -------------===*\
|*
|* The partition is static: one range per thread, so that the same work goes to
|* the same thread in every call. A range is cut in pieces, and a thread that is
|* through with its own takes pieces from the end of another's: CPUs that share a
|* core with somebody else are slower than their neighbours. Denormals are left
|* alone: results must not depend on which thread computes them.
|*
|* Between two calls workers spin, for as long as libpthreadpool lets them (some
|* milliseconds), and then sleep. A launch takes 1 microsecond with workers that
|* spin, and 13 to 47 with workers that have to be woken (two CPUs of a virtual
|* machine; the longer they slept, the more). But where other programs want the
|* CPUs, spinning workers use up their time slices and every launch waits for the
|* next one. So the pool compares the processor time of the process with what its
|* threads should have had, and lets workers sleep at once where it is less.
|*
\*===----------------------------------------------------------------------===*/
#include "internal.h"

#include <pthreadpool.h>
#include <stdlib.h>
#include <sys/resource.h>

/* How long threads spin before they are judged, and how long the caller may stay away meanwhile; seconds. */
static const double kInterval = 0.02, kAway = 0.001;
/* Crowded: the process had less than this part of its threads' time, or a thread lost its CPU so often per second. */
static const double kLeastShare = 0.85, kMostSwitches = 80;
/* For so many seconds workers then sleep at once: twice as many each time that it is still crowded, half otherwise. */
static const double kShortestRest = 0.02, kLongestRest = 5;

/* Pieces of a thread's range, and the most units that a kernel takes together. */
enum { kPieces = 8, kTogether = 4 };

struct halftone_pool {
  pthreadpool_t threads;
  int32_t count;
  int may_spin;     /* no more threads than CPUs */
  int spins;        /* whether workers spin after the present launch */
  double since;     /* when the present interval of spinning, or of sleeping, began */
  double last;      /* when the last launch ended */
  double rest;      /* how long workers sleep at once when it is crowded */
  double processor; /* processor time of the process at `since` */
  long switches;    /* involuntary context switches at `since` */
};

static long involuntary_switches(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

static void begin_interval(halftone_pool *pool, double now) {
  pool->since = now;
  pool->processor = halftone_seconds(CLOCK_PROCESS_CPUTIME_ID);
  pool->switches = involuntary_switches();
}

static int crowded(const halftone_pool *pool, double elapsed) {
  double share = (halftone_seconds(CLOCK_PROCESS_CPUTIME_ID) - pool->processor) / (elapsed * pool->count);
  long switches = involuntary_switches() - pool->switches;
  return share < kLeastShare || (double)switches > kMostSwitches * elapsed * pool->count;
}

/* Decides before a launch at `now` whether workers spin after it. */
static void decide(halftone_pool *pool, double now) {
  double elapsed = now - pool->since;
  if (!pool->spins) {
    if (elapsed < pool->rest)
      return;
    pool->spins = 1;
    begin_interval(pool, now);
  } else if (now - pool->last > kAway) {
    begin_interval(pool, now);
  } else if (elapsed >= kInterval) {
    pool->spins = !crowded(pool, elapsed);
    double rest = pool->spins ? pool->rest / 2 : pool->rest * 2;
    pool->rest = rest < kShortestRest ? kShortestRest : rest > kLongestRest ? kLongestRest : rest;
    begin_interval(pool, now);
  }
}

halftone_pool *halftone_pool_create(int32_t threads) {
  halftone_pool *pool = calloc(1, sizeof *pool);
  if (!pool)
    return NULL;
  pool->rest = kShortestRest;
  pool->may_spin = pool->spins = threads <= halftone_cpu_count();
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

/* Units of a piece: a few pieces per thread, and blocks of rows that a kernel takes together stay together. */
static size_t piece(size_t units, size_t threads) {
  size_t range = (units + threads - 1) / threads, size = (range / kPieces + kTogether - 1) / kTogether * kTogether;
  size = size < kTogether ? kTogether : size;
  return size < range ? size : range;
}

void halftone_pool_run(void *state, void (*task)(void *args, int64_t begin, int64_t end), void *args, int64_t count) {
  halftone_pool *pool = state;
  if (count <= 0)
    return;
  if (pool->count == 1 || count == 1) {
    task(args, 0, count);
    return;
  }
  launch work = {task, args};
  if (pool->may_spin)
    decide(pool, halftone_seconds(CLOCK_MONOTONIC));
  pthreadpool_parallelize_1d_tile_1d(pool->threads, run_range, &work, (size_t)count,
                                     piece((size_t)count, (size_t)pool->count),
                                     pool->spins ? 0 : PTHREADPOOL_FLAG_YIELD_WORKERS);
  pool->last = halftone_seconds(CLOCK_MONOTONIC);
}
