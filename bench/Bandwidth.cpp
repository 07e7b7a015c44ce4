//===- Bandwidth.cpp - The machine's read bandwidth -----------------------===//

#include "Bandwidth.h"

typedef uint64_t Vector __attribute__((vector_size(64), aligned(64)));

uint64_t halftone::bench::streamRead(const uint8_t *data, size_t bytes) {
  Vector sums[4] = {};
  const Vector *vectors = reinterpret_cast<const Vector *>(data);
  for (size_t i = 0; i < bytes / 64; i += 4) {
    __builtin_prefetch(vectors + i + 64);
    __builtin_prefetch(vectors + i + 65);
    __builtin_prefetch(vectors + i + 66);
    __builtin_prefetch(vectors + i + 67);
    for (int j = 0; j < 4; ++j)
      sums[j] += vectors[i + j];
  }
  Vector total = sums[0] + sums[1] + sums[2] + sums[3];
  uint64_t sum = 0;
  for (int lane = 0; lane < 8; ++lane)
    sum += total[lane];
  return sum;
}
