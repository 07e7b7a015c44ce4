/* Compares the products of popcount-kernel.mlir with integer dot products. */
enum { TOKENS = 5, ROWS = 70 };
#include "products.h"

typedef void product_fn(void *exec, MEMREF2(int8_t), MEMREF2(uint8_t), MEMREF1(float), MEMREF2(int32_t),
                        MEMREF1(uint8_t), MEMREF2(float));
product_fn signs, four_bits;

/* Weight planes as the layout rows64 has them: a byte is 8 elements of one row, a vector 64 rows. */
static void set_bit(int planes, int row, int k, int plane) {
  int vector = (row / 64 * (PADDED / 8) + k / 8) * planes + plane;
  packed[vector * 64 + row % 64] |= 1u << k % 8;
}

static int random_code(int bits) {
  int limit = bits == 1 ? 1 : (1 << (bits - 1)) - 1;
  return bits == 1 ? (next() % 2 ? 1 : -1) : (int)(next() % (2 * limit + 1)) - limit;
}

static void check(const char *name, product_fn *product, int bits, int planes) {
  static uint8_t activations[TOKENS * PADDED];
  make_activations(random_code, bits);
  int codes_bytes = 2 * (PADDED / 8) * planes * 64, scales_bytes = 2 * GROUPS * 64 * 2;
  make_scales(codes_bytes, scales_bytes);
  for (int row = 0; row < ROWS; ++row)
    for (int k = 0; k < COLS; ++k) {
      if (planes == 1) { /* +-m with m by row and group */
        int m = 1 + (row + 3 * (k / GROUP)) % 127, bit = next() % 2;
        packed[codes_bytes + scales_bytes + (row / 64 * GROUPS + k / GROUP) * 64 + row % 64] = (uint8_t)m;
        weights[row][k] = bit ? m : -m;
        if (bit)
          set_bit(1, row, k, 0);
      } else { /* 0, 1, 2 bits for -1, 0, +1 */
        int ones = next() % 3;
        weights[row][k] = ones - 1;
        for (int plane = 0; plane < ones; ++plane)
          set_bit(2, row, k, plane);
      }
    }
  int packed_bytes = planes == 1 ? 1792 : 2560, plane_bytes = PADDED / 8 * bits;
  product(NULL, PASS2(codes, TOKENS, PADDED), PASS2(activations, TOKENS, plane_bytes), PASS1(scales, TOKENS),
          PASS2(sums, TOKENS, GROUPS), PASS1(packed, packed_bytes), PASS2(y, TOKENS, ROWS));
  compare(name);
}

int main(void) {
  check("signs", signs, 1, 1);
  check("four_bits", four_bits, 4, 2);
  puts("all right");
  return 0;
}
