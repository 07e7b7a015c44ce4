/* Compares the products of popcount-kernel.mlir with integer dot products. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMREF1(type) type *, type *, int64_t, int64_t, int64_t
#define MEMREF2(type) type *, type *, int64_t, int64_t, int64_t, int64_t, int64_t
#define PASS1(p, n) p, p, 0, n, 1
#define PASS2(p, n, m) p, p, 0, n, m, m, 1

enum { TOKENS = 5, ROWS = 70, COLS = 45, PADDED = 64, GROUP = 32, GROUPS = 2 };

typedef void product_fn(void *exec, MEMREF2(int8_t), MEMREF2(uint8_t), MEMREF1(float), MEMREF2(int32_t),
                        MEMREF1(uint8_t), MEMREF2(float));
product_fn signs, four_bits;

static uint32_t next(void) {
  static uint32_t state = 12345;
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

/* Weight planes as the layout rows64 has them: a byte is 8 elements of one row, a vector 64 rows. */
static void set_bit(uint8_t *packed, int planes, int row, int k, int plane) {
  int vector = (row / 64 * (PADDED / 8) + k / 8) * planes + plane;
  packed[vector * 64 + row % 64] |= 1u << k % 8;
}

static void check(const char *name, product_fn *product, int bits, int planes) {
  static int8_t codes[TOKENS * PADDED];
  static uint8_t activations[TOKENS * PADDED], packed[2560];
  static int32_t sums[TOKENS * GROUPS];
  static float scales[TOKENS], y[TOKENS * ROWS];
  int weights[ROWS][COLS], limit = bits == 1 ? 1 : (1 << (bits - 1)) - 1;
  memset(codes, 0, sizeof codes);
  memset(sums, 0, sizeof sums);
  memset(packed, 0, sizeof packed);
  for (int t = 0; t < TOKENS; ++t) {
    scales[t] = (float)(t + 1) / 4;
    for (int k = 0; k < COLS; ++k) {
      int code = bits == 1 ? (next() % 2 ? 1 : -1) : (int)(next() % (2 * limit + 1)) - limit;
      codes[t * PADDED + k] = (int8_t)code;
      sums[t * GROUPS + k / GROUP] += code;
    }
  }
  int codes_bytes = 2 * (PADDED / 8) * planes * 64, scales_bytes = 2 * GROUPS * 64 * 2;
  for (int i = 0; i < scales_bytes; i += 2)
    packed[codes_bytes + i + 1] = 0x3c; /* 1.0 in half precision */
  for (int row = 0; row < ROWS; ++row)
    for (int k = 0; k < COLS; ++k) {
      if (planes == 1) { /* +-m with m by row and group */
        int m = 1 + (row + 3 * (k / GROUP)) % 127, bit = next() % 2;
        packed[codes_bytes + scales_bytes + (row / 64 * GROUPS + k / GROUP) * 64 + row % 64] = (uint8_t)m;
        weights[row][k] = bit ? m : -m;
        if (bit)
          set_bit(packed, 1, row, k, 0);
      } else { /* 0, 1, 2 bits for -1, 0, +1 */
        int ones = next() % 3;
        weights[row][k] = ones - 1;
        for (int plane = 0; plane < ones; ++plane)
          set_bit(packed, 2, row, k, plane);
      }
    }
  int packed_bytes = planes == 1 ? 1792 : 2560, plane_bytes = PADDED / 8 * bits;
  product(NULL, PASS2(codes, TOKENS, PADDED), PASS2(activations, TOKENS, plane_bytes), PASS1(scales, TOKENS),
          PASS2(sums, TOKENS, GROUPS), PASS1(packed, packed_bytes), PASS2(y, TOKENS, ROWS));
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
  check("signs", signs, 1, 1);
  check("four_bits", four_bits, 4, 2);
  puts("all right");
  return 0;
}
