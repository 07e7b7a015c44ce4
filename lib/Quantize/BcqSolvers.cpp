//===- BcqSolvers.cpp - Stored codes and scales of one BCQ group ----------===//

#include "Groups.h"
#include "halftone/Support/Half.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace halftone;
using namespace llvm;

/// What the magnitudes of two-level scales add up to at most, so that every sum of planes is an int8.
static constexpr int multiplierSum = 127;
static constexpr uint16_t smallestHalf = 1; // 2^-24

uint16_t halftone::positiveHalf(double scale) {
  uint16_t half = doubleToHalfBits(scale);
  return half == 0 && scale > 0 ? smallestHalf : half;
}

/// Integers for `scales` in units of half `unit`, non-negative, descending; their sum may be too large.
static int roundMultipliers(ArrayRef<double> scales, double unit, MutableArrayRef<int> result) {
  int sum = 0;
  for (auto [scale, multiplier] : zip_equal(scales, result)) {
    multiplier = int(roundEven(std::min(scale / unit, 1e6)));
    sum += multiplier;
  }
  return sum;
}

/// The offset in units of `unit`, -127 .. 127: the nearest, and another time for the codes that it gives. Sets it.
static double roundOffset(BcqGroup &group, double unit) {
  auto set = [&](double offset) {
    double units = std::clamp(roundEven(offset / unit), -double(multiplierSum), double(multiplierSum));
    group.setOffset(unit * units);
    group.assign();
    return units;
  };
  double first = set(group.offset()), error = group.squaredError();
  double second = set(group.offset() + group.meanError());
  if (group.squaredError() < error)
    return second;
  return set(unit * first);
}

/// Two-level scales: one half and integers that add up to 127 at most, and an offset of magnitude 127 at most. Then
/// codes for the nearest of the levels that these give.
static void finishTwoLevel(BcqGroup &group, GroupSlot slot) {
  SmallVector<double, BcqGroup::maxPlanes> scales(group.scales());
  SmallVector<int, BcqGroup::maxPlanes> multipliers(scales.size());
  double total = std::accumulate(scales.begin(), scales.end(), 0.0), offset = group.offset();
  uint16_t half = positiveHalf(std::max(total, std::abs(offset)) / multiplierSum);
  slot.scales[0] = half;
  if (half >= halfInfinity)
    return; // reported by the caller
  double units = 0;
  if (half) {
    int sum = roundMultipliers(scales, halfBitsToFloat(half), multipliers);
    // Few bits are left to subnormal scales: rather a coarser scale than clipped weights.
    while (sum > multiplierSum + int(scales.size()) || std::abs(offset) > (multiplierSum + 1) * halfBitsToFloat(half))
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
    group.setScales(scales);
    if (group.hasOffset())
      units = roundOffset(group, unit);
  }
  for (auto [out, multiplier] : zip(slot.multipliers, multipliers))
    out = int8_t(multiplier);
  if (slot.multipliers.size() > multipliers.size())
    slot.multipliers.back() = int8_t(units);
  group.setScales(scales);
  group.assign();
}

/// Plane scales, and the offset after them, as halves.
static void finishPlaneScales(const Format &format, BcqGroup &group, GroupSlot slot) {
  for (auto [half, scale] : zip(slot.scales, group.scales()))
    half = doubleToHalfBits(scale);
  if (!format.offset)
    return;
  slot.scales.back() = doubleToHalfBits(group.offset());
  SmallVector<double, BcqGroup::maxPlanes> stored;
  for (uint16_t half : slot.scales.drop_back())
    stored.push_back(halfBitsToFloat(half));
  group.setScales(stored);
  if (group.hasOffset())
    group.setOffset(halfBitsToFloat(slot.scales.back()));
  group.assign();
}

/// From codes to what is stored: scales fitted, rounded, codes for them.
static void finish(const Format &format, BcqGroup &group, GroupSlot slot) {
  // Greedy with plane scales stays as the papers have it; everything else ends in a least-squares fit.
  if (!format.planeScales || format.solver != BcqSolver::Greedy)
    group.fitScales();
  if (format.planeScales)
    finishPlaneScales(format, group, slot);
  else
    finishTwoLevel(group, slot);
}

static void solve(const Format &format, BcqGroup &group) {
  group.solveGreedy(format.bits, format.solver == BcqSolver::Refined);
  if (format.solver == BcqSolver::Alternating)
    group.alternate(format.rounds);
}

static bool overflows(const GroupSlot &slot) {
  return any_of(slot.scales, [](uint16_t half) { return (half & 0x7fff) >= halfInfinity; });
}

/// Tries the offsets 0 (held), the mean and the middle of the range (both fitted from there on), and a fit that starts
/// from the codes without an offset. The least error of what is stored wins, so an offset never makes a group worse.
static void quantizeWithOffset(const Format &format, ArrayRef<float> weights, BcqGroup &group, GroupSlot slot) {
  auto [least, most] = std::minmax_element(weights.begin(), weights.end());
  double mean = std::accumulate(weights.begin(), weights.end(), 0.0) / double(weights.size());
  double middle = (double(*least) + double(*most)) / 2;
  SmallVector<uint16_t> scales(slot.scales.size());
  SmallVector<int8_t> multipliers(slot.multipliers.size());
  double best = 0;
  bool found = false;
  auto offer = [&](BcqGroup &tried) {
    GroupSlot trial = slot;
    SmallVector<uint16_t> halves(slot.scales.size());
    SmallVector<int8_t> integers(slot.multipliers.size());
    trial.scales = halves;
    trial.multipliers = integers;
    finish(format, tried, trial);
    double error = overflows(trial) ? HUGE_VAL : tried.squaredError();
    if (found && !(error < best))
      return;
    found = true;
    best = error;
    scales = halves;
    multipliers = integers;
    tried.writeCodes(slot.codes);
  };
  group.load(weights);
  solve(format, group);
  BcqGroup from = group;
  offer(group);
  if (format.solver == BcqSolver::Alternating) {
    from.setOffset(0);
    from.alternate(format.rounds);
    offer(from);
  }
  for (double start : {mean, middle}) {
    group.load(weights);
    group.setOffset(start);
    solve(format, group);
    offer(group);
  }
  llvm::copy(scales, slot.scales.begin());
  llvm::copy(multipliers, slot.multipliers.begin());
}

void halftone::quantizeBcq(const Format &format, ArrayRef<float> weights, BcqGroup &group, GroupSlot slot) {
  if (format.offset)
    return quantizeWithOffset(format, weights, group, slot);
  group.load(weights);
  solve(format, group);
  finish(format, group, slot);
  group.writeCodes(slot.codes);
}
