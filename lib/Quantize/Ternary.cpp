//===- Ternary.cpp - Ternary quantization of one group --------------------===//

#include "Ternary.h"
#include "halftone/Support/Half.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <cmath>
#include <functional>

using namespace halftone;
using namespace llvm;

void halftone::quantizeTernary(ArrayRef<float> weights, MutableArrayRef<uint8_t> codes, uint16_t &scale) {
  double sum = 0;
  for (float w : weights)
    sum += std::abs(double(w));
  double threshold = 0.7 * (sum / double(weights.size())), kept = 0;
  int64_t count = 0;
  for (auto [w, code] : zip_equal(weights, codes)) {
    double magnitude = std::abs(double(w));
    bool beyond = magnitude > threshold;
    kept += beyond ? magnitude : 0;
    count += beyond;
    code = beyond ? (w < 0 ? 0 : 2) : 1;
  }
  scale = doubleToHalfBits(count ? kept / double(count) : 0);
}

/// The best level for positive `magnitudes` of which any may be 0 instead. With the k largest at the level, the best
/// level is their mean S_k / k, and the squared error is less by S_k^2 / k: the largest of these over all k.
static double bestLevel(SmallVectorImpl<float> &magnitudes) {
  llvm::sort(magnitudes, std::greater<float>());
  double sum = 0, most = 0, level = 0;
  for (auto [index, magnitude] : enumerate(magnitudes)) {
    sum += magnitude;
    double count = double(index + 1), gain = sum * (sum / count);
    if (gain > most) {
      most = gain;
      level = sum / count;
    }
  }
  return level;
}

/// As stored: a level that a half would lose becomes the smallest half, since codes are chosen afterwards.
static uint16_t positiveHalf(double level) {
  uint16_t half = doubleToHalfBits(level);
  return half == 0 && level > 0 ? 1 : half;
}

void halftone::quantizeTernaryPerSign(ArrayRef<float> weights, MutableArrayRef<uint8_t> codes,
                                      MutableArrayRef<uint16_t> scales) {
  // A weight of one sign is never nearer to the level of the other than to 0: the signs do not meet.
  SmallVector<float> positive, negative;
  for (float w : weights)
    if (w > 0)
      positive.push_back(w);
    else if (w < 0)
      negative.push_back(-w);
  scales[0] = positiveHalf(bestLevel(positive));
  scales[1] = positiveHalf(bestLevel(negative));
  double plus = halfBitsToFloat(scales[0]), minus = halfBitsToFloat(scales[1]);
  for (auto [w, code] : zip_equal(weights, codes)) {
    bool isPlus = plus > 0 && 2.0 * w > plus, isMinus = minus > 0 && -2.0 * w > minus;
    code = isPlus ? 2 : isMinus ? 0 : 1;
  }
}
