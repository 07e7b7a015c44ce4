//===- Moments.h - Sums of products over tokens -----------------*- C++ -*-===//
#ifndef HALFTONE_LIB_COMPENSATE_MOMENTS_H
#define HALFTONE_LIB_COMPENSATE_MOMENTS_H

#include <cstdint>
#include <vector>

namespace halftone::compensate {

/// sum over tokens of a[t][i] * b[t][j], [m][n], for row-major a [tokens][m] and b [tokens][n]. Sums of some hundred
/// products are floats, their sums doubles. The order of additions is fixed: the same bits on every CPU and with any
/// number of threads.
std::vector<double> sumOfProducts(const float *a, int64_t m, const float *b, int64_t n, int64_t tokens,
                                  unsigned threads);

/// The same for b = a: symmetric, at half the cost.
std::vector<double> gramMatrix(const float *a, int64_t n, int64_t tokens, unsigned threads);

} // namespace halftone::compensate

#endif // HALFTONE_LIB_COMPENSATE_MOMENTS_H
