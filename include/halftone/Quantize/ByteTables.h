//===- ByteTables.h - Sums of activations rounded to bytes ------*- C++ -*-===//
//
// What products by look-up compute with tables of one byte per entry, as plain
// loops: see byte_group and trit_group of lowbit.build_tables. Like T-MAC's quantized tables
// (arXiv 2407.00088, section 3.2), with a power of two as the scale of a group.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_BYTETABLES_H
#define HALFTONE_QUANTIZE_BYTETABLES_H

#include "halftone/Quantize/Quantize.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace halftone {

/// Rounded sums of the integer activations of one group, -127 .. 127, missing ones of the last slice being 0.
class ByteTables {
public:
  /// `isExact`: nothing is rounded.
  explicit ByteTables(llvm::ArrayRef<int8_t> activations, bool isExact = false);

  /// Rounded sums are multiples of 2^shift(): the least with sum |a_j| <= 126 * 2^shift over every slice of 8.
  int shift() const { return shiftCount; }

  /// sum_j +-a_j over the group, every four of them rounded to the nearest multiple, ties to even ones.
  int32_t signedSum(llvm::function_ref<bool(int64_t element)> isPositive) const;

private:
  std::vector<int16_t> activations;
  int shiftCount = 0;
};

/// Rounded sums of five ternary weights at once, of the integer activations of one group, -127 .. 127; missing ones of
/// the last slice are 0.
class TritByteTables {
public:
  /// `isExact`: nothing is rounded.
  explicit TritByteTables(llvm::ArrayRef<int8_t> activations, bool isExact = false);

  /// Rounded sums are multiples of 2^shift(): the least with sum |a_j| <= 127 * 2^shift over every slice of 5. One
  /// entry stands for a slice, so that nothing is left for the rounding of a second one.
  int shift() const { return shiftCount; }

  /// sum_j t_j a_j over the group, t_j = codes[j] - 1; the sums of slices are rounded to the nearest multiple, ties to
  /// even ones. As many codes as activations.
  int32_t sum(llvm::ArrayRef<uint8_t> codes) const;

private:
  std::vector<int8_t> activations;
  int shiftCount = 0;
};

/// The sum of integer weights times activations of a group of a row, from such tables: the integer that a kernel
/// multiplies by the scale. With a scale per sign of ternary weights, that of sign `sign` (0: +1, 1: -1).
int64_t byteTableSum(const QuantizedMatrix &matrix, int64_t row, int64_t group, const ByteTables &tables,
                     llvm::ArrayRef<int8_t> activations, int sign = 0);

/// Relative squared error of outputs for random activations against those from exact tables: normally distributed ones
/// of 4 tokens, integers up to 127, on up to 64 rows spread over the matrix. For formats that look-ups have kernels
/// for; `byTrits`: of five ternary weights at once, with one scale per group.
double byteTableError(const QuantizedMatrix &matrix, bool byTrits = false);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_BYTETABLES_H
