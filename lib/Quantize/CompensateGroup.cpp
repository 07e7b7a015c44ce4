//===- CompensateGroup.cpp - Codes and scales of one group ----------------===//

#include "CompensateGroup.h"
#include "halftone/Support/Half.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace halftone;
using namespace halftone::compensate;
using namespace llvm;

static constexpr uint16_t halfInfinity = 0x7c00;
static constexpr int multiplierSum = 127;

//===----------------------------------------------------------------------===//
// Stored scales
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
  Format known; // with the fields that are dealt with here
  known.kind = format.kind;
  known.bits = format.bits;
  known.group = format.group;
  known.planeScales = format.planeScales;
  known.scalePerSign = format.scalePerSign;
  known.solver = format.solver;
  known.rounds = format.rounds;
  bool kind = format.kind == FormatKind::Bcq || format.kind == FormatKind::Ternary || format.kind == FormatKind::Rtn;
  return kind && format == known;
}

GroupScales::GroupScales(const Format &format, const FixedLevels *levels) : format(&format), levels(levels) {
  if (levels) {
    firstCode = uint8_t(levels->firstCode);
    lastCode = uint8_t(levels->lastCode);
  } else if (format.kind == FormatKind::Bcq) {
    count = format.bits;
    lastCode = uint8_t((1u << format.bits) - 1);
  } else if (format.kind == FormatKind::Ternary) {
    count = format.scalePerSign ? 2 : 1;
    offset = 1;
    lastCode = 2;
  } else {
    offset = 1 << (format.bits - 1);
    firstCode = 1;
    lastCode = uint8_t(2 * offset - 1);
  }
  values.resize(lastCode + 1);
}

double GroupScales::scale(unsigned term) const {
  if (format->kind == FormatKind::Bcq && !format->planeScales)
    return double(halfBitsToFloat(halves[0])) * multipliers[term];
  return halfBitsToFloat(halves[term]);
}

bool GroupScales::multiply(double factor) {
  if (isFixed())
    return false;
  double scales[8];
  for (unsigned p = 0; p < count; ++p)
    scales[p] = scale(p) * factor;
  return store(ArrayRef<double>(scales, count));
}

void GroupScales::update() {
  sortedCodes.clear();
  for (unsigned code = firstCode; code <= lastCode; ++code) {
    if (!isFixed()) {
      values[code] = 0;
      for (unsigned p = 0; p < count; ++p)
        values[code] += scale(p) * basis(p, uint8_t(code));
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

/// Integers nearest to `scales` in units of `unit`; their sum.
static int roundToUnits(ArrayRef<double> scales, double unit, MutableArrayRef<int> result) {
  int sum = 0;
  for (auto [scale, integer] : zip_equal(scales, result)) {
    integer = int(std::nearbyint(std::min(scale / unit, 1e6)));
    sum += integer;
  }
  return sum;
}

bool GroupScales::store(ArrayRef<double> scales) {
  if (isFixed())
    return false;
  std::array<uint16_t, 8> newHalves = {};
  std::array<int8_t, 8> newMultipliers = {};
  auto positiveHalf = [](double scale) {
    uint16_t half = doubleToHalfBits(scale);
    return half == 0 && scale > 0 ? uint16_t(1) : half;
  };
  if (format->kind == FormatKind::Bcq && !format->planeScales) {
    uint16_t half = positiveHalf(std::accumulate(scales.begin(), scales.end(), 0.0) / multiplierSum);
    int integers[8] = {};
    MutableArrayRef<int> used(integers, count);
    if (half && half < halfInfinity) {
      int sum = roundToUnits(scales, halfBitsToFloat(half), used);
      while (sum > multiplierSum + int(count) && half + 1 < halfInfinity)
        sum = roundToUnits(scales, halfBitsToFloat(++half), used);
      double unit = halfBitsToFloat(half);
      for (; sum > multiplierSum; --sum) {
        unsigned worst = 0; // rounded up most
        for (unsigned p = 1; p < count; ++p)
          if (integers[p] - scales[p] / unit > integers[worst] - scales[worst] / unit)
            worst = p;
        --integers[worst];
      }
      llvm::sort(used, std::greater<int>());
    }
    newHalves[0] = half;
    for (unsigned p = 0; p < count; ++p)
      newMultipliers[p] = int8_t(integers[p]);
  } else {
    for (unsigned p = 0; p < count; ++p)
      newHalves[p] = format->kind == FormatKind::Rtn ? positiveHalf(scales[p]) : doubleToHalfBits(scales[p]);
  }
  if (any_of(newHalves, [](uint16_t half) { return half >= halfInfinity; }))
    return false;
  halves = newHalves;
  multipliers = newMultipliers;
  update();
  return true;
}

void GroupScales::read(const QuantizedMatrix &matrix, int64_t item) {
  if (isFixed()) {
    std::copy_n(levels->values.begin() + item * (lastCode + 1), lastCode + 1, values.begin());
    return update();
  }
  bool plane = halfPerTerm();
  for (unsigned p = 0; p < count; ++p) {
    if (plane || p == 0)
      halves[p] = matrix.scales[plane ? item * count + p : item];
    if (format->kind == FormatKind::Bcq && !plane)
      multipliers[p] = matrix.multipliers[item * count + p];
  }
  update();
}

void GroupScales::write(QuantizedMatrix &matrix, int64_t item) const {
  if (isFixed())
    return;
  bool plane = halfPerTerm();
  for (unsigned p = 0; p < count; ++p) {
    if (plane || p == 0)
      matrix.scales[plane ? item * count + p : item] = halves[p];
    if (format->kind == FormatKind::Bcq && !plane)
      matrix.multipliers[item * count + p] = multipliers[p];
  }
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

void GroupScales::normalize(MutableArrayRef<double> scales, MutableArrayRef<uint8_t> codes) const {
  if (format->scalePerSign) {
    for (double &scale : scales)
      scale = std::max(scale, 0.0);
    return;
  }
  if (format->kind != FormatKind::Bcq) {
    if (scales[0] >= 0)
      return;
    scales[0] = -scales[0];
    for (uint8_t &code : codes)
      code = uint8_t(2 * offset - code);
    return;
  }
  unsigned order[8];
  std::iota(order, order + count, 0u);
  std::sort(order, order + count, [&](unsigned a, unsigned b) {
    return std::abs(scales[a]) != std::abs(scales[b]) ? std::abs(scales[a]) > std::abs(scales[b]) : a < b;
  });
  double old[8];
  std::copy(scales.begin(), scales.end(), old);
  for (unsigned p = 0; p < count; ++p)
    scales[p] = std::abs(old[order[p]]);
  for (uint8_t &code : codes) {
    unsigned renamed = 0;
    for (unsigned p = 0; p < count; ++p)
      renamed |= ((code >> order[p] & 1u) ^ unsigned(old[order[p]] < 0)) << p;
    code = uint8_t(renamed);
  }
}

//===----------------------------------------------------------------------===//
// Least squares
//===----------------------------------------------------------------------===//

/// Solves (a + ridge) x = b in place of b by Cholesky's method, a positive semidefinite [n][8].
static void solveSmall(double a[8][8], MutableArrayRef<double> b) {
  unsigned n = b.size();
  double trace = 0;
  for (unsigned i = 0; i < n; ++i)
    trace += a[i][i];
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
      b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  for (unsigned i = n; i-- > 0;) {
    for (unsigned k = i + 1; k < n; ++k)
      b[i] -= a[k][i] * b[k];
    b[i] /= a[i][i];
  }
}

double GroupSolver::descend(GroupProblem &problem, const GroupScales &scales) {
  double total = 0;
  for (int64_t j = 0; j < problem.length; ++j) {
    const double *row = problem.metric + j * problem.stride;
    double old = problem.values[j], g = problem.gradient[j];
    uint8_t code = scales.nearest(old - g / row[j]);
    double d = scales.value(code) - old;
    double gain = d * (2 * g + d * row[j]);
    if (d == 0 || gain >= -1e-13 * row[j] * (old * old + d * d))
      continue;
    total += gain;
    problem.codes[j] = code;
    problem.values[j] = scales.value(code);
    addScaled(problem.gradient.data(), row, d, problem.length);
  }
  return total;
}

double GroupSolver::refit(GroupProblem &problem, GroupScales &scales) {
  int64_t n = problem.length;
  unsigned terms = scales.terms();
  // products[p] = metric * basis_p; normal equations B^T S B a = B^T (S y - g) = B^T S B a_old - B^T g.
  products.resize(terms * n);
  newCodes.assign(problem.codes.begin(), problem.codes.end());
  change.resize(n);
  image.assign(n, 0.0);
  double a[8][8] = {}, b[8] = {};
  for (int64_t i = 0; i < n; ++i)
    image[i] = dot(problem.metric + i * problem.stride, problem.values.data(), n) - problem.gradient[i];
  for (unsigned p = 0; p < terms; ++p) {
    for (int64_t i = 0; i < n; ++i)
      change[i] = scales.basis(p, problem.codes[i]);
    for (int64_t i = 0; i < n; ++i)
      products[p * n + i] = dot(problem.metric + i * problem.stride, change.data(), n);
    b[p] = dot(change.data(), image.data(), n);
    for (unsigned k = 0; k <= p; ++k)
      a[p][k] = a[k][p] = dot(&products[k * n], change.data(), n);
  }
  MutableArrayRef<double> fitted(b, terms);
  solveSmall(a, fitted);
  if (any_of(fitted, [](double v) { return !std::isfinite(v); }))
    return 0;
  scales.normalize(fitted, newCodes);
  GroupScales stored = scales;
  if (!stored.store(fitted))
    return 0;
  for (int64_t i = 0; i < n; ++i)
    change[i] = stored.value(newCodes[i]) - problem.values[i];
  for (int64_t i = 0; i < n; ++i)
    image[i] = dot(problem.metric + i * problem.stride, change.data(), n);
  double quadratic = dot(image.data(), change.data(), n);
  double gain = 2 * dot(problem.gradient.data(), change.data(), n) + quadratic;
  if (!(gain < -1e-9 * quadratic))
    return 0;
  scales = stored;
  for (int64_t i = 0; i < n; ++i) {
    problem.codes[i] = newCodes[i];
    problem.values[i] = stored.value(newCodes[i]);
    problem.gradient[i] += image[i];
  }
  return gain;
}

double GroupSolver::improve(GroupProblem &problem, GroupScales &scales, unsigned rounds, bool refitScales) {
  double total = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    double gain = descend(problem, scales);
    if (refitScales && !scales.isFixed())
      gain += refit(problem, scales);
    total += gain;
    if (gain == 0)
      break;
  }
  return total;
}

//===----------------------------------------------------------------------===//
// Where a group starts
//===----------------------------------------------------------------------===//

/// Best scale of -s, 0, +s: some number of the largest magnitudes is kept.
static double ternaryScale(ArrayRef<double> targets, ArrayRef<double> weights) {
  std::vector<size_t> order(targets.size());
  std::iota(order.begin(), order.end(), size_t(0));
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::abs(targets[a]) != std::abs(targets[b]) ? std::abs(targets[a]) > std::abs(targets[b]) : a < b;
  });
  double sum = 0, weight = 0, best = 0, scale = 0;
  for (size_t i : order) {
    sum += weights[i] * std::abs(targets[i]);
    weight += weights[i];
    if (sum * sum / weight > best) {
      best = sum * sum / weight;
      scale = sum / weight;
    }
  }
  return scale;
}

/// The best of some clipped ranges, by weighted squared error.
static double roundingScale(ArrayRef<double> targets, ArrayRef<double> weights, unsigned bits) {
  double largest = 0, limit = (1 << (bits - 1)) - 1, best = HUGE_VAL, bestScale = 0;
  for (double target : targets)
    largest = std::max(largest, std::abs(target));
  for (int step = 0; step < 14; ++step) {
    double scale = largest / limit * (1 - 0.05 * step), error = 0;
    if (scale == 0)
      break;
    for (auto [target, weight] : zip_equal(targets, weights)) {
      double d = target - scale * std::clamp(std::nearbyint(target / scale), -limit, limit);
      error += weight * d * d;
    }
    if (error < best) {
      best = error;
      bestScale = scale;
    }
  }
  return bestScale;
}

bool compensate::fitWeighted(ArrayRef<double> targets, ArrayRef<double> weights, const Format &format,
                             GroupScales &scales, BcqGroup &group) {
  if (any_of(targets, [](double t) { return !(std::abs(t) < 3e38); }))
    return false;
  if (format.scalePerSign) {
    // Each sign's weights as those of a symmetric group, with zeros in the place of the others.
    SmallVector<double> side(targets.size());
    double fitted[2];
    for (int sign : {1, -1}) {
      for (auto [s, t] : zip_equal(side, targets))
        s = std::max(t * sign, 0.0);
      fitted[sign < 0] = ternaryScale(side, weights);
    }
    return scales.store(fitted);
  }
  if (format.kind == FormatKind::Ternary)
    return scales.store(ternaryScale(targets, weights));
  if (format.kind == FormatKind::Rtn)
    return scales.store(roundingScale(targets, weights, format.bits));
  SmallVector<float> values(targets.begin(), targets.end());
  group.load(values);
  group.solveGreedy(format.bits, format.solver == BcqSolver::Refined);
  group.alternate(format.rounds);
  group.fitScales();
  if (!scales.store(group.scales()))
    return false;
  SmallVector<uint8_t> codes(targets.size());
  for (unsigned round = 0; round < format.rounds; ++round) {
    bool same = round > 0;
    double a[8][8] = {}, b[8] = {};
    for (auto [target, weight, code] : zip_equal(targets, weights, codes)) {
      uint8_t next = scales.nearest(target);
      same &= next == code;
      code = next;
      for (unsigned p = 0; p < format.bits; ++p) {
        b[p] += weight * target * scales.basis(p, code);
        for (unsigned k = 0; k < format.bits; ++k)
          a[p][k] += weight * scales.basis(p, code) * scales.basis(k, code);
      }
    }
    if (same)
      break;
    MutableArrayRef<double> fitted(b, format.bits);
    solveSmall(a, fitted);
    scales.normalize(fitted, codes);
    if (!scales.store(fitted))
      return false;
  }
  return true;
}
