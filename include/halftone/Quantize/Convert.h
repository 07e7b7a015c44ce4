//===- Convert.h - Between uniform and binary-coded formats -----*- C++ -*-===//
//
// A uniform quantizer is a binary coding with an offset (LUT-GEMM, arXiv
// 2206.09557, section 3.1): with u = sum_i 2^i (b_i + 1) / 2,
//
//   s (u - p) = sum_i s 2^(i-1) b_i + z,    z = s ((2^q - 1) / 2 - p).
//
// In units of s/2 all of it is integer: multipliers 2^i and the offset 2^q - 1 - 2p.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_CONVERT_H
#define HALFTONE_QUANTIZE_CONVERT_H

#include "halftone/Quantize/Quantize.h"
#include <array>
#include <optional>

namespace halftone {

/// A uniform quantizer of `bits` (1..8): code u in 0 .. 2^bits - 1 is worth scale * (u - zeroPoint).
struct UniformCode {
  unsigned bits = 8;
  float scale = 1;
  int32_t zeroPoint = 0;
  float value(unsigned u) const { return float(double(scale) * (double(u) - zeroPoint)); }
};

/// A binary coding with an offset: code c is worth offset + sum over planes of scale[p] * (bit p of c ? 1 : -1).
struct BinaryCode {
  unsigned planes = 1;
  std::array<float, 8> scales = {}; ///< ascending here: plane i weighs as much as bit i
  float offset = 0;
  /// Summed up in double and rounded once.
  float value(unsigned code) const;
};

/// The same quantizer as binary coding; the codes are the same. Scales are exact (unless scale / 2 underflows), the
/// offset is rounded once: values differ by 1 unit in the last place of the largest one at most.
BinaryCode uniformToBinary(const UniformCode &uniform);

/// The inverse; none if no uniform quantizer with an integer zero point is within the roundings of uniformToBinary().
std::optional<UniformCode> binaryToUniform(const BinaryCode &binary);

/// True if every matrix of one format can be converted to the other without a change of any value, but for halves
/// that would leave their range: integers (`rtn`, `int`) of up to 7 bits with half scales to two-level BCQ with an
/// offset and as many planes, and back (as far as the planes are powers of two).
bool canConvert(const Format &from, const Format &to);

/// The same values in another format. Errors name the tensor: formats that canConvert() refuses; a scale that loses a
/// bit when halved or overflows when doubled; planes that are not powers of two; an offset that is no zero point.
llvm::Expected<QuantizedMatrix> convertMatrix(const QuantizedMatrix &matrix, const Format &to,
                                              llvm::StringRef tensorName);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_CONVERT_H
