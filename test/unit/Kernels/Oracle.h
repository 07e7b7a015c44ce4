//===- Oracle.h - What the kernels compute, as plain loops ------*- C++ -*-===//
#ifndef HALFTONE_TEST_UNIT_KERNELS_ORACLE_H
#define HALFTONE_TEST_UNIT_KERNELS_ORACLE_H

#include "CompiledCases.h"

namespace halftone::test {

/// Integer activations of one token.
struct Codes {
  std::vector<int8_t> values;
  float scale = 0;
};

/// scale = max|x| / q, code = round to even of x * (q / max|x|) with q = 2^(bits-1) - 1; below 1e-30 all is zero.
/// One bit: signs, and the mean of |x| (of 16 partial sums, added by halves; 0 below 1e-30).
Codes quantizeActivations(const float *x, int64_t cols, unsigned bits = 8);

/// 16-bit activations of one token as two of 8 bits, high and low: with s = max|x| / 32512 the code round(x / s) is
/// 255 * high + low, and the scales are 255 s and s.
std::pair<Codes, Codes> quantizeWideActivations(const float *x, int64_t cols);

/// Activations of one token with scales of vectors.
struct VectorCodes {
  std::vector<int8_t> values;
  std::vector<int32_t> multipliers; ///< of the vectors
  float scale = 0;
  std::vector<float> floatScales; ///< of the vectors, where they have floats in place of multipliers
};

/// VS-Quant: see lowbit.quantize_activation_vectors.
VectorCodes quantizeActivations(const float *x, int64_t cols, const ActivationVectors &vectors);

/// w of `matrix` at [row, col] divided by its group's scale. Not for plane scales.
int32_t integerWeight(const QuantizedMatrix &matrix, int64_t row, int64_t col);

/// y by the numerics contract, for integer or float activations as the case's strategy says.
std::vector<float> multiply(const Case &c, const std::vector<float> &x, int64_t tokens);

/// The weights that the case stands for, row-major, as the gather kernel computes them.
std::vector<float> weightsOf(const Case &c);

/// Index of the first element whose bits differ, -1 if there is none.
int64_t firstDifference(const std::vector<float> &a, const std::vector<float> &b);

} // namespace halftone::test

#endif // HALFTONE_TEST_UNIT_KERNELS_ORACLE_H
