//===- Quantize.cpp - Float matrices to low-bit codes and scales ----------===//

#include "halftone/Quantize/Quantize.h"
#include "Groups.h"
#include "Ternary.h"
#include "Vsq.h"
#include "halftone/Quantize/Bcq.h"
#include "halftone/Quantize/WeightRange.h"
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

/// Elements below which another thread is not worth its start.
static constexpr int64_t minElementsPerRange = 1 << 14;

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

/// Numbers of stored half scales and multipliers per group.
static std::pair<int64_t, int64_t> scalesPerGroup(const Format &format) {
  std::pair<int64_t, int64_t> one = {format.floatScales ? 0 : format.scalePerSign ? 2 : 1, 0};
  if (format.kind == FormatKind::Bcq)
    one =
        format.planeScales ? std::pair<int64_t, int64_t>(format.bits, 0) : std::pair<int64_t, int64_t>(1, format.bits);
  if (format.offset)
    ++(format.planeScales ? one.first : one.second);
  return one;
}

/// Where group `item` lies among the weights: a part of a row, or the whole tensor.
static std::pair<int64_t, int64_t> rangeOf(const QuantizedMatrix &matrix, int64_t item) {
  if (matrix.format.perTensor)
    return {0, matrix.rows * matrix.cols};
  int64_t begin = item % matrix.groups() * matrix.groupSize();
  return {item / matrix.groups() * matrix.cols + begin, std::min(matrix.groupSize(), matrix.cols - begin)};
}

Expected<QuantizedMatrix> halftone::quantize(ArrayRef<float> weights, int64_t rows, int64_t cols, const Format &format,
                                             StringRef tensorName, unsigned threads) {
  return quantize(weights, rows, cols, format, WeightRange(), tensorName, threads);
}

Expected<QuantizedMatrix> halftone::quantize(ArrayRef<float> weights, int64_t rows, int64_t cols, const Format &format,
                                             const WeightRange &range, StringRef tensorName, unsigned threads) {
  if (Error error = checkInput(weights, rows, cols, format, tensorName, threads))
    return std::move(error);
  if (range.kind != WeightRange::MinMax && format.kind != FormatKind::Rtn)
    return createStringError("tensor '" + tensorName + "': format '" + format.name() +
                             "' has no range to choose, only uniform integers do");
  QuantizedMatrix result;
  result.format = format;
  result.rows = rows;
  result.cols = cols;
  if (format.kind == FormatKind::Vsq)
    return quantizeVsq(weights, std::move(result), threads);
  int64_t items = result.scaleGroups();
  auto [scales, multipliers] = scalesPerGroup(format);
  int64_t floats = format.floatScales ? 1 : 0;
  result.codes.resize(weights.size());
  result.scales.resize(items * scales);
  result.multipliers.resize(items * multipliers);
  result.rowScales.resize(items * floats);

  constexpr int64_t none = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> overflow{none};
  auto quantizeGroup = [&, scales = scales, multipliers = multipliers](int64_t item, BcqGroup &group) {
    auto [offset, length] = rangeOf(result, item);
    ArrayRef<float> part = weights.slice(offset, length);
    GroupSlot slot{MutableArrayRef(result.codes).slice(offset, length),
                   MutableArrayRef(result.scales).slice(item * scales, scales),
                   MutableArrayRef(result.multipliers).slice(item * multipliers, multipliers),
                   MutableArrayRef(result.rowScales).slice(item * floats, floats)};
    if (format.kind == FormatKind::Bcq)
      quantizeBcq(format, part, group, slot);
    else if (format.scalePerSign)
      quantizeTernaryPerSign(part, slot.codes, slot.scales);
    else if (format.kind == FormatKind::Ternary)
      quantizeTernary(part, slot.codes, slot.scales[0]);
    else if (format.kind == FormatKind::Binary)
      quantizeBinary(part, slot);
    else
      quantizeUniform(format, part, range, slot);
    if (any_of(slot.scales, [](uint16_t half) { return (half & 0x7fff) >= halfInfinity; }))
      updateMinimum(overflow, item);
  };
  parallelFor(items, threads, minElementsPerRange / std::max<int64_t>(result.groupSize(), 1) + 1,
              [&](int64_t begin, int64_t end) {
                BcqGroup group;
                for (int64_t item = begin; item < end; ++item)
                  quantizeGroup(item, group);
              });
  if (overflow != none)
    return createStringError("tensor '" + tensorName + "': the weights" +
                             (format.perTensor ? "" : " of row " + Twine(overflow.load() / result.groups())) +
                             " are too large for a half-precision scale in format '" + format.name() + "'");
  return std::move(result);
}

Error halftone::encodeUniform(ArrayRef<float> weights, QuantizedMatrix &matrix, StringRef tensorName) {
  const Format &format = matrix.format;
  if (Error error = checkInput(weights, matrix.rows, matrix.cols, format, tensorName, 1))
    return error;
  int highest = (1 << format.bits) - 1, middle = 1 << (format.bits - 1);
  for (int64_t item = 0; item < matrix.scaleGroups(); ++item) {
    double scale = format.floatScales ? matrix.rowScales[item] : halfBitsToFloat(matrix.scales[item]);
    int zero = format.offset ? matrix.zeroPoint(item) : middle;
    auto [offset, length] = rangeOf(matrix, item);
    for (int64_t i = offset; i < offset + length; ++i) {
      double value = scale == 0 ? 0 : std::clamp(weights[i] / scale, -1e6, 1e6);
      matrix.codes[i] = uint8_t(std::clamp(int(roundEven(value)) + zero, format.offset ? 0 : 1, highest));
    }
  }
  return Error::success();
}

/// Values of all codes of one group, in float: each is exact, or the nearest to the exact sum of plane scales.
static void codeValues(const QuantizedMatrix &q, int64_t group, MutableArrayRef<float> values) {
  const Format &format = q.format;
  unsigned bits = format.bits;
  if (format.scalePerSign) {
    values[0] = -halfBitsToFloat(q.scales[2 * group + 1]);
    values[1] = 0;
    values[2] = halfBitsToFloat(q.scales[2 * group]);
    return;
  }
  if (format.kind == FormatKind::Vsq) {
    float unit = q.vectorUnit(group / q.groups(), group % q.groups());
    for (size_t code = 0; code < values.size(); ++code)
      values[code] = unit * float(q.elementInteger(uint8_t(code))) * q.tensorScale();
    return;
  }
  if (format.kind != FormatKind::Bcq) {
    float scale = format.floatScales ? q.rowScales[group] : halfBitsToFloat(q.scales[group]);
    int step = format.kind == FormatKind::Binary ? 2 : 1;
    int offset = step == 2 || format.kind == FormatKind::Ternary ? 1
                 : format.offset                                 ? q.zeroPoint(group)
                                                                 : 1 << (bits - 1);
    for (size_t code = 0; code < values.size(); ++code)
      values[code] = scale * float(step * int(code) - offset);
    return;
  }
  unsigned terms = bits + format.offset;
  for (size_t code = 0; code < values.size(); ++code) {
    double value = 0;
    for (unsigned p = 0; p < terms; ++p) {
      double scale = format.planeScales ? double(halfBitsToFloat(q.scales[group * terms + p]))
                                        : double(halfBitsToFloat(q.scales[group])) * q.multipliers[group * terms + p];
      value += p == bits || (code >> p & 1) ? scale : -scale;
    }
    values[code] = float(value);
  }
}

std::vector<float> halftone::dequantize(const QuantizedMatrix &q) {
  std::vector<float> result(q.codes.size());
  float table[256] = {};
  MutableArrayRef<float> values = MutableArrayRef(table).take_front(size_t(1) << q.format.bits);
  for (int64_t item = 0; item < q.scaleGroups(); ++item) {
    codeValues(q, item, values);
    auto [offset, length] = rangeOf(q, item);
    for (int64_t i = offset; i < offset + length; ++i)
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
