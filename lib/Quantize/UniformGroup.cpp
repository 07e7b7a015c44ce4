//===- UniformGroup.cpp - Integers and signs of one group -----------------===//

#include "Groups.h"
#include "halftone/Support/Half.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace halftone;
using namespace llvm;

/// Stores the scale nearest to `scale`; what codes are to be divided by: the stored scale, or 1 if it is zero.
static double storeScale(const Format &format, double scale, GroupSlot slot) {
  if (format.floatScales) {
    float nearest = float(scale);
    if (nearest == 0 && scale > 0)
      nearest = std::numeric_limits<float>::denorm_min();
    slot.floatScales[0] = nearest;
    return nearest > 0 ? nearest : 1.0f;
  }
  uint16_t half = positiveHalf(scale);
  // Few bits are left to subnormal scales: with a zero point, rather a coarser scale than clipped weights.
  constexpr uint16_t smallestNormal = 0x400;
  if (format.offset && half < smallestNormal && halfBitsToFloat(half) < scale)
    ++half;
  slot.scales[0] = half;
  return half ? halfBitsToFloat(half) : 1.0f;
}

static void quantizeSymmetric(const Format &format, ArrayRef<float> weights, const WeightRange &range, GroupSlot slot) {
  int limit = (1 << (format.bits - 1)) - 1, offset = 1 << (format.bits - 1);
  bool isHqq = range.kind == WeightRange::HalfQuadratic;
  double wanted = weightClip(weights, format.bits, isHqq ? WeightRange() : range) / limit;
  if (isHqq && wanted > 0)
    wanted = halfQuadraticGrid(weights, {wanted, 0, -limit, limit}, /*fitZero=*/false).scale;
  double scale = storeScale(format, wanted, slot);
  for (auto [w, code] : zip_equal(weights, slot.codes)) {
    double value = std::clamp(roundEven(w / scale), -double(limit), double(limit));
    code = uint8_t(int(value) + offset);
  }
}

static void quantizeWithZeroPoint(const Format &format, ArrayRef<float> weights, const WeightRange &range,
                                  GroupSlot slot) {
  int steps = (1 << format.bits) - 1;
  bool isHqq = range.kind == WeightRange::HalfQuadratic;
  auto [low, high] = weightLimits(weights, format.bits, isHqq ? WeightRange() : range);
  double wanted = (double(high) - low) / steps, zero = -1;
  if (isHqq && wanted > 0) {
    double start = std::clamp(roundEven(-low / wanted), 0.0, double(steps));
    UniformGrid grid = halfQuadraticGrid(weights, {wanted, start, 0, steps}, /*fitZero=*/true);
    wanted = grid.scale;
    zero = grid.zero;
  }
  double scale = storeScale(format, wanted, slot);
  if (zero < 0)
    zero = std::clamp(roundEven(-double(low) / scale), 0.0, double(steps));
  if (low == 0 && high == 0)
    zero = 1 << (format.bits - 1);
  slot.multipliers[0] = int8_t(uint8_t(zero));
  for (auto [w, code] : zip_equal(weights, slot.codes))
    code = uint8_t(std::clamp(roundEven(w / scale) + zero, 0.0, double(steps)));
}

void halftone::quantizeUniform(const Format &format, ArrayRef<float> weights, const WeightRange &range,
                               GroupSlot slot) {
  if (format.offset)
    quantizeWithZeroPoint(format, weights, range, slot);
  else
    quantizeSymmetric(format, weights, range, slot);
}

void halftone::quantizeBinary(ArrayRef<float> weights, GroupSlot slot) {
  double sum = 0;
  for (auto [w, code] : zip_equal(weights, slot.codes)) {
    sum += std::abs(double(w));
    code = w >= 0;
  }
  slot.scales[0] = positiveHalf(sum / double(weights.size()));
}
