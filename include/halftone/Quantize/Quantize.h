//===- Quantize.h - Float matrices to low-bit codes and scales --*- C++ -*-===//
//
// The numerics of weight quantization on plain spans of floats. Deterministic:
// the same input gives the same bytes with any number of threads.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_QUANTIZE_H
#define HALFTONE_QUANTIZE_QUANTIZE_H

#include "halftone/Quantize/Format.h"
#include "llvm/ADT/ArrayRef.h"
#include <vector>

namespace halftone {

struct WeightRange;

/// A quantized rows x cols matrix (rows: output channels). One byte per code while in memory; packing comes later.
///
/// | kind             | code byte at [row*cols + col]              | dequantized weight
/// | Bcq two-level    | bit p set: plane p is +1, else -1          | half(scale) * sum_p multiplier[p] * (+-1)
/// | Bcq plane scales | the same                                   | sum_p half(scale[p]) * (+-1)
/// | Bcq with offset  | the same                                   | the same + half(scale) * multiplier[q] or scale[q]
/// | Binary           | 0, 1 for -1, +1                            | half(scale) * (2 code - 1)
/// | Ternary          | 0, 1, 2 for -1, 0, +1                      | half(scale) * (code - 1)
/// | Ternary per sign | the same                                   | -half(scale[1]), 0, half(scale[0])
/// | Rtn              | value + 2^(bits-1), so 1 .. 2^bits - 1     | half(scale) * (code - 2^(bits-1))
/// | Rtn, zero point  | value + zero point, 0 .. 2^bits - 1        | half(scale) * (code - zero point)
/// | Vsq, integer     | as Rtn; unsigned: the value                | float(vectorScale * rowScale) * integer
/// | Vsq, float       | the same                                   | vectorScales * integer
/// | mxfp4, nvfp4     | E2M1 bits; the integer is twice its value  | vectorUnit * integer * tensorScale
struct QuantizedMatrix {
  Format format;
  int64_t rows = 0, cols = 0;
  /// rows*cols code bytes.
  std::vector<uint8_t> codes;
  /// IEEE half bits: [rows][groups], or [rows][groups][planes] with plane scales (descending magnitude order), the
  /// offset after them if there is one, or [rows][groups][2] of ternary per sign (of +1, then of -1). [1] per tensor.
  /// Empty for Vsq, but for integer scales of vectors of 9 and 10 bits, [rows][groups], and with float scales.
  std::vector<uint16_t> scales;
  /// Two-level BCQ: [rows][groups][planes], non-negative, descending, sum <= 127, and after them the offset in the same
  /// units, -127 .. 127, if there is one. Vsq: the vectors' scales [rows][groups] as unsigned bytes: integers
  /// 1 .. 2^scaleBits - 1 of up to 8 bits, see vectorScale(), or codes of E8M0 or E4M3. Rtn with zero points:
  /// [rows][groups], unsigned bytes 0 .. 2^bits - 1, see zeroPoint().
  std::vector<int8_t> multipliers;
  /// Vsq: [rows], positive, with integer vector scales; [1], the tensor's scale, with E4M3. RTN with float scales:
  /// [rows][groups], or [1] per tensor.
  std::vector<float> rowScales;
  /// Vsq with float vector scales only: [rows][groups], positive.
  std::vector<float> vectorScales;

  /// Vsq: the integer scale of a vector, which all values of the vector are multiples of, in units of the row's scale.
  int vectorScale(int64_t row, int64_t vector) const {
    int64_t at = row * groups() + vector;
    return format.scaleBits > 8 ? scales[at] : uint8_t(multipliers[at]);
  }
  /// Vsq: what integers of elements are multiplied by, as float: vectorScale() times the row's scale, the vector's
  /// float, or half of the value of its E8M0 or E4M3 code.
  float vectorUnit(int64_t row, int64_t vector) const;
  /// Scale of the whole tensor: of nvfp4, else 1.
  float tensorScale() const;
  /// Vsq: the integer that a code stands for: -12 .. 12 for E2M1.
  int elementInteger(uint8_t code) const;
  /// Integers with a zero point: that of a group, by its place among all scales.
  int zeroPoint(int64_t item) const { return uint8_t(multipliers[item]); }
  /// Groups that have scales of their own in the whole matrix.
  int64_t scaleGroups() const { return format.perTensor ? (rows * cols ? 1 : 0) : rows * groups(); }
  /// The place of a group among them.
  int64_t scaleItem(int64_t row, int64_t group) const { return format.perTensor ? 0 : row * groups() + group; }
  int64_t groupSize() const { return format.groupSize(cols); }
  int64_t groups() const { return format.groupCount(cols); }
};

/// Groups whose scale is below 2^-14 get a subnormal half: they lose precision, not their weights. Only where all
/// magnitudes are too small for any half (about 2^-25 per unit) does a group become zero.
///
/// Greedy BCQ with plane scales keeps the greedy scales, as in the papers; everything else ends in a least-squares
/// fit. Two-level scales are that fit in units of half(sum / 127), rounded; then each weight takes the nearest level.
///
/// With an offset, BCQ solves without one and from several others, all fitted by least squares, and keeps the least
/// error of each group: never more than without. Zero points: the range of the weights and zero is cut into 2^bits - 1
/// steps, zero is one of them.
///
/// Vsq: with n = 2^(bits-1) - 1, s_j = max |w| / n of vector j of a row and top = 2^scaleBits - 1, the row's scale is
/// gamma = float(max_j s_j / top), the vector's scale ceil(s_j / gamma) in 1..top (quotients that the rounding of gamma
/// alone lifts above an integer count as that integer), and codes are rounded with the product of the two, so that no
/// weight is clipped (ALGORITHMS 2.1, ceil and requantize). A row of zeros has gamma 1 and vector scales 1. Unsigned
/// elements have n = 2^bits - 1 and take no notice of negative weights, which become 0. Float vector scales are s_j.
///
/// mxfp4: the scale's exponent is floor(log2 max |w|) - 2 (OCP Microscaling Formats 1.0), or one more or less where
/// that lowers the squared error. nvfp4: the tensor's scale is max |w| / (6 * 448), the scale of a vector, in units of
/// it, the E4M3 number nearest to max |w| / 6, or another up to max |w| / 4 where that lowers the squared error.
/// Elements are rounded to nearest even and saturate at 6. Vectors of zeros have scale 1.
///
/// Quantizes `weights` (row-major rows x cols). Errors: size mismatch; NaN or
/// infinity (names `tensorName` and the [row, col] index); magnitude whose
/// scale leaves half precision (names the tensor). `threads` 0: all cores.
llvm::Expected<QuantizedMatrix> quantize(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols,
                                         const Format &format, llvm::StringRef tensorName, unsigned threads = 0);
/// The same with another range than all weights of a group, for Rtn only: an error for other kinds.
llvm::Expected<QuantizedMatrix> quantize(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols,
                                         const Format &format, const WeightRange &range, llvm::StringRef tensorName,
                                         unsigned threads = 0);

/// Codes of uniform integers for the scales and zero points that `matrix` has already: weight / scale (in double) +
/// zero point, rounded to the nearest even integer and clamped; 0 where the scale is 0. Errors: NaN and infinity, as
/// quantize().
llvm::Error encodeUniform(llvm::ArrayRef<float> weights, QuantizedMatrix &matrix, llvm::StringRef tensorName);

/// The float matrix that `q` stands for, row-major.
std::vector<float> dequantize(const QuantizedMatrix &q);

/// Vsq: the largest integer of an element, and what codes are above the integers they stand for (E2M1: 12, by which
/// kernels shift its integers to be unsigned).
int largestElement(const Format &format);
int elementOffset(const Format &format);

/// sum (w - w')^2 / sum w^2 in double; 0 for an all-zero matrix that is exact.
double relativeSquaredError(llvm::ArrayRef<float> weights, llvm::ArrayRef<float> approximation);

/// IEEE half <-> float, round to nearest even.
uint16_t floatToHalf(float value);
float halfToFloat(uint16_t half);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_QUANTIZE_H
