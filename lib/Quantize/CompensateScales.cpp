//===- CompensateScales.cpp - Stored scales of one group ------------------===//

#include "CompensateScales.h"
#include "Groups.h"
#include "halftone/Support/Half.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace halftone;
using namespace halftone::compensate;
using namespace llvm;

/// What the magnitudes of two-level scales add up to at most, and the largest offset in their units.
static constexpr int multiplierSum = 127;

//===----------------------------------------------------------------------===//
// Formats
//===----------------------------------------------------------------------===//

/// True if code 0 of symmetric integers, which has no opposite, is not used.
static bool omitsLowestCode(const Format &format, ArrayRef<float> levels) {
  bool isInteger = format.kind == FormatKind::Rtn || format.kind == FormatKind::Vsq;
  return isInteger && levels[size_t(1) << (format.bits - 1)] == 0;
}

FixedLevels::FixedLevels(const QuantizedMatrix &matrix) {
  lastCode = matrix.format.kind == FormatKind::Ternary ? 2 : (1u << matrix.format.bits) - 1;
  int64_t groups = matrix.groups(), size = matrix.groupSize(), codes = lastCode + 1;
  values.resize(matrix.rows * groups * codes);
  // What a code is worth is known to dequantize() alone: ask it about a matrix of that code.
  QuantizedMatrix probe = matrix;
  for (int64_t code = 0; code < codes; ++code) {
    std::fill(probe.codes.begin(), probe.codes.end(), uint8_t(code));
    std::vector<float> level = dequantize(probe);
    for (int64_t item = 0; item < matrix.rows * groups; ++item)
      values[item * codes + code] = level[item / groups * matrix.cols + item % groups * size];
  }
  firstCode = !values.empty() && omitsLowestCode(matrix.format, values);
}

bool compensate::canRefit(const Format &format) {
  Format known = format; // but for the fields that are not dealt with here
  known.perTensor = false;
  // Those of small floats are tried one by one by quantize(); refitting them lowers no loss worth the name.
  bool kind = format.kind == FormatKind::Bcq || format.kind == FormatKind::Ternary || format.kind == FormatKind::Rtn ||
              (format.kind == FormatKind::Vsq && format.element != VsqElement::E2M1);
  return kind && format == known;
}

GroupScales::GroupScales(const Format &format, const FixedLevels *levels) : format(&format), levels(levels) {
  unsigned codes = 1u << format.bits;
  lastCode = uint8_t(codes - 1);
  if (levels) {
    firstCode = uint8_t(levels->firstCode);
    lastCode = uint8_t(levels->lastCode);
  } else if (format.kind == FormatKind::Bcq) {
    count = format.bits + format.offset;
  } else if (format.kind == FormatKind::Ternary) {
    count = format.scalePerSign ? 2 : 1;
    offset = 1;
    lastCode = 2;
  } else if (format.kind == FormatKind::Vsq) {
    offset = elementOffset(format);
    firstCode = format.element == VsqElement::Signed;
  } else if (format.offset) {
    count = 2;
  } else {
    offset = 1 << (format.bits - 1);
    firstCode = 1;
  }
  values.resize(lastCode + 1);
}

unsigned GroupScales::halfCount() const {
  if (format->kind == FormatKind::Vsq)
    return isIntegerScale() && format->scaleBits > 8;
  if (format->kind == FormatKind::Bcq)
    return format->planeScales ? count : 1;
  return format->floatScales ? 0 : format->scalePerSign ? 2 : 1;
}

unsigned GroupScales::multiplierCount() const {
  if (format->kind == FormatKind::Vsq)
    return isIntegerScale() && halfCount() == 0;
  return twoLevel() ? count : hasZeroPoint() ? 1 : 0;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

double GroupScales::scale(unsigned term) const {
  if (format->kind == FormatKind::Vsq)
    return isIntegerScale() ? float(stored.multipliers[0]) * stored.rowScale : stored.number;
  if (twoLevel())
    return double(halfBitsToFloat(stored.halves[0])) * stored.multipliers[term];
  if (format->kind == FormatKind::Rtn) {
    double step = format->floatScales ? stored.number : halfBitsToFloat(stored.halves[0]);
    return term == 0 ? step : -step * stored.multipliers[0];
  }
  return halfBitsToFloat(stored.halves[term]);
}

void GroupScales::update() {
  sortedCodes.clear();
  double scales[maxTerms];
  for (unsigned p = 0; p < count && !isFixed(); ++p)
    scales[p] = scale(p);
  for (unsigned code = firstCode; code <= lastCode; ++code) {
    if (!isFixed()) {
      values[code] = 0;
      for (unsigned p = 0; p < count; ++p)
        values[code] += scales[p] * basis(p, uint8_t(code));
      // 24 bits and 8 are no float: as what reads them computes them.
      if (format->kind == FormatKind::Vsq || format->floatScales)
        values[code] = float(values[code]);
    }
    sortedCodes.push_back(uint8_t(code));
  }
  if (isFixed() || format->kind == FormatKind::Bcq)
    std::sort(sortedCodes.begin(), sortedCodes.end(),
              [&](uint8_t a, uint8_t b) { return values[a] != values[b] ? values[a] < values[b] : a < b; });
  sorted.clear();
  for (uint8_t code : sortedCodes)
    sorted.push_back(values[code]);
}

uint8_t GroupScales::nearest(double target) const {
  unsigned above = 0;
  if (sorted.size() <= 8) {
    while (above < sorted.size() && sorted[above] < target)
      ++above;
  } else {
    above = unsigned(std::lower_bound(sorted.begin(), sorted.end(), target) - sorted.begin());
  }
  if (above == sorted.size())
    return sortedCodes[above - 1];
  bool lower = above > 0 && target - sorted[above - 1] <= sorted[above] - target;
  return sortedCodes[above - lower];
}

//===----------------------------------------------------------------------===//
// What is stored
//===----------------------------------------------------------------------===//

/// Integers nearest to `scales` in units of `unit`; their sum.
static int roundToUnits(ArrayRef<double> scales, double unit, MutableArrayRef<int> result) {
  int sum = 0;
  for (auto [scale, integer] : zip_equal(scales, result)) {
    integer = int(std::nearbyint(std::min(scale / unit, 1e6)));
    sum += integer;
  }
  return sum;
}

bool GroupScales::storeTwoLevel(ArrayRef<double> scales, Stored &next) const {
  ArrayRef<double> planes = scales.take_front(format->bits);
  double shift = format->offset ? std::abs(scales.back()) : 0;
  double total = std::accumulate(planes.begin(), planes.end(), 0.0);
  uint16_t half = positiveHalf(std::max(total, shift) / multiplierSum);
  int integers[8] = {};
  MutableArrayRef<int> used(integers, planes.size());
  if (half && half < halfInfinity) {
    int sum = roundToUnits(planes, halfBitsToFloat(half), used);
    while ((sum > multiplierSum + int(planes.size()) || shift > (multiplierSum + 1) * halfBitsToFloat(half)) &&
           half + 1 < halfInfinity)
      sum = roundToUnits(planes, halfBitsToFloat(++half), used);
    double unit = halfBitsToFloat(half);
    for (; sum > multiplierSum; --sum) {
      unsigned worst = 0; // rounded up most
      for (unsigned p = 1; p < planes.size(); ++p)
        if (integers[p] - planes[p] / unit > integers[worst] - planes[worst] / unit)
          worst = p;
      --integers[worst];
    }
    llvm::sort(used, std::greater<int>());
    if (format->offset)
      next.multipliers[format->bits] = int16_t(std::clamp(roundEven(std::clamp(scales.back() / unit, -1e6, 1e6)),
                                                          -double(multiplierSum), double(multiplierSum)));
  }
  next.halves[0] = half;
  copy(used, next.multipliers.begin());
  return half < halfInfinity;
}

void GroupScales::storeVector(double unit, Stored &next) const {
  if (!isIntegerScale()) {
    next.number = std::max(float(unit), std::numeric_limits<float>::denorm_min());
    return;
  }
  double top = (1 << format->scaleBits) - 1;
  next.multipliers[0] = int16_t(std::clamp(roundEven(std::min(unit / stored.rowScale, 1e6)), 1.0, top));
}

bool GroupScales::replace(const Stored &next) {
  Stored before = stored;
  stored = next;
  update();
  if (std::isfinite(sorted.front()) && std::isfinite(sorted.back()))
    return true;
  stored = before;
  update();
  return false;
}

bool GroupScales::store(ArrayRef<double> scales) {
  if (isFixed())
    return false;
  Stored next;
  next.rowScale = stored.rowScale;
  if (format->kind == FormatKind::Vsq) {
    storeVector(scales[0], next);
  } else if (twoLevel()) {
    if (!storeTwoLevel(scales, next))
      return false;
  } else if (format->kind == FormatKind::Rtn) {
    if (format->floatScales)
      next.number = float(scales[0]);
    else
      next.halves[0] = positiveHalf(scales[0]);
    int middle = 1 << (format->bits - 1);
    if (hasZeroPoint())
      next.multipliers[0] = int16_t(
          scales[0] > 0 ? std::clamp(roundEven(std::clamp(-scales[1] / scales[0], -1e6, 1e6)), 0.0, double(lastCode))
                        : middle);
  } else {
    for (unsigned p = 0; p < count; ++p)
      next.halves[p] = doubleToHalfBits(scales[p]);
  }
  if (any_of(next.halves, [](uint16_t half) { return (half & 0x7fff) >= halfInfinity; }))
    return false;
  return replace(next);
}

bool GroupScales::multiply(double factor) {
  if (isFixed())
    return false;
  double scales[maxTerms];
  bool isShift = format->kind == FormatKind::Bcq; // a zero point moves with its scale
  for (unsigned p = 0; p < count; ++p)
    scales[p] = scale(p) * (isShift && p == format->bits ? 1 : factor);
  return store(ArrayRef<double>(scales, count));
}

bool GroupScales::setRowScale(float scale) {
  Stored next = stored;
  next.rowScale = scale;
  return replace(next);
}

float GroupScales::rowScaleFor(double largest) const {
  float scale = float(largest / ((1 << format->scaleBits) - 1));
  return std::isfinite(scale) ? std::max(scale, std::numeric_limits<float>::min()) : 1.0f;
}

void GroupScales::read(const QuantizedMatrix &matrix, int64_t item) {
  if (isFixed()) {
    std::copy_n(levels->values.begin() + item * (lastCode + 1), lastCode + 1, values.begin());
    return update();
  }
  unsigned halves = halfCount(), multipliers = multiplierCount();
  bool isVector = format->kind == FormatKind::Vsq;
  for (unsigned p = 0; p < halves; ++p)
    (isVector ? reinterpret_cast<uint16_t &>(stored.multipliers[p]) : stored.halves[p]) =
        matrix.scales[item * halves + p];
  for (unsigned p = 0; p < multipliers; ++p) {
    int8_t multiplier = matrix.multipliers[item * multipliers + p];
    stored.multipliers[p] = twoLevel() ? int16_t(multiplier) : int16_t(uint8_t(multiplier));
  }
  if (format->floatScales)
    stored.number = matrix.rowScales[item];
  else if (isVector && format->vectorScale == VsqScale::Float)
    stored.number = matrix.vectorScales[item];
  else if (hasRowScale())
    stored.rowScale = matrix.rowScales[item / matrix.groups()];
  update();
}

void GroupScales::write(QuantizedMatrix &matrix, int64_t item) const {
  if (isFixed())
    return;
  unsigned halves = halfCount(), multipliers = multiplierCount();
  bool isVector = format->kind == FormatKind::Vsq;
  for (unsigned p = 0; p < halves; ++p)
    matrix.scales[item * halves + p] = isVector ? uint16_t(stored.multipliers[p]) : stored.halves[p];
  for (unsigned p = 0; p < multipliers; ++p)
    matrix.multipliers[item * multipliers + p] = int8_t(stored.multipliers[p]);
  if (format->floatScales)
    matrix.rowScales[item] = stored.number;
  else if (isVector && format->vectorScale == VsqScale::Float)
    matrix.vectorScales[item] = stored.number;
  else if (hasRowScale())
    matrix.rowScales[item / matrix.groups()] = stored.rowScale;
}

//===----------------------------------------------------------------------===//
// Fits
//===----------------------------------------------------------------------===//

void GroupScales::normalize(MutableArrayRef<double> scales, MutableArrayRef<uint8_t> codes) const {
  if (format->scalePerSign || (format->kind == FormatKind::Vsq && format->element == VsqElement::Unsigned)) {
    for (double &scale : scales)
      scale = std::max(scale, 0.0);
    return;
  }
  if (format->kind != FormatKind::Bcq) {
    if (scales[0] >= 0)
      return;
    int sum = hasZeroPoint() ? lastCode : 2 * offset;
    if (hasZeroPoint())
      scales[1] += scales[0] * sum;
    scales[0] = -scales[0];
    for (uint8_t &code : codes)
      code = uint8_t(sum - code);
    return;
  }
  unsigned order[8], planes = format->bits;
  std::iota(order, order + planes, 0u);
  std::sort(order, order + planes, [&](unsigned a, unsigned b) {
    return std::abs(scales[a]) != std::abs(scales[b]) ? std::abs(scales[a]) > std::abs(scales[b]) : a < b;
  });
  double old[8];
  std::copy_n(scales.begin(), planes, old);
  for (unsigned p = 0; p < planes; ++p)
    scales[p] = std::abs(old[order[p]]);
  for (uint8_t &code : codes) {
    unsigned renamed = 0;
    for (unsigned p = 0; p < planes; ++p)
      renamed |= ((code >> order[p] & 1u) ^ unsigned(old[order[p]] < 0)) << p;
    code = uint8_t(renamed);
  }
}

/// Solves (a + ridge) x = b by Cholesky's method; a is lost.
static void solveNormal(NormalEquations &equations, MutableArrayRef<double> x) {
  auto &a = equations.a;
  unsigned n = x.size();
  double trace = 0;
  for (unsigned i = 0; i < n; ++i) {
    trace += a[i][i];
    x[i] = equations.b[i];
  }
  double ridge = std::max(trace * 1e-10, 1e-300);
  for (unsigned j = 0; j < n; ++j) {
    double pivot = a[j][j] + ridge;
    for (unsigned k = 0; k < j; ++k)
      pivot -= a[j][k] * a[j][k];
    a[j][j] = std::sqrt(std::max(pivot, ridge));
    for (unsigned i = j + 1; i < n; ++i) {
      for (unsigned k = 0; k < j; ++k)
        a[i][j] -= a[i][k] * a[j][k];
      a[i][j] /= a[j][j];
    }
  }
  for (unsigned i = 0; i < n; ++i) {
    for (unsigned k = 0; k < i; ++k)
      x[i] -= a[i][k] * x[k];
    x[i] /= a[i][i];
  }
  for (unsigned i = n; i-- > 0;) {
    for (unsigned k = i + 1; k < n; ++k)
      x[i] -= a[k][i] * x[k];
    x[i] /= a[i][i];
  }
}

void GroupScales::fit(NormalEquations &equations, MutableArrayRef<double> scales) const {
  if (!hasZeroPoint())
    return solveNormal(equations, scales);
  // For each zero point z one scale is left, that of the basis q - z. It may come out negative: normalize() then turns
  // codes and zero point round.
  const auto &a = equations.a;
  double best = 0;
  scales[0] = scales[1] = 0;
  for (int zero = 0; zero <= lastCode; ++zero) {
    double square = a[0][0] - 2 * zero * a[1][0] + double(zero) * zero * a[1][1];
    double product = equations.b[0] - zero * equations.b[1];
    bool better = square > 0 && product * product / square > best * (1 + 1e-12);
    if (!better)
      continue;
    best = product * product / square;
    scales[0] = product / square;
    scales[1] = -scales[0] * zero;
  }
}
