//===- Ternary.h - Ternary quantization of one group ------------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_TERNARY_H
#define HALFTONE_LIB_QUANTIZE_TERNARY_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace halftone {

/// Ternary weight networks (arXiv 1605.04711): 0 up to 0.7 of the mean magnitude, beyond it the mean magnitude of what
/// lies beyond. Writes codes 0, 1, 2 for -1, 0, +1 and one half-precision scale.
void quantizeTernary(llvm::ArrayRef<float> weights, llvm::MutableArrayRef<uint8_t> codes, uint16_t &scale);

/// Levels -s[1], 0, +s[0] with scales of their own, as in trained ternary quantization (Zhu et al., arXiv 1612.01064),
/// but by least squares: of all such levels those with the least squared error, exactly, before the scales are rounded
/// to half precision; then every weight takes the nearest of the rounded levels (0 where two are equally near).
/// O(n log n) for n weights.
void quantizeTernaryPerSign(llvm::ArrayRef<float> weights, llvm::MutableArrayRef<uint8_t> codes,
                            llvm::MutableArrayRef<uint16_t> scales);

} // namespace halftone

#endif // HALFTONE_LIB_QUANTIZE_TERNARY_H
