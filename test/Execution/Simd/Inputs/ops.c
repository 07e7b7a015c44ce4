/* Compares every function of ops.mlir with a plain loop; prints the number of comparisons. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A memref<n x T> argument as MLIR passes it. */
#define MEMREF(type) type *, type *, int64_t, int64_t, int64_t
#define PASS(pointer, n) pointer, pointer, 0, n, 1

typedef void lookup_fn(MEMREF(uint8_t), MEMREF(uint8_t), MEMREF(uint8_t));
typedef void dot_fn(MEMREF(uint32_t), MEMREF(uint8_t), MEMREF(int8_t), MEMREF(uint32_t));
typedef void pairs_fn(MEMREF(uint32_t), MEMREF(uint16_t), MEMREF(uint8_t), MEMREF(int8_t), MEMREF(uint32_t));
typedef void popcount_fn(MEMREF(uint32_t), MEMREF(uint8_t), MEMREF(uint32_t));
typedef void count_fn(MEMREF(uint8_t), MEMREF(uint8_t), uint8_t, MEMREF(uint8_t));
typedef void half_fn(MEMREF(uint16_t), MEMREF(float));
lookup_fn lookup_16_64, lookup_32_64, lookup_64_64, lookup_128_64, lookup_16_7, lookup_128_117;
dot_fn dot_16_255, dot_16_128, dot_16_127, dot_16_129, dot_3_255, dot_29_127, chain_16_16, chain_29_8, chain_16_255;
dot_fn matrix_16, matrix_5;
pairs_fn pairs_16;
popcount_fn popcount_16, popcount_5;
count_fn count_common_64, count_differ_21;
half_fn half_16, half_1;

static long comparisons;
static uint64_t state = 88172645463325252ull;
static uint32_t random32(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 16);
}

static void expect(int ok, const char *what, int at, long long got, long long wanted) {
  ++comparisons;
  if (ok)
    return;
  printf("%s [%d]: got %lld, wanted %lld\n", what, at, got, wanted);
  exit(1);
}

static void check_lookup(const char *name, lookup_fn *function, int entries, int count) {
  uint8_t table[128], indices[128], result[128];
  /* Rounds below 4 go through every value of an index. */
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < entries; ++i)
      table[i] = (uint8_t)random32();
    for (int i = 0; i < count; ++i)
      indices[i] = (uint8_t)(round < 256 ? round + i * 5 : random32());
    memset(result, 0xee, sizeof result);
    function(PASS(table, entries), PASS(indices, count), PASS(result, count));
    for (int i = 0; i < count; ++i)
      expect(result[i] == table[indices[i] % entries], name, i, result[i], table[indices[i] % entries]);
  }
}

/* acc + times * (u . s) */
static void check_dots(const char *name, dot_fn *function, int lanes, int max_u, int times) {
  static const int8_t extremes[] = {-128, 127, -127, 0, 1, -1};
  uint32_t acc[32], result[32];
  uint8_t u[128];
  int8_t s[128];
  for (int round = 0; round < 3000; ++round) {
    for (int i = 0; i < 4 * lanes; ++i) {
      /* Rounds 0..5: the largest unsigned value meets each extreme; then mixtures; then random bytes. */
      u[i] = (uint8_t)(round < 6 ? max_u : round < 1000 && random32() % 2 ? max_u : random32() % (max_u + 1));
      s[i] = round < 6 ? extremes[round] : round < 1000 ? extremes[random32() % 6] : (int8_t)random32();
    }
    for (int i = 0; i < lanes; ++i)
      acc[i] = round % 3 == 0   ? 0x7fffffffu - random32() % 100000
               : round % 3 == 1 ? 0x80000000u + random32() % 100000
                                : random32();
    function(PASS(acc, lanes), PASS(u, 4 * lanes), PASS(s, 4 * lanes), PASS(result, lanes));
    for (int i = 0; i < lanes; ++i) {
      uint32_t wanted = acc[i];
      for (int j = 0; j < 4; ++j)
        wanted += (uint32_t)(times * (int)u[4 * i + j] * (int)s[4 * i + j]);
      expect(result[i] == wanted, name, i, result[i], wanted);
    }
  }
}

static void check_dot(const char *name, dot_fn *function, int lanes, int max_u) {
  check_dots(name, function, lanes, max_u, 1);
}

/* acc[row][column] + u[row] . s[column] */
static void check_matrix(const char *name, dot_fn *function, int rows) {
  uint32_t acc[32], result[32];
  uint8_t u[128];
  int8_t s[16];
  for (int round = 0; round < 1000; ++round) {
    for (int i = 0; i < 8 * rows; ++i)
      u[i] = (uint8_t)(random32() % 2 ? 255 : random32());
    for (int i = 0; i < 16; ++i)
      s[i] = (int8_t)(random32() % 2 ? -128 : (int)random32());
    for (int i = 0; i < 2 * rows; ++i)
      acc[i] = random32();
    function(PASS(acc, 2 * rows), PASS(u, 8 * rows), PASS(s, 16), PASS(result, 2 * rows));
    for (int i = 0; i < 2 * rows; ++i) {
      uint32_t wanted = acc[i];
      for (int j = 0; j < 8; ++j)
        wanted += (uint32_t)(u[i / 2 * 8 + j] * s[i % 2 * 8 + j]);
      expect(result[i] == wanted, name, i, result[i], wanted);
    }
  }
}

/* acc + both pairs of h * (h + u . s), the latter of which wraps at 16 bits */
static void check_pairs(const char *name, pairs_fn *function) {
  uint32_t acc[16], result[16];
  uint16_t h[32];
  uint8_t u[64];
  int8_t s[64];
  for (int round = 0; round < 1000; ++round) {
    for (int i = 0; i < 64; ++i) {
      u[i] = (uint8_t)(random32() % 2 ? 128 : random32() % 129);
      s[i] = (int8_t)(random32() % 2 ? -128 : (int)random32());
    }
    for (int i = 0; i < 32; ++i)
      h[i] = (uint16_t)random32();
    if (round == 0) { /* the one sum that does not fit 32 bits: 2 * 2^30 */
      memset(u, 0, sizeof(u));
      for (int i = 0; i < 32; ++i)
        h[i] = 0x8000;
    }
    for (int i = 0; i < 16; ++i)
      acc[i] = random32();
    function(PASS(acc, 16), PASS(h, 32), PASS(u, 64), PASS(s, 64), PASS(result, 16));
    for (int i = 0; i < 16; ++i) {
      uint32_t wanted = acc[i];
      for (int j = 2 * i; j < 2 * i + 2; ++j)
        wanted += (uint32_t)(int16_t)h[j] *
                  (uint32_t)(int16_t)(uint16_t)(h[j] + u[2 * j] * s[2 * j] + u[2 * j + 1] * s[2 * j + 1]);
      expect(result[i] == wanted, name, i, result[i], wanted);
    }
  }
}

static void check_popcount(const char *name, popcount_fn *function, int lanes) {
  uint32_t acc[16], result[16];
  uint8_t v[64];
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 4 * lanes; ++i)
      v[i] = (uint8_t)(round < 256 ? round : random32());
    for (int i = 0; i < lanes; ++i)
      acc[i] = round % 2 ? 0xfffffff0u : random32();
    function(PASS(acc, lanes), PASS(v, 4 * lanes), PASS(result, lanes));
    for (int i = 0; i < lanes; ++i) {
      uint32_t wanted = acc[i];
      for (int bit = 0; bit < 32; ++bit)
        wanted += v[4 * i + bit / 8] >> bit % 8 & 1;
      expect(result[i] == wanted, name, i, result[i], wanted);
    }
  }
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* All bytes against all others. */
static void check_count(const char *name, count_fn *function, int lanes, int differ) {
  uint8_t acc[64], v[64], result[64];
  for (int byte = 0; byte < 256; ++byte)
    for (int first = 0; first < 256; first += lanes) {
      for (int i = 0; i < lanes; ++i) {
        v[i] = (uint8_t)(first + i);
        acc[i] = (uint8_t)random32();
      }
      function(PASS(acc, lanes), PASS(v, lanes), (uint8_t)byte, PASS(result, lanes));
      for (int i = 0; i < lanes; ++i) {
        uint8_t wanted = acc[i], bits = (uint8_t)(differ ? v[i] ^ byte : v[i] & byte);
        for (int bit = 0; bit < 8; ++bit)
          wanted += bits >> bit & 1;
        expect(result[i] == wanted, name, i, result[i], wanted);
      }
    }
}

static void check_half(const char *name, half_fn *function, int count) {
  uint16_t half[16];
  float result[16];
  for (int first = 0; first < 65536; first += count) {
    for (int i = 0; i < count; ++i)
      half[i] = (uint16_t)(first + i);
    function(PASS(half, count), PASS(result, count));
    for (int i = 0; i < count; ++i) {
      int exponent = half[i] >> 10 & 31, mantissa = half[i] & 1023;
      if (exponent == 31)
        continue; /* infinity, NaN */
      float magnitude = exponent ? ldexpf((float)(1024 + mantissa), exponent - 25) : ldexpf((float)mantissa, -24);
      float wanted = half[i] >> 15 ? -magnitude : magnitude;
      expect(bits_of(result[i]) == bits_of(wanted), name, half[i], bits_of(result[i]), bits_of(wanted));
    }
  }
}

int main(void) {
  check_lookup("lookup_16_64", lookup_16_64, 16, 64);
  check_lookup("lookup_32_64", lookup_32_64, 32, 64);
  check_lookup("lookup_64_64", lookup_64_64, 64, 64);
  check_lookup("lookup_128_64", lookup_128_64, 128, 64);
  check_lookup("lookup_16_7", lookup_16_7, 16, 7);
  check_lookup("lookup_128_117", lookup_128_117, 128, 117);
  check_dot("dot_16_255", dot_16_255, 16, 255);
  check_dot("dot_16_128", dot_16_128, 16, 128);
  check_dot("dot_16_127", dot_16_127, 16, 127);
  check_dot("dot_16_129", dot_16_129, 16, 129);
  check_dot("dot_3_255", dot_3_255, 3, 255);
  check_dot("dot_29_127", dot_29_127, 29, 127);
  check_dots("chain_16_16", chain_16_16, 16, 16, 9);
  check_dots("chain_29_8", chain_29_8, 29, 8, 17);
  check_dots("chain_16_255", chain_16_255, 16, 255, 9);
  check_matrix("matrix_16", matrix_16, 16);
  check_matrix("matrix_5", matrix_5, 5);
  check_pairs("pairs_16", pairs_16);
  check_popcount("popcount_16", popcount_16, 16);
  check_popcount("popcount_5", popcount_5, 5);
  check_count("count_common_64", count_common_64, 64, 0);
  check_count("count_differ_21", count_differ_21, 21, 1);
  check_half("half_16", half_16, 16);
  check_half("half_1", half_1, 1);
  printf("%ld comparisons\n", comparisons);
  return 0;
}
