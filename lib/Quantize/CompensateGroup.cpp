//===- CompensateGroup.cpp - Codes and scales of one group ----------------===//

#include "CompensateGroup.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace halftone;
using namespace halftone::compensate;
using namespace llvm;

//===----------------------------------------------------------------------===//
// Least squares
//===----------------------------------------------------------------------===//

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
  NormalEquations equations;
  for (int64_t i = 0; i < n; ++i)
    image[i] = dot(problem.metric + i * problem.stride, problem.values.data(), n) - problem.gradient[i];
  for (unsigned p = 0; p < terms; ++p) {
    for (int64_t i = 0; i < n; ++i)
      change[i] = scales.basis(p, problem.codes[i]);
    for (int64_t i = 0; i < n; ++i)
      products[p * n + i] = dot(problem.metric + i * problem.stride, change.data(), n);
    equations.b[p] = dot(change.data(), image.data(), n);
    for (unsigned k = 0; k <= p; ++k)
      equations.a[p][k] = equations.a[k][p] = dot(&products[k * n], change.data(), n);
  }
  double solution[maxTerms];
  MutableArrayRef<double> fitted(solution, terms);
  scales.fit(equations, fitted);
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

namespace {
/// Weights to be given scales, and what their squared errors count.
struct WeightedGroup {
  ArrayRef<double> targets, weights;

  double errorOf(const GroupScales &scales) const {
    double error = 0;
    for (auto [target, weight] : zip_equal(targets, weights)) {
      double d = target - scales.value(scales.nearest(target));
      error += weight * d * d;
    }
    return error;
  }

  /// Nearest codes and least squares in turns; the error. Negative: scales that cannot be stored.
  double alternate(GroupScales &scales, unsigned rounds) const {
    SmallVector<uint8_t> codes(targets.size());
    for (unsigned round = 0; round < rounds; ++round) {
      bool same = round > 0;
      NormalEquations equations;
      for (auto [target, weight, code] : zip_equal(targets, weights, codes)) {
        uint8_t next = scales.nearest(target);
        same &= next == code;
        code = next;
        for (unsigned p = 0; p < scales.terms(); ++p) {
          equations.b[p] += weight * target * scales.basis(p, code);
          for (unsigned k = 0; k < scales.terms(); ++k)
            equations.a[p][k] += weight * scales.basis(p, code) * scales.basis(k, code);
        }
      }
      if (same)
        break;
      double solution[maxTerms];
      MutableArrayRef<double> fitted(solution, scales.terms());
      scales.fit(equations, fitted);
      scales.normalize(fitted, codes);
      if (!scales.store(fitted))
        return -1;
    }
    return errorOf(scales);
  }
};
} // namespace

static bool fitBcq(const WeightedGroup &part, const Format &format, GroupScales &scales, BcqGroup &group) {
  SmallVector<float> values(part.targets.begin(), part.targets.end());
  auto solve = [&] {
    group.solveGreedy(format.bits, format.solver == BcqSolver::Refined);
    group.alternate(format.rounds);
    group.fitScales();
    SmallVector<double> terms(group.scales());
    if (format.offset)
      terms.push_back(group.offset());
    return scales.store(terms) ? part.alternate(scales, format.rounds) : -1.0;
  };
  group.load(values);
  double best = solve();
  if (!format.offset)
    return best >= 0;
  // An offset is found from several places, as in quantize().
  GroupScales first = scales;
  auto [least, most] = std::minmax_element(values.begin(), values.end());
  double mean = std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
  for (double start : {0.0, mean, (double(*least) + double(*most)) / 2}) {
    group.load(values);
    group.setOffset(start);
    double error = solve();
    if (error >= 0 && (best < 0 || error < best)) {
      best = error;
      first = scales;
    }
  }
  scales = first;
  return best >= 0;
}

/// The best of some clipped ranges, as stored, alternated from there on.
static bool fitRange(const WeightedGroup &part, const Format &format, GroupScales &scales) {
  double low = 0, high = 0, best = HUGE_VAL;
  for (double target : part.targets) {
    low = std::min(low, target);
    high = std::max(high, target);
  }
  GroupScales tried = scales;
  for (int step = 0; step < 14; ++step) {
    double factor = 1 - 0.05 * step;
    double terms[2] = {std::max(-low, high) / largestElement(format) * factor, 0};
    if (format.kind == FormatKind::Rtn) {
      terms[0] = (high - low) / ((1 << format.bits) - 1) * factor;
      terms[1] = low * factor;
    }
    if (!tried.store(ArrayRef<double>(terms, tried.terms())))
      continue;
    double error = part.errorOf(tried);
    if (error < best) {
      best = error;
      scales = tried;
    }
  }
  if (best == HUGE_VAL)
    return false;
  tried = scales;
  double error = part.alternate(tried, format.rounds);
  if (error >= 0 && error < best)
    scales = tried;
  return true;
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
  if (format.kind == FormatKind::Rtn && !format.offset)
    return scales.store(roundingScale(targets, weights, format.bits));
  WeightedGroup part{targets, weights};
  if (format.kind == FormatKind::Bcq)
    return fitBcq(part, format, scales, group);
  return fitRange(part, format, scales);
}

double compensate::unitOf(ArrayRef<double> targets, ArrayRef<double> weights, const Format &format) {
  return format.element == VsqElement::Signed ? roundingScale(targets, weights, format.bits) : 0;
}
