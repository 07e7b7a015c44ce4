/* Calls @mlp of mlp.mlir on 3 rows with so many floats of input and output: short INPUTS OUTPUTS */
#include "mlp.h"

#include <stdlib.h>

int main(int argc, char **argv) {
  size_t inputs = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, outputs = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
  float *x = malloc(inputs * sizeof *x), *y = malloc(outputs * sizeof *y);
  for (size_t i = 0; i < inputs; ++i)
    x[i] = (float)i;
  int status = mlp(NULL, x, y, 3);
  free(x);
  free(y);
  return status;
}
