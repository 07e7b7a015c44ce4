//===- Groups.h - Codes and scales of one group, by format ------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_GROUPS_H
#define HALFTONE_LIB_QUANTIZE_GROUPS_H

#include "halftone/Quantize/Bcq.h"
#include "halftone/Quantize/Format.h"
#include "halftone/Quantize/WeightRange.h"
#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace halftone {

constexpr uint16_t halfInfinity = 0x7c00;

/// Codes and scales of one group in the result; see QuantizedMatrix for their order.
struct GroupSlot {
  llvm::MutableArrayRef<uint8_t> codes;
  llvm::MutableArrayRef<uint16_t> scales;
  llvm::MutableArrayRef<int8_t> multipliers;
  llvm::MutableArrayRef<float> floatScales;
};

/// The integer nearest to `value`, ties to even; |value| < 2^51.
inline double roundEven(double value) {
  constexpr double shift = 0x1.8p52;
  return (value + shift) - shift;
}

/// The half nearest to `scale`; a positive scale that would become zero becomes
/// 2^-24 instead, because codes that are chosen afterwards can make use of it.
uint16_t positiveHalf(double scale);

/// Binary-coding quantization with the format's solver, two-level or plane scales, and offset. `group` lends its
/// buffers. Scales that leave half precision are stored as infinities.
void quantizeBcq(const Format &format, llvm::ArrayRef<float> weights, BcqGroup &group, GroupSlot slot);

/// Signs and the mean magnitude.
void quantizeBinary(llvm::ArrayRef<float> weights, GroupSlot slot);

/// Round to nearest with the scale as stored. Symmetric: the clip is the largest integer. With a zero point: the range
/// of the weights and zero, in 2^bits - 1 steps.
void quantizeUniform(const Format &format, llvm::ArrayRef<float> weights, const WeightRange &range, GroupSlot slot);

} // namespace halftone

#endif // HALFTONE_LIB_QUANTIZE_GROUPS_H
