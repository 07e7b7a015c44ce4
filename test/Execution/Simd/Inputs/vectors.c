/* Compares the functions of vectors.mlir with plain loops, bit for bit. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#define MEMREF1(type) type *, type *, int64_t, int64_t, int64_t
#define MEMREF2(type) type *, type *, int64_t, int64_t, int64_t, int64_t, int64_t
#define PASS1(p, n) p, p, 0, n, 1
#define PASS2(p, n, m) p, p, 0, n, m, m, 1

void row_sums(MEMREF2(float), int64_t row, int64_t column, MEMREF1(float));
void contract(MEMREF2(float), MEMREF2(float), MEMREF2(float));
void shuffles(MEMREF1(uint8_t), MEMREF1(uint16_t));
void floats(MEMREF1(float), MEMREF1(float), int64_t n);
void indices(int64_t n, MEMREF1(int64_t));

static void same(const char *name, int at, float got, float wanted) {
  if (memcmp(&got, &wanted, sizeof got) == 0)
    return;
  printf("%s [%d]: got %a, wanted %a\n", name, at, got, wanted);
  exit(1);
}

static float next(void) {
  static uint32_t state = 12345;
  state = state * 1664525u + 1013904223u;
  return (float)((int32_t)state >> 8) / 3001.f;
}

int main(void) {
  float m[5 * 11], sums[4];
  for (int i = 0; i < 55; ++i)
    m[i] = next();
  for (int row = 0; row < 5; ++row)
    for (int column = 0; column < 11; ++column) {
      row_sums(PASS2(m, 5, 11), row, column, PASS1(sums, 4));
      for (int i = 0; i < 4; ++i) {
        float wanted = 0;
        for (int j = 0; j < 8; ++j)
          wanted += row + i < 5 && column + j < 11 ? m[(row + i) * 11 + column + j] : 0;
        same("row_sums", i, sums[i], wanted);
      }
    }

  float a[15], b[20], c[12], wanted[12];
  for (int i = 0; i < 20; ++i)
    a[i % 15] = next(), b[i] = next(), wanted[i % 12] = c[i % 12] = next();
  contract(PASS2(a, 3, 5), PASS2(b, 4, 5), PASS2(c, 3, 4));
  for (int i = 0; i < 12; ++i) {
    float sum = -0.f; /* products in order, then the accumulator */
    for (int k = 0; k < 5; ++k)
      sum += a[i / 4 * 5 + k] * b[i % 4 * 5 + k];
    same("contract", i, c[i], sum + wanted[i]);
  }

  uint8_t bytes[8] = {0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe};
  uint16_t words[8];
  shuffles(PASS1(bytes, 8), PASS1(words, 8));
  for (int i = 0; i < 8; ++i)
    same("shuffles", i, words[7 - i], (float)((bytes[i] & 15) | bytes[i] >> 4 << 8));

  static float x[1000], y[1000];
  for (int n = 0; n <= 1000; n += 37) {
    for (int i = 0; i < 1000; ++i)
      x[i] = i % 3 ? next() : (float)(i - 500) / 2, y[i] = -7;
    floats(PASS1(x, n), PASS1(y, n), n);
    for (int i = 0; i < 1000; ++i)
      same("floats", i, y[i], i < n ? fmaf(x[i], sqrtf(fabsf(x[i])), rintf(x[i])) : -7);
  }

  for (int64_t n = 0; n < 100; ++n) {
    int64_t r[3];
    indices(n, PASS1(r, 3));
    same("indices", (int)n, (float)r[0], (float)((n + 6) / 7));
    same("indices", (int)n, (float)r[1], (float)((n + 31) / 32 * 32));
    same("indices", (int)n, (float)r[2], 19);
  }
  puts("all right");
  return 0;
}
