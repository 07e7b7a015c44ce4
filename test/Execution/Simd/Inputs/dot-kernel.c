/* Compares the products of dot-kernel.mlir with integer dot products. */
enum { TOKENS = 11, ROWS = 37, BLOCKS = 3 };
#include "products.h"

typedef void product_fn(void *exec, MEMREF2(int8_t), MEMREF1(float), MEMREF2(int32_t), MEMREF1(uint8_t),
                        MEMREF2(float));
product_fn bytes, trits;

/* A code as the layout rows16 has it: fields of `width` bits, a vector of 64 bytes holds 16 rows x 4 elements per
 * field. */
static void set_code(int width, int row, int k, unsigned code) {
  int chunk = k % GROUP / 4, per_vector = 8 / width;
  int vector = (row / 16 * GROUPS + k / GROUP) * width + chunk / per_vector;
  packed[vector * 64 + row % 16 * 4 + k % 4] |= (uint8_t)(code << chunk % per_vector * width);
}

/* Often the smallest one. */
static int random_code(int bits) {
  int limit = (1 << (bits - 1)) - 1;
  return next() % 3 ? (int)(next() % (2 * limit + 1)) - limit : -limit;
}

static void check(const char *name, product_fn *product, int width) {
  make_activations(random_code, 8);
  for (int row = 0; row < ROWS; ++row)
    for (int k = 0; k < COLS; ++k) {
      unsigned code = width == 8 ? (next() % 3 ? next() % 256 : 255) : next() % 3;
      weights[row][k] = (int)code - (width == 8 ? 128 : 1);
      set_code(width, row, k, code);
    }
  int codes_bytes = BLOCKS * GROUPS * width * 64, signs = width == 8 ? 1 : 2;
  int scales_bytes = BLOCKS * GROUPS * signs * 32;
  make_scales(codes_bytes, scales_bytes);
  product(NULL, PASS2(codes, TOKENS, PADDED), PASS1(scales, TOKENS), PASS2(sums, TOKENS, GROUPS),
          PASS1(packed, codes_bytes + scales_bytes), PASS2(y, TOKENS, ROWS));
  compare(name);
}

int main(void) {
  check("bytes", bytes, 8);
  check("trits", trits, 2);
  puts("all right");
  return 0;
}
