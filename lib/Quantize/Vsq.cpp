//===- Vsq.cpp - Formats with a scale per vector --------------------------===//

#include "Vsq.h"
#include "halftone/Support/Parallel.h"
#include "halftone/Support/SmallFloat.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace halftone;
using namespace llvm;

/// Elements below which another thread is not worth its start.
static constexpr int64_t minElementsPerRange = 1 << 14;

/// The integer nearest to `value`, ties to even; |value| < 2^51.
static double roundEven(double value) {
  constexpr double shift = 0x1.8p52;
  return (value + shift) - shift;
}

/// The largest magnitude that a vector must hold: unsigned elements take no negative weight.
static float peakOf(ArrayRef<float> weights, const Format &format) {
  float peak = 0;
  for (float w : weights)
    peak = std::max(peak, format.element == VsqElement::Unsigned ? w : std::abs(w));
  return peak;
}

/// Integer codes of a vector in units of `unit`.
static void roundIntegers(const Format &format, ArrayRef<float> weights, double unit, MutableArrayRef<uint8_t> codes) {
  int high = largestElement(format), low = format.element == VsqElement::Unsigned ? 0 : -high;
  int offset = elementOffset(format);
  for (auto [w, code] : zip_equal(weights, codes)) {
    double quotient = std::clamp(w / unit, -512.0, 512.0);
    code = uint8_t(int(std::clamp(roundEven(quotient), double(low), double(high))) + offset);
  }
}

/// Calls visit(vector, first element, elements) for the vectors of a row.
template <typename Visit>
static void forVectors(const QuantizedMatrix &q, Visit visit) {
  for (int64_t vector = 0, size = q.groupSize(); vector < q.groups(); ++vector)
    visit(vector, vector * size, std::min(size, q.cols - vector * size));
}

/// Two-level VS-Quant: the row's scale, then scales and codes of its vectors.
static void quantizeTwoLevel(ArrayRef<float> weights, int64_t row, QuantizedMatrix &q) {
  const Format &format = q.format;
  int limit = largestElement(format), top = (1 << format.scaleBits) - 1;
  float largest = peakOf(weights, format);
  float &rowScale = q.rowScales[row];
  rowScale = largest == 0 ? 1.0f : float(double(largest) / limit / top);
  rowScale = std::max(rowScale, std::numeric_limits<float>::denorm_min());
  // The largest weight must stay finite where rounding lifts the scale.
  while (std::isinf(float(limit) * (float(top) * rowScale)))
    rowScale = std::nextafter(rowScale, 0.0f);
  forVectors(q, [&](int64_t vector, int64_t begin, int64_t length) {
    double quotient = double(peakOf(weights.slice(begin, length), format)) / limit / rowScale;
    int integer = int(std::ceil(std::min(quotient * (1 - 0x1p-22) - 1e-12, double(top))));
    integer = std::max(integer, 1);
    if (format.scaleBits > 8)
      q.scales[row * q.groups() + vector] = uint16_t(integer);
    else
      q.multipliers[row * q.groups() + vector] = int8_t(uint8_t(integer));
    roundIntegers(format, weights.slice(begin, length), double(float(integer) * rowScale),
                  MutableArrayRef(q.codes).slice(row * q.cols + begin, length));
  });
}

/// A float per vector: max / largest element.
static void quantizeFloatScales(ArrayRef<float> weights, int64_t row, QuantizedMatrix &q) {
  int limit = largestElement(q.format);
  forVectors(q, [&](int64_t vector, int64_t begin, int64_t length) {
    float peak = peakOf(weights.slice(begin, length), q.format), &scale = q.vectorScales[row * q.groups() + vector];
    scale = peak == 0 ? 1.0f : std::max(float(double(peak) / limit), std::numeric_limits<float>::denorm_min());
    while (std::isinf(float(limit) * scale))
      scale = std::nextafter(scale, 0.0f);
    roundIntegers(q.format, weights.slice(begin, length), scale,
                  MutableArrayRef(q.codes).slice(row * q.cols + begin, length));
  });
}

/// Squared error of the E2M1 codes of a vector in units of `unit` (of the value 1).
static double smallFloatError(ArrayRef<float> weights, double unit) {
  double error = 0;
  for (float w : weights) {
    double difference = w - unit * e2m1Twice(toE2M1(w / unit)) / 2;
    error += difference * difference;
  }
  return error;
}

/// Of the scale codes first..last the one with the least squared error; `preferred` wins where it is as good.
template <typename Decode>
static uint8_t bestScale(ArrayRef<float> weights, int first, int last, int preferred, Decode unitOf) {
  int best = preferred;
  double least = smallFloatError(weights, unitOf(preferred));
  for (int code = first; code <= last; ++code) {
    double error = smallFloatError(weights, unitOf(code));
    if (error < least) {
      least = error;
      best = code;
    }
  }
  return uint8_t(best);
}

/// MXFP4 or NVFP4 of one row.
static void quantizeSmallFloats(ArrayRef<float> weights, int64_t row, QuantizedMatrix &q) {
  bool isMx = q.format.vectorScale == VsqScale::E8M0;
  double tensorScale = isMx ? 1 : q.rowScales[0];
  auto unitOf = [&](int code) { return isMx ? std::ldexp(1.0, code - 127) : tensorScale * e4m3ToFloat(uint8_t(code)); };
  forVectors(q, [&](int64_t vector, int64_t begin, int64_t length) {
    ArrayRef<float> part = weights.slice(begin, length);
    float peak = peakOf(part, q.format);
    uint8_t &scale = reinterpret_cast<uint8_t &>(q.multipliers[row * q.groups() + vector]);
    if (peak == 0) {
      scale = isMx ? 127 : toE4M3(1);
    } else if (isMx) {
      // The rule of the specification: the exponent of the largest magnitude less that of 4 = 2^2.
      int preferred = std::clamp(std::ilogb(peak) - 2 + 127, 0, 252);
      scale = bestScale(part, std::max(preferred - 1, 0), std::min(preferred + 1, 252), preferred, unitOf);
    } else {
      // The largest magnitude becomes 6; scales up to where it becomes 4 are tried, too. No unit may be 0.
      int preferred = std::max<int>(toE4M3(peak / 6 / tensorScale), 1);
      int last = std::max<int>(toE4M3(peak / 4 / tensorScale), preferred);
      scale = bestScale(part, std::max(preferred - 1, 1), last, preferred, unitOf);
    }
    for (int64_t i = 0; i < length; ++i)
      q.codes[row * q.cols + begin + i] = toE2M1(part[i] / unitOf(scale));
  });
}

/// NVFP4: the scale of the tensor lets the largest magnitude be 6 * 448.
static float tensorScaleOf(ArrayRef<float> weights, const Format &format) {
  float peak = peakOf(weights, format);
  float scale = peak == 0 ? 1.0f : std::max(float(double(peak) / (6 * 448)), std::numeric_limits<float>::min());
  while (std::isinf(6 * 448 * scale))
    scale = std::nextafter(scale, 0.0f);
  return scale;
}

QuantizedMatrix halftone::quantizeVsq(ArrayRef<float> weights, QuantizedMatrix result, unsigned threads) {
  const Format &format = result.format;
  int64_t rows = result.rows, cols = result.cols, vectors = rows * result.groups();
  result.codes.resize(weights.size());
  auto quantizeRow = quantizeSmallFloats;
  if (format.vectorScale == VsqScale::Float) {
    result.vectorScales.resize(vectors);
    quantizeRow = quantizeFloatScales;
  } else if (format.vectorScale == VsqScale::Integer) {
    result.rowScales.resize(rows);
    if (format.scaleBits > 8)
      result.scales.resize(vectors);
    else
      result.multipliers.resize(vectors);
    quantizeRow = quantizeTwoLevel;
  } else {
    result.multipliers.resize(vectors);
    if (format.vectorScale == VsqScale::E4M3)
      result.rowScales.assign(1, tensorScaleOf(weights, format));
  }
  parallelFor(rows, threads, minElementsPerRange / std::max<int64_t>(cols, 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      quantizeRow(weights.slice(row * cols, cols), row, result);
  });
  return result;
}

float QuantizedMatrix::vectorUnit(int64_t row, int64_t vector) const {
  int64_t at = row * groups() + vector;
  switch (format.vectorScale) {
  case VsqScale::Integer:
    return float(vectorScale(row, vector)) * rowScales[row];
  case VsqScale::Float:
    return vectorScales[at];
  case VsqScale::E8M0:
    return 0.5f * e8m0ToFloat(uint8_t(multipliers[at]));
  case VsqScale::E4M3:
    return 0.5f * e4m3ToFloat(uint8_t(multipliers[at]));
  }
  return 0;
}

float QuantizedMatrix::tensorScale() const {
  return format.kind == FormatKind::Vsq && format.vectorScale == VsqScale::E4M3 ? rowScales[0] : 1.0f;
}

int QuantizedMatrix::elementInteger(uint8_t code) const {
  return format.element == VsqElement::E2M1 ? e2m1Twice(code) : int(code) - elementOffset(format);
}

int halftone::largestElement(const Format &format) {
  if (format.element == VsqElement::E2M1)
    return 12;
  return format.element == VsqElement::Unsigned ? (1 << format.bits) - 1 : (1 << (format.bits - 1)) - 1;
}

int halftone::elementOffset(const Format &format) {
  if (format.element == VsqElement::E2M1)
    return 12;
  return format.element == VsqElement::Unsigned ? 0 : 1 << (format.bits - 1);
}
