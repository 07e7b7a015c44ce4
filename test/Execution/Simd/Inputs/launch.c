/* Runs launch.mlir without a host, with one that runs ranges backwards, and with one that uses threads. */
#include "halftone/abi.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS 1003

void run(const halftone_exec *exec, float *, float *, int64_t, int64_t, int64_t, int64_t, int64_t, float *, float *,
         int64_t, int64_t, int64_t, int64_t, int64_t, int32_t *, int32_t *, int64_t, int64_t, int64_t, int64_t n);

typedef void task_fn(void *args, int64_t begin, int64_t end);

static int calls;

static void backwards(void *pool, task_fn *task, void *args, int64_t count) {
  ++*(int *)pool;
  int64_t step = count / 7 + 1;
  for (int64_t begin = (count - 1) / step * step; begin >= 0; begin -= step)
    task(args, begin, begin + step < count ? begin + step : count);
}

struct part {
  task_fn *task;
  void *args;
  int64_t begin, end;
};

static void *run_part(void *p) {
  struct part *part = p;
  part->task(part->args, part->begin, part->end);
  return 0;
}

static void threads(void *pool, task_fn *task, void *args, int64_t count) {
  ++*(int *)pool;
  if (count < 4) {
    task(args, 0, count);
    return;
  }
  pthread_t ids[4];
  struct part parts[4];
  for (int i = 0; i < 4; ++i) {
    parts[i] = (struct part){task, args, count * i / 4, count * (i + 1) / 4};
    pthread_create(&ids[i], 0, run_part, &parts[i]);
  }
  for (int i = 0; i < 4; ++i)
    pthread_join(ids[i], 0);
}

static void check(const char *name, const halftone_exec *exec, int64_t n) {
  static float x[ROWS * 16], y[ROWS * 8];
  static int32_t counters[ROWS];
  for (int i = 0; i < ROWS * 16; ++i)
    x[i] = (float)(i % 1000) - 500;
  for (int i = 0; i < ROWS * 8; ++i)
    y[i] = -1;
  for (int i = 0; i < ROWS; ++i)
    counters[i] = 0;
  calls = 0;
  run(exec, x, x, 0, ROWS, 16, 16, 1, y, y, 0, ROWS, 8, 8, 1, counters, counters, 0, ROWS, 1, n);
  for (int row = 0; row < ROWS; ++row)
    for (int i = 0; i < 8; ++i) {
      float wanted = row < n ? 2 * x[row * 16 + 4 + i] + (float)i : -1;
      if (y[row * 8 + i] != wanted) {
        printf("%s: y[%d][%d] is %g, wanted %g\n", name, row, i, y[row * 8 + i], wanted);
        exit(1);
      }
    }
  for (int row = 0; row < ROWS; ++row)
    if (counters[row] != (row < n) + (row == 0) * 100000) {
      printf("%s: %d calls of element %d\n", name, counters[row], row);
      exit(1);
    }
  printf("%s, %d elements: right, %d calls of the host\n", name, (int)n, calls);
}

int main(void) {
  halftone_exec back = {&calls, backwards}, pool = {&calls, threads};
  check("alone", 0, ROWS);
  check("alone", 0, 0);
  check("backwards", &back, ROWS);
  check("threads", &pool, ROWS);
  check("threads", &pool, 1);
  return 0;
}
