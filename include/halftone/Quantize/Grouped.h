//===- Grouped.h - Activations with ranges per group ------------*- C++ -*-===//
//
// Asymmetric, static quantization of activations [tokens][d] whose last dimension
// is cut into K equal groups with a scale and a zero point each: per-embedding-group
// quantization (Bondarenko, Nagel, Blankevoort, "Understanding and Overcoming the
// Challenges of Efficient Transformer Quantization", arXiv 2109.12948, section 4).
// K = 1 is per tensor, K = d is per dimension. Dimensions with ranges of like size
// should be neighbours: rangeOrder().
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_GROUPED_H
#define HALFTONE_QUANTIZE_GROUPED_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace halftone {

/// Scale and zero point: the value of code q is scale * (q - zeroPoint).
struct AffineScale {
  float scale = 1;
  int32_t zeroPoint = 0;
};

/// The scale of the values min..max in codes 0 .. 2^bits - 1: zero joins the range, so that it has a code of its own;
/// scale = (max - min) / (2^bits - 1), zero point = round(-min / scale). A range of nothing but zero has scale 1.
AffineScale affineScale(float min, float max, unsigned bits);

/// Scales of `size` dimensions in groups of equal size.
struct GroupedScales {
  unsigned bits = 8;               ///< of a code, 2 .. 16
  int64_t size = 0;                ///< d
  std::vector<AffineScale> groups; ///< K

  int64_t groupSize() const { return size / int64_t(groups.size()); }
  const AffineScale &of(int64_t dimension) const { return groups[dimension / groupSize()]; }
  /// Largest code.
  int32_t top() const { return (int32_t(1) << bits) - 1; }
};

/// Scales out of the range of every dimension, in the order of the dimensions. Errors, which name `site`: sizes that
/// differ, groups that do not divide them, bits out of 2..16, a range that is empty, infinite or not a number.
llvm::Expected<GroupedScales> groupedScales(llvm::ArrayRef<float> mins, llvm::ArrayRef<float> maxs, int64_t groups,
                                            unsigned bits, llvm::StringRef site);

/// The permutation that sorts dimensions by ascending max - min: entry i is the dimension that comes to place i. Equal
/// ranges keep their order. Sizes must agree.
std::vector<int64_t> rangeOrder(llvm::ArrayRef<float> mins, llvm::ArrayRef<float> maxs);

/// Codes of `values` (row-major, rows of scales.size): round to nearest even of x / scale, plus the zero point, clamped
/// to 0 .. 2^bits - 1. Not a number counts as the lowest value.
std::vector<uint16_t> quantizeGrouped(llvm::ArrayRef<float> values, const GroupedScales &scales);
/// The values that codes stand for.
std::vector<float> dequantizeGrouped(llvm::ArrayRef<uint16_t> codes, const GroupedScales &scales);
/// dequantizeGrouped(quantizeGrouped(values)); what lowbit.requantize computes, bit for bit.
std::vector<float> requantizeGrouped(llvm::ArrayRef<float> values, const GroupedScales &scales);

/// Largest code of symmetric quantization per token. 16 bits: 255 * 127 + 127, so that a code is 255 * high + low with
/// high and low in -127 .. 127.
constexpr int32_t symmetricTop(unsigned bits) { return bits == 8 ? 127 : 32512; }
/// Symmetric, one scale max |x| / symmetricTop(bits) per row of `size` values, found at run time: what products with
/// activations i8 (bits 8) and i16 (bits 16) make of their inputs.
std::vector<float> requantizePerToken(llvm::ArrayRef<float> values, int64_t size, unsigned bits);

/// The product of `codes` [tokens][d] with integer weights [rows][d] of one scale, as [tokens][rows]:
///
///   y = sum over g, ascending, of (weightScale * s_g) * (sum_{i in g} w_i q_i - z_g sum_{i in g} w_i)
///
/// with an exact integer in parentheses: K multiplications per output instead of d.
std::vector<float> groupedProduct(llvm::ArrayRef<uint16_t> codes, llvm::ArrayRef<int8_t> weights, int64_t rows,
                                  float weightScale, const GroupedScales &scales);
/// The same for hardware that knows one scale per tensor: K products of column blocks by such a kernel, then K - 1
/// additions. The integers are the same, and so are all bits.
std::vector<float> groupedProductSplit(llvm::ArrayRef<uint16_t> codes, llvm::ArrayRef<int8_t> weights, int64_t rows,
                                       float weightScale, const GroupedScales &scales);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_GROUPED_H
