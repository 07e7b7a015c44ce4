/* What tests of whole kernels share: operands of a product, and the comparison of its result with integer dot products.
 * The file that includes it says TOKENS and ROWS first. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMREF1(type) type *, type *, int64_t, int64_t, int64_t
#define MEMREF2(type) type *, type *, int64_t, int64_t, int64_t, int64_t, int64_t
#define PASS1(p, n) p, p, 0, n, 1
#define PASS2(p, n, m) p, p, 0, n, m, m, 1

enum { COLS = 45, PADDED = 64, GROUP = 32, GROUPS = 2 };

static int8_t codes[TOKENS * PADDED];
static uint8_t packed[4096];
static int32_t sums[TOKENS * GROUPS];
static float scales[TOKENS], y[TOKENS * ROWS];
static int weights[ROWS][COLS];

static uint32_t next(void) {
  static uint32_t state = 12345;
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

/* Fills codes, sums and scales; clears packed. */
static void make_activations(int (*random_code)(int), int bits) {
  memset(codes, 0, sizeof codes);
  memset(sums, 0, sizeof sums);
  memset(packed, 0, sizeof packed);
  for (int t = 0; t < TOKENS; ++t) {
    scales[t] = (float)(t + 1) / 4;
    for (int k = 0; k < COLS; ++k) {
      int code = random_code(bits);
      codes[t * PADDED + k] = (int8_t)code;
      sums[t * GROUPS + k / GROUP] += code;
    }
  }
}

/* Scales of weights, `bytes` of them from `at` on in packed: 1.0 in half precision. */
static void make_scales(int at, int bytes) {
  for (int i = 0; i < bytes; i += 2)
    packed[at + i + 1] = 0x3c;
}

static void compare(const char *name) {
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
