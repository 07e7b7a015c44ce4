//===- CompensateKernels.cpp - Loops over doubles -------------------------===//

#include "CompensateKernels.h"

#if defined(__x86_64__) && defined(__ELF__)
#define HALFTONE_VECTOR_VERSIONS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HALFTONE_VECTOR_VERSIONS
#endif

namespace halftone::compensate {

HALFTONE_VECTOR_VERSIONS
double dot(const double *a, const double *b, int64_t count) {
  double sums[16] = {};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int k = 0; k < 16; ++k)
      sums[k] += a[i + k] * b[i + k];
  for (int k = 0; i < count; ++i, ++k)
    sums[k] += a[i] * b[i];
  for (int half = 8; half > 0; half /= 2)
    for (int k = 0; k < half; ++k)
      sums[k] += sums[k + half];
  return sums[0];
}

HALFTONE_VECTOR_VERSIONS
void addScaled(double *y, const double *x, double factor, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    y[i] += factor * x[i];
}

HALFTONE_VECTOR_VERSIONS
void addProduct(double *y, const double *d, const double *m, int64_t stride, int64_t length, int64_t count) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    double sums[16];
    for (int k = 0; k < 16; ++k)
      sums[k] = y[i + k];
    for (int64_t j = 0; j < length; ++j)
      for (int k = 0; k < 16; ++k)
        sums[k] += d[j] * m[j * stride + i + k];
    for (int k = 0; k < 16; ++k)
      y[i + k] = sums[k];
  }
  for (; i < count; ++i)
    for (int64_t j = 0; j < length; ++j)
      y[i] += d[j] * m[j * stride + i];
}

} // namespace halftone::compensate
