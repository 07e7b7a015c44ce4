/* Runs observe.mlir without a host, without an observer, and with one that changes what it sees. */
#include "halftone/abi.h"
#include <stdio.h>

void look(const halftone_exec *exec, float *, float *, int64_t, int64_t, int64_t, int64_t, int64_t, float *, float *,
          int64_t, int64_t, int64_t, int64_t, int64_t);

static void observe(void *observer, int32_t site, float *values, int64_t rows, int64_t cols) {
  printf("%s %d: %d x %d, last %g\n", (const char *)observer, (int)site, (int)rows, (int)cols, values[rows * cols - 1]);
  values[0] = 100;
}

int main(void) {
  float x[20];
  for (int i = 0; i < 20; ++i)
    x[i] = (float)i;
  halftone_exec blind = {0, 0, 0, 0}, seeing = {0, 0, observe, "site"};
  const halftone_exec *hosts[] = {0, &blind, &seeing};
  for (int i = 0; i < 3; ++i)
    look(hosts[i], x, x, 0, 3, 5, 5, 1, x, x + 10, 0, 2, 5, 5, 1);
  printf("%g %g\n", x[0], x[10]);
  return 0;
}
