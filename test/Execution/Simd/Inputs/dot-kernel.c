/* Compares the products of dot-kernel.mlir with integer dot products. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMREF1(type) type *, type *, int64_t, int64_t, int64_t
#define MEMREF2(type) type *, type *, int64_t, int64_t, int64_t, int64_t, int64_t
#define PASS1(p, n) p, p, 0, n, 1
#define PASS2(p, n, m) p, p, 0, n, m, m, 1

enum { TOKENS = 11, ROWS = 37, COLS = 45, PADDED = 64, GROUP = 32, GROUPS = 2, BLOCKS = 3 };

typedef void product_fn(void *exec, MEMREF2(int8_t), MEMREF1(float), MEMREF2(int32_t), MEMREF1(uint8_t),
                        MEMREF2(float));
product_fn bytes, trits;

static uint32_t next(void) {
  static uint32_t state = 12345;
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

/* A code as the layout rows16 has it: fields of `width` bits, a vector of 64 bytes holds 16 rows x 4 elements per
 * field. */
static void set_code(uint8_t *packed, int width, int row, int k, unsigned code) {
  int chunk = k % GROUP / 4, per_vector = 8 / width;
  int vector = (row / 16 * GROUPS + k / GROUP) * width + chunk / per_vector;
  packed[vector * 64 + row % 16 * 4 + k % 4] |= (uint8_t)(code << chunk % per_vector * width);
}

static void check(const char *name, product_fn *product, int width) {
  static int8_t codes[TOKENS * PADDED];
  static uint8_t packed[4096];
  static int32_t sums[TOKENS * GROUPS];
  static float scales[TOKENS], y[TOKENS * ROWS];
  int weights[ROWS][COLS];
  memset(codes, 0, sizeof codes);
  memset(sums, 0, sizeof sums);
  memset(packed, 0, sizeof packed);
  for (int t = 0; t < TOKENS; ++t) {
    scales[t] = (float)(t + 1) / 4;
    for (int k = 0; k < COLS; ++k) {
      int code = next() % 3 ? (int)(next() % 255) - 127 : -127;
      codes[t * PADDED + k] = (int8_t)code;
      sums[t * GROUPS + k / GROUP] += code;
    }
  }
  for (int row = 0; row < ROWS; ++row)
    for (int k = 0; k < COLS; ++k) {
      unsigned code = width == 8 ? (next() % 3 ? next() % 256 : 255) : next() % 3;
      weights[row][k] = (int)code - (width == 8 ? 128 : 1);
      set_code(packed, width, row, k, code);
    }
  int codes_bytes = BLOCKS * GROUPS * width * 64, signs = width == 8 ? 1 : 2;
  int scales_bytes = BLOCKS * GROUPS * signs * 32;
  for (int i = 0; i < scales_bytes; i += 2)
    packed[codes_bytes + i + 1] = 0x3c; /* 1.0 in half precision */
  product(NULL, PASS2(codes, TOKENS, PADDED), PASS1(scales, TOKENS), PASS2(sums, TOKENS, GROUPS),
          PASS1(packed, codes_bytes + scales_bytes), PASS2(y, TOKENS, ROWS));
  for (int t = 0; t < TOKENS; ++t)
    for (int row = 0; row < ROWS; ++row) {
      int sum = 0;
      for (int k = 0; k < COLS; ++k)
        sum += weights[row][k] * codes[t * PADDED + k];
      if (y[t * ROWS + row] != (float)sum * scales[t]) {
        printf("%s [%d, %d]: got %g, wanted %g\n", name, t, row, y[t * ROWS + row], (float)sum * scales[t]);
        exit(1);
      }
    }
}

int main(void) {
  check("bytes", bytes, 8);
  check("trits", trits, 2);
  puts("all right");
  return 0;
}
