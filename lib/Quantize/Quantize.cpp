//===- Quantize.cpp - Float matrices to low-bit codes and scales ----------===//

#include "halftone/Quantize/Quantize.h"
#include "Ternary.h"
#include "halftone/Quantize/Bcq.h"
#include "halftone/Support/Half.h"
#include "halftone/Support/Parallel.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

using namespace halftone;
using namespace llvm;

uint16_t halftone::floatToHalf(float value) { return doubleToHalfBits(value); }
float halftone::halfToFloat(uint16_t half) { return halfBitsToFloat(half); }

namespace {
constexpr uint16_t halfInfinity = 0x7c00;
constexpr uint16_t smallestHalf = 1; // 2^-24
/// What the magnitudes of two-level scales add up to at most, so that every weight is an int8.
constexpr int multiplierSum = 127;
/// Elements below which another thread is not worth its start.
constexpr int64_t minElementsPerRange = 1 << 14;

/// Codes and scales of one group in the result.
struct GroupSlot {
  MutableArrayRef<uint8_t> codes;
  MutableArrayRef<uint16_t> scales;
  MutableArrayRef<int8_t> multipliers;
};
} // namespace

/// The integer nearest to `value`, ties to even; |value| < 2^51.
static double roundEven(double value) {
  constexpr double shift = 0x1.8p52;
  return (value + shift) - shift;
}

/// The half nearest to `scale`; a positive scale that would become zero becomes
/// 2^-24 instead, because codes that are chosen afterwards can make use of it.
static uint16_t positiveHalf(double scale) {
  uint16_t half = doubleToHalfBits(scale);
  return half == 0 && scale > 0 ? smallestHalf : half;
}

//===----------------------------------------------------------------------===//
// One group
//===----------------------------------------------------------------------===//

/// Integers for `scales` in units of half `unit`, non-negative, descending; their sum may be too large.
static int roundMultipliers(ArrayRef<double> scales, double unit, MutableArrayRef<int> result) {
  int sum = 0;
  for (auto [scale, multiplier] : zip_equal(scales, result)) {
    multiplier = int(roundEven(std::min(scale / unit, 1e6)));
    sum += multiplier;
  }
  return sum;
}

/// Two-level scales: one half and integers that add up to 127 at most. Then
/// codes for the nearest of the levels that these give.
static void finishTwoLevel(BcqGroup &group, GroupSlot slot) {
  SmallVector<double, BcqGroup::maxPlanes> scales(group.scales());
  SmallVector<int, BcqGroup::maxPlanes> multipliers(scales.size());
  double total = 0;
  for (double scale : scales)
    total += scale;
  uint16_t half = positiveHalf(total / multiplierSum);
  slot.scales[0] = half;
  if (half >= halfInfinity)
    return; // reported by the caller
  if (half) {
    int sum = roundMultipliers(scales, halfBitsToFloat(half), multipliers);
    // Few bits are left to subnormal scales: rather a coarser scale than clipped weights.
    while (sum > multiplierSum + int(scales.size()))
      sum = roundMultipliers(scales, halfBitsToFloat(++half), multipliers);
    slot.scales[0] = half;
    double unit = halfBitsToFloat(half);
    for (; sum > multiplierSum; --sum) {
      // Take one from the multiplier that was rounded up most.
      size_t worst = 0;
      for (size_t p = 1; p < scales.size(); ++p)
        if (multipliers[p] - scales[p] / unit > multipliers[worst] - scales[worst] / unit)
          worst = p;
      --multipliers[worst];
    }
    llvm::sort(multipliers, std::greater<int>());
    for (auto [scale, multiplier] : zip_equal(scales, multipliers))
      scale = unit * multiplier;
  }
  for (auto [out, multiplier] : zip_equal(slot.multipliers, multipliers))
    out = int8_t(multiplier);
  group.setScales(scales);
  group.assign();
}

static void quantizeBcq(const Format &format, ArrayRef<float> weights, BcqGroup &group, GroupSlot slot) {
  group.load(weights);
  group.solveGreedy(format.bits, format.solver == BcqSolver::Refined);
  if (format.solver == BcqSolver::Alternating)
    group.alternate(format.rounds);
  // Greedy with plane scales stays as the papers have it; everything else ends in a least-squares fit.
  if (!format.planeScales || format.solver != BcqSolver::Greedy)
    group.fitScales();
  if (format.planeScales) {
    for (auto [half, scale] : zip_equal(slot.scales, group.scales()))
      half = doubleToHalfBits(scale);
  } else {
    finishTwoLevel(group, slot);
  }
  group.writeCodes(slot.codes);
}

/// Symmetric round-to-nearest with the scale as stored.
static void quantizeRtn(unsigned bits, ArrayRef<float> weights, GroupSlot slot) {
  float largest = 0;
  for (float w : weights)
    largest = std::max(largest, std::abs(w));
  int limit = (1 << (bits - 1)) - 1, offset = 1 << (bits - 1);
  uint16_t half = positiveHalf(double(largest) / limit);
  slot.scales[0] = half;
  double scale = half ? halfBitsToFloat(half) : 1.0f;
  for (auto [w, code] : zip_equal(weights, slot.codes)) {
    double value = std::clamp(roundEven(w / scale), -double(limit), double(limit));
    code = uint8_t(int(value) + offset);
  }
}

/// VS-Quant of one row: its scale, then scales and codes of its vectors.
static void quantizeVsqRow(const Format &format, ArrayRef<float> weights, MutableArrayRef<uint8_t> codes,
                           MutableArrayRef<int8_t> vectorScales, float &rowScale) {
  int limit = (1 << (format.bits - 1)) - 1, top = (1 << format.scaleBits) - 1;
  float largest = 0;
  for (float w : weights)
    largest = std::max(largest, std::abs(w));
  rowScale = largest == 0 ? 1.0f : float(double(largest) / limit / top);
  rowScale = std::max(rowScale, std::numeric_limits<float>::denorm_min());
  // The largest weight must stay finite where rounding lifts the scale.
  while (std::isinf(float(limit) * (float(top) * rowScale)))
    rowScale = std::nextafter(rowScale, 0.0f);
  size_t size = format.groupSize(weights.size());
  for (auto [vector, scale] : enumerate(vectorScales)) {
    size_t begin = vector * size, length = std::min(size, weights.size() - begin);
    float peak = 0;
    for (float w : weights.slice(begin, length))
      peak = std::max(peak, std::abs(w));
    double quotient = double(peak) / limit / rowScale;
    int integer = int(std::ceil(std::min(quotient * (1 - 0x1p-22) - 1e-12, double(top))));
    integer = std::max(integer, 1);
    scale = int8_t(uint8_t(integer));
    double unit = float(integer) * rowScale;
    for (size_t i = begin; i < begin + length; ++i) {
      double value = std::clamp(roundEven(std::clamp(weights[i] / unit, -256.0, 256.0)), -double(limit), double(limit));
      codes[i] = uint8_t(int(value) + limit + 1);
    }
  }
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

/// Lowers `slot` to `value`.
static void updateMinimum(std::atomic<int64_t> &slot, int64_t value) {
  int64_t seen = slot.load();
  while (value < seen && !slot.compare_exchange_weak(seen, value))
    ;
}

/// Index of the first NaN or infinity, or -1.
static int64_t findNonFinite(ArrayRef<float> weights, unsigned threads) {
  constexpr int64_t none = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> first{none};
  parallelFor(weights.size(), threads, minElementsPerRange, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      uint32_t bits;
      std::memcpy(&bits, &weights[i], sizeof bits);
      if ((bits & 0x7f800000) == 0x7f800000)
        return updateMinimum(first, i);
    }
  });
  return first == none ? -1 : first.load();
}

static Error checkInput(ArrayRef<float> weights, int64_t rows, int64_t cols, const Format &format, StringRef tensor,
                        unsigned threads) {
  if (format.kind == FormatKind::Float)
    return createStringError("tensor '" + tensor + "': format 'float' has no codes to compute");
  if (rows < 0 || cols < 0 || cols > int64_t(UINT32_MAX) || (cols && rows > INT64_MAX / cols) ||
      uint64_t(rows * cols) != weights.size())
    return createStringError("tensor '" + tensor + "': " + Twine(weights.size()) + " weights are no " + Twine(rows) +
                             " x " + Twine(cols) + " matrix");
  int64_t bad = findNonFinite(weights, threads);
  if (bad >= 0)
    return createStringError("tensor '" + tensor + "': the weight at [" + Twine(bad / cols) + ", " + Twine(bad % cols) +
                             "] is " + (std::isnan(weights[bad]) ? "not a number" : "infinite"));
  return Error::success();
}

static QuantizedMatrix quantizeVsq(ArrayRef<float> weights, QuantizedMatrix result, unsigned threads) {
  int64_t rows = result.rows, cols = result.cols, vectors = result.groups();
  result.codes.resize(weights.size());
  result.multipliers.resize(rows * vectors);
  result.rowScales.resize(rows);
  parallelFor(rows, threads, minElementsPerRange / std::max<int64_t>(cols, 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      quantizeVsqRow(result.format, weights.slice(row * cols, cols),
                     MutableArrayRef(result.codes).slice(row * cols, cols),
                     MutableArrayRef(result.multipliers).slice(row * vectors, vectors), result.rowScales[row]);
  });
  return result;
}

/// Numbers of stored scales and multipliers per group.
static std::pair<int64_t, int64_t> scalesPerGroup(const Format &format) {
  if (format.kind != FormatKind::Bcq)
    return {format.scalePerSign ? 2 : 1, 0};
  return format.planeScales ? std::pair<int64_t, int64_t>(format.bits, 0) : std::pair<int64_t, int64_t>(1, format.bits);
}

Expected<QuantizedMatrix> halftone::quantize(ArrayRef<float> weights, int64_t rows, int64_t cols, const Format &format,
                                             StringRef tensorName, unsigned threads) {
  if (Error error = checkInput(weights, rows, cols, format, tensorName, threads))
    return std::move(error);
  QuantizedMatrix result;
  result.format = format;
  result.rows = rows;
  result.cols = cols;
  if (format.kind == FormatKind::Vsq)
    return quantizeVsq(weights, std::move(result), threads);
  int64_t groups = result.groups(), size = result.groupSize();
  auto [scales, multipliers] = scalesPerGroup(format);
  result.codes.resize(weights.size());
  result.scales.resize(rows * groups * scales);
  result.multipliers.resize(rows * groups * multipliers);

  constexpr int64_t none = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> overflow{none};
  auto quantizeGroup = [&, scales = scales, multipliers = multipliers](int64_t item, BcqGroup &group) {
    int64_t row = item / groups, begin = (item % groups) * size;
    int64_t length = std::min(size, cols - begin), offset = row * cols + begin;
    ArrayRef<float> part = weights.slice(offset, length);
    GroupSlot slot{MutableArrayRef(result.codes).slice(offset, length),
                   MutableArrayRef(result.scales).slice(item * scales, scales),
                   MutableArrayRef(result.multipliers).slice(item * multipliers, multipliers)};
    if (format.kind == FormatKind::Bcq)
      quantizeBcq(format, part, group, slot);
    else if (format.scalePerSign)
      quantizeTernaryPerSign(part, slot.codes, slot.scales);
    else if (format.kind == FormatKind::Ternary)
      quantizeTernary(part, slot.codes, slot.scales[0]);
    else
      quantizeRtn(format.bits, part, slot);
    if (any_of(slot.scales, [](uint16_t half) { return half >= halfInfinity; }))
      updateMinimum(overflow, item);
  };
  parallelFor(rows * groups, threads, minElementsPerRange / std::max<int64_t>(size, 1) + 1,
              [&](int64_t begin, int64_t end) {
                BcqGroup group;
                for (int64_t item = begin; item < end; ++item)
                  quantizeGroup(item, group);
              });
  if (overflow != none)
    return createStringError("tensor '" + tensorName + "': the weights of row " + Twine(overflow.load() / groups) +
                             " are too large for a half-precision scale in format '" + format.name() + "'");
  return std::move(result);
}

/// Values of all codes of one group, in float: each is exact, or the nearest to the exact sum of plane scales.
static void codeValues(const QuantizedMatrix &q, int64_t group, MutableArrayRef<float> values) {
  unsigned bits = q.format.bits;
  if (q.format.scalePerSign) {
    values[0] = -halfBitsToFloat(q.scales[2 * group + 1]);
    values[1] = 0;
    values[2] = halfBitsToFloat(q.scales[2 * group]);
    return;
  }
  if (q.format.kind != FormatKind::Bcq) {
    float scale = q.format.kind == FormatKind::Vsq
                      ? float(uint8_t(q.multipliers[group])) * q.rowScales[group / q.groups()]
                      : halfBitsToFloat(q.scales[group]);
    int offset = q.format.kind == FormatKind::Ternary ? 1 : 1 << (bits - 1);
    for (size_t code = 0; code < values.size(); ++code)
      values[code] = scale * float(int(code) - offset);
    return;
  }
  for (size_t code = 0; code < values.size(); ++code) {
    double value = 0;
    for (unsigned p = 0; p < bits; ++p) {
      double scale = q.format.planeScales ? double(halfBitsToFloat(q.scales[group * bits + p]))
                                          : double(halfBitsToFloat(q.scales[group])) * q.multipliers[group * bits + p];
      value += (code >> p & 1) ? scale : -scale;
    }
    values[code] = float(value);
  }
}

std::vector<float> halftone::dequantize(const QuantizedMatrix &q) {
  std::vector<float> result(q.codes.size());
  int64_t groups = q.groups(), size = q.groupSize();
  float table[256] = {};
  MutableArrayRef<float> values = MutableArrayRef(table).take_front(size_t(1) << q.format.bits);
  for (int64_t item = 0; item < q.rows * groups; ++item) {
    codeValues(q, item, values);
    int64_t begin = item % groups * size, offset = item / groups * q.cols + begin;
    for (int64_t i = offset; i < offset + std::min(size, q.cols - begin); ++i)
      result[i] = table[q.codes[i]];
  }
  return result;
}

double halftone::relativeSquaredError(ArrayRef<float> weights, ArrayRef<float> approximation) {
  double error = 0, total = 0;
  for (auto [w, a] : zip_equal(weights, approximation)) {
    error += (double(w) - a) * (double(w) - a);
    total += double(w) * w;
  }
  if (total == 0)
    return error == 0 ? 0 : std::numeric_limits<double>::infinity();
  return error / total;
}
