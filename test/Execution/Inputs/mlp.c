/* Runs @mlp of mlp.mlir and compares with loops over the same numbers: mlp float | mlp int8 */
#include "mlp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 7, INPUTS = 12, OUTPUTS = 5, WIDEST = 20 };
static const int sizes[] = {12, 20, 17, 5};

static float weight(int layer, int row, int col) {
  if (col == (row * 5 + layer) % sizes[layer])
    return (row + layer) % 2 == 0 ? 127 / 64.0f : -127 / 64.0f;
  return (float)((row * 37 + col * 53 + layer * 11 + row * col * 7) % 191 - 95) / 64.0f;
}

static float bias(int layer, int row) { return (float)((row * 29 + layer * 17) % 41 - 20) / 16.0f; }

static float float_product(int layer, int row, const float *x) {
  float y = 0;
  for (int k = 0; k < sizes[layer]; ++k)
    y = fmaf(weight(layer, row, k), x[k], y);
  return y;
}

/* 8-bit activations: codes of max|x| / 127, one exact sum, scale 1/64 of the weights, scale of the token. */
static float int8_product(int layer, int row, const float *x) {
  float largest = 0;
  for (int k = 0; k < sizes[layer]; ++k)
    largest = fmaxf(largest, fabsf(x[k]));
  if (largest == 0)
    return 0;
  float inverse = 127.0f / largest;
  long sum = 0;
  for (int k = 0; k < sizes[layer]; ++k)
    sum += lrintf(weight(layer, row, k) * 64.0f) * lrintf(x[k] * inverse);
  return fmaf(1 / 64.0f, (float)sum, 0.0f) * (largest / 127.0f);
}

int main(int argc, char **argv) {
  int is_float = argc < 2 || strcmp(argv[1], "float") == 0;
  float x[ROWS][INPUTS], y[ROWS][OUTPUTS] = {{0}};
  for (int r = 0; r < ROWS; ++r)
    for (int k = 0; k < INPUTS; ++k)
      x[r][k] = r == 3 ? 0 : sinf((float)(r * 31 + k * 7)) * (float)(r + 1);
  if (mlp(NULL, &x[0][0], &y[0][0], ROWS) != 0)
    return puts("mlp failed"), 1;
  int wrong = 0;
  for (int r = 0; r < ROWS; ++r) {
    float h[WIDEST], next[WIDEST];
    memcpy(h, x[r], sizeof(x[r]));
    for (int layer = 0; layer < 3; ++layer) {
      for (int n = 0; n < sizes[layer + 1]; ++n) {
        float sum = (is_float ? float_product : int8_product)(layer, n, h) + bias(layer, n);
        next[n] = layer < 2 && sum < 0 ? 0 : sum;
      }
      memcpy(h, next, sizeof(next));
    }
    for (int n = 0; n < OUTPUTS; ++n)
      if (memcmp(&y[r][n], &h[n], sizeof(float)) != 0)
        ++wrong, printf("y[%d][%d] is %.9g, expected %.9g\n", r, n, y[r][n], h[n]);
  }
  printf("%d of %d numbers differ\n", wrong, ROWS * OUTPUTS);
  return wrong != 0;
}
