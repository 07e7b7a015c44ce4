//===- CompensateKernels.h - Loops over doubles -----------------*- C++ -*-===//
//
// The inner loops of error compensation. The order of additions is fixed, and no
// multiply and add are contracted: the same bits with vectors of any width.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_LIB_QUANTIZE_COMPENSATEKERNELS_H
#define HALFTONE_LIB_QUANTIZE_COMPENSATEKERNELS_H

#include <cstdint>

namespace halftone::compensate {

/// Sum of a[i] * b[i], with sixteen running sums.
double dot(const double *a, const double *b, int64_t count);

/// y[i] += factor * x[i]
void addScaled(double *y, const double *x, double factor, int64_t count);

/// y[i] += sum over j of d[j] * m[j][i], in the order of j, for the first `count` columns of m [length][stride].
void addProduct(double *y, const double *d, const double *m, int64_t stride, int64_t length, int64_t count);

} // namespace halftone::compensate

#endif // HALFTONE_LIB_QUANTIZE_COMPENSATEKERNELS_H
