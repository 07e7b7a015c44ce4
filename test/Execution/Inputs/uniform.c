/* Runs @product of uniform.mlir. */
#include "uniform.h"

#include <stdio.h>

int main(void) {
  const float x[4] = {2, 4, 1, -1};
  float y[2];
  if (product(NULL, x, y) != 0)
    return 1;
  printf("%.3f %.3f\n", y[0], y[1]);
  return 0;
}
