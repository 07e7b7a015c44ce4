//===- Half.h - IEEE half and bfloat16 bits to float and back ---*- C++ -*-===//
//
// Exact, branch-light conversions that do not depend on the instruction set.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_SUPPORT_HALF_H
#define HALFTONE_SUPPORT_HALF_H

#include <cstdint>
#include <cstring>

namespace halftone {

/// The value of IEEE half bits; exact, subnormals, infinity and NaN included.
inline float halfBitsToFloat(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t magnitude = half & 0x7fff;
  uint32_t bits;
  if (magnitude >= 0x7c00) {
    bits = 0x7f800000 | (magnitude & 0x3ff) << 13;
  } else if (magnitude >= 0x400) {
    bits = (magnitude << 13) + (uint32_t(127 - 15) << 23);
  } else {
    float value = float(magnitude) * 0x1p-24f;
    std::memcpy(&bits, &value, sizeof bits);
  }
  bits |= sign;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// The nearest IEEE half (ties to even) of a double, in one rounding. Beyond the range: infinity.
inline uint16_t doubleToHalfBits(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  uint16_t sign = uint16_t(bits >> 48) & 0x8000;
  bits &= ~(uint64_t(1) << 63);
  double magnitude;
  std::memcpy(&magnitude, &bits, sizeof magnitude);
  if (magnitude != magnitude)
    return sign | 0x7e00;
  if (magnitude >= 65520.0)
    return sign | 0x7c00;
  if (magnitude < 0x1p-14) {
    // Counts of 2^-24; adding 2^52 rounds the fraction away, to nearest even.
    double rounded = magnitude * 0x1p24 + 0x1p52;
    std::memcpy(&bits, &rounded, sizeof bits);
    return sign | uint16_t(bits & 0x7ff);
  }
  bits += (uint64_t(1) << 41) - 1 + ((bits >> 42) & 1);
  return sign | uint16_t((bits >> 42) - (uint64_t(1023 - 15) << 10));
}

/// The value of bfloat16 bits, exact.
inline float bfloatBitsToFloat(uint16_t bfloat) {
  uint32_t bits = uint32_t(bfloat) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

} // namespace halftone

#endif // HALFTONE_SUPPORT_HALF_H
