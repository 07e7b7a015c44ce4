#include "halftone/Support/Half.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace halftone;

namespace {
/// The definition, independent of the bit tricks.
double valueOf(uint16_t half) {
  int exponent = half >> 10 & 31, mantissa = half & 1023;
  double magnitude = exponent == 31  ? HUGE_VAL
                     : exponent == 0 ? std::ldexp(mantissa, -24)
                                     : std::ldexp(1024 + mantissa, exponent - 25);
  return half & 0x8000 ? -magnitude : magnitude;
}

bool isNan(uint16_t half) { return (half & 0x7fff) > 0x7c00; }

TEST(Half, EveryHalfToFloatAndBack) {
  for (unsigned i = 0; i < 65536; ++i) {
    uint16_t half = uint16_t(i);
    float value = halfBitsToFloat(half);
    if (isNan(half)) {
      ASSERT_TRUE(std::isnan(value)) << half;
      ASSERT_TRUE(isNan(doubleToHalfBits(value))) << half;
      continue;
    }
    ASSERT_EQ(value, valueOf(half)) << half;
    ASSERT_EQ(std::signbit(value), half >= 0x8000) << half;
    ASSERT_EQ(doubleToHalfBits(value), half);
  }
}

TEST(Half, RoundsToNearestEvenBetweenAllNeighbours) {
  for (uint16_t half = 0; half < 0x7c00; ++half) {
    // Infinity takes the place of 65536 in rounding.
    double low = valueOf(half), high = half == 0x7bff ? 65536.0 : valueOf(half + 1), middle = (low + high) / 2;
    uint16_t even = half & 1 ? half + 1 : half;
    ASSERT_EQ(doubleToHalfBits(middle), even) << half;
    ASSERT_EQ(doubleToHalfBits(-middle), even | 0x8000) << half;
    ASSERT_EQ(doubleToHalfBits(std::nextafter(middle, low)), half) << half;
    ASSERT_EQ(doubleToHalfBits(std::nextafter(middle, high)), half + 1) << half;
  }
}

TEST(Half, ExtremeValues) {
  EXPECT_EQ(doubleToHalfBits(65504), 0x7bff);
  EXPECT_EQ(doubleToHalfBits(65520), 0x7c00);
  EXPECT_EQ(doubleToHalfBits(1e300), 0x7c00);
  EXPECT_EQ(doubleToHalfBits(-HUGE_VAL), 0xfc00);
  EXPECT_EQ(doubleToHalfBits(std::numeric_limits<double>::denorm_min()), 0);
  EXPECT_EQ(doubleToHalfBits(-0.0), 0x8000);
}

TEST(Half, BfloatIsTheUpperHalfOfAFloat) {
  EXPECT_EQ(bfloatBitsToFloat(0x3f80), 1.0f);
  EXPECT_EQ(bfloatBitsToFloat(0xc040), -3.0f);
  EXPECT_EQ(bfloatBitsToFloat(0x0001), 0x1p-133f);
  EXPECT_TRUE(std::isnan(bfloatBitsToFloat(0x7fc0)));
}
} // namespace
