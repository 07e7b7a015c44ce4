//===- SmallFloat.h - Floats of four and eight bits -------------*- C++ -*-===//
//
// The element and scale types of MXFP4 (OCP Microscaling Formats 1.0) and NVFP4:
//   E2M1  1 sign, 2 exponent, 1 mantissa bit: +-0, 0.5, 1, 1.5, 2, 3, 4, 6
//   E8M0  8 exponent bits: 2^(c - 127); code 255 is NaN
//   E4M3  1 sign, 4 exponent, 3 mantissa bits, largest 448, no infinity; only
//         positive ones are scales; code 127 is NaN
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_SUPPORT_SMALLFLOAT_H
#define HALFTONE_SUPPORT_SMALLFLOAT_H

#include <cmath>
#include <cstdint>

namespace halftone {

/// Twice the value of an E2M1 code (4 bits): an integer, -12 .. 12.
inline int e2m1Twice(unsigned code) {
  constexpr int magnitudes[] = {0, 1, 2, 3, 4, 6, 8, 12};
  return code & 8 ? -magnitudes[code & 7] : magnitudes[code & 7];
}

/// The code nearest to `value`, ties to the even mantissa; beyond 6 it saturates. -0 and what rounds to it become +0.
inline uint8_t toE2M1(double value) {
  // Halfway between neighbours; the odd codes (mantissa 1) lose ties.
  constexpr double middles[] = {0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5};
  double magnitude = std::fabs(value);
  unsigned code = 0;
  while (code < 7 && (magnitude > middles[code] || (magnitude == middles[code] && code % 2 == 1)))
    ++code;
  return uint8_t(code == 0 ? 0 : code | (value < 0 ? 8 : 0));
}

/// The value of an E8M0 code below 255. Exact in float, where 2^-127 is subnormal.
inline float e8m0ToFloat(uint8_t code) { return std::ldexp(1.0f, int(code) - 127); }

/// The value of a positive E4M3 code, 0..126.
inline float e4m3ToFloat(uint8_t code) {
  int exponent = code >> 3, mantissa = code & 7;
  return exponent == 0 ? std::ldexp(float(mantissa), -9) : std::ldexp(float(8 + mantissa), exponent - 10);
}

/// The positive E4M3 code nearest to `value` >= 0, ties to even; beyond 448 it saturates.
inline uint8_t toE4M3(double value) {
  uint8_t code = 0;
  while (code < 126) {
    double middle = (double(e4m3ToFloat(code)) + e4m3ToFloat(code + 1)) / 2;
    if (value < middle || (value == middle && code % 2 == 0))
      break;
    ++code;
  }
  return code;
}

} // namespace halftone

#endif // HALFTONE_SUPPORT_SMALLFLOAT_H
