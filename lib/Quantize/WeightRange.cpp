//===- WeightRange.cpp - Ranges of uniform weight formats -----------------===//

#include "halftone/Quantize/WeightRange.h"
#include "Groups.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>

using namespace halftone;
using namespace llvm;

static constexpr double exponent = 0.7; // p of HQQ

std::string WeightRange::name() const {
  std::string text;
  switch (kind) {
  case MinMax:
    return "minmax";
  case MeanSquaredError:
    return "mse";
  case Percentile:
    raw_string_ostream(text) << "percentile:" << llvm::format("%.15g", percent);
    return text;
  case HalfQuadratic:
    return "hqq";
  }
  llvm_unreachable("unknown range");
}

Expected<WeightRange> halftone::parseWeightRange(StringRef name) {
  for (WeightRange::Kind kind : {WeightRange::MinMax, WeightRange::MeanSquaredError, WeightRange::HalfQuadratic})
    if (WeightRange range{kind}; name == range.name())
      return range;
  WeightRange range{WeightRange::Percentile};
  StringRef number = name;
  if (!number.consume_front("percentile:") || number.getAsDouble(range.percent))
    return createStringError("unknown weight range '" + name + "', expected minmax, mse, percentile:<P> or hqq");
  if (!(range.percent > 50 && range.percent <= 100))
    return createStringError("weight range '" + name + "': the percentile must be above 50 and at most 100");
  return range;
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

static double largestMagnitude(ArrayRef<float> weights) {
  double largest = 0;
  for (float w : weights)
    largest = std::max(largest, std::abs(double(w)));
  return largest;
}

double halftone::weightClip(ArrayRef<float> weights, unsigned bits, const WeightRange &range) {
  if (range.kind == WeightRange::MeanSquaredError)
    return mseClip(weights, bits);
  if (range.kind == WeightRange::MinMax)
    return largestMagnitude(weights);
  SmallVector<float> magnitudes;
  for (float w : weights)
    magnitudes.push_back(std::abs(w));
  return percentileRange(magnitudes, range.percent).high;
}

/// The grid of `bits` bits for the range low..high, which contains 0.
static UniformGrid gridOf(double low, double high, unsigned bits) {
  int top = (1 << bits) - 1;
  double scale = (high - low) / top;
  return {scale, std::clamp(roundEven(-low / scale), 0.0, double(top)), 0, top};
}

double halftone::roundToGrid(double x, const UniformGrid &grid) {
  double code = roundEven(std::clamp(x / grid.scale, -1e6, 1e6) + grid.zero);
  return (std::clamp(code, double(grid.low), double(grid.high)) - grid.zero) * grid.scale;
}

/// sum (w - Q(w))^2, or anything above `enough` once it is more than that.
static double squaredError(ArrayRef<float> weights, const UniformGrid &grid, double enough) {
  double error = 0, inverse = 1 / grid.scale;
  for (size_t begin = 0; begin < weights.size() && error <= enough; begin += 64)
    for (float w : weights.slice(begin, std::min<size_t>(64, weights.size() - begin))) {
      double code = std::clamp(roundEven(w * inverse + grid.zero), double(grid.low), double(grid.high));
      double difference = (code - grid.zero) * grid.scale - w;
      error += difference * difference;
    }
  return error;
}

/// The range of least squared error that coordinate descent finds: both ends together, then one after the other, by
/// factors of 2^(-1/16), further and further inwards until what is cut off alone would cost more than the best.
static FloatRange leastErrorLimits(ArrayRef<float> weights, FloatRange full, unsigned bits) {
  if (full.low == full.high)
    return full;
  double low = full.low, high = full.high;
  double least = squaredError(weights, gridOf(low, high, bits), INFINITY);
  for (bool moveLow : {true, false, true, false}) {
    bool moveHigh = !moveLow || (low == full.low && high == full.high);
    double bestLow = low, bestHigh = high;
    for (int step = 1; step < 256; ++step) {
      double factor = std::exp2(-step / 16.0);
      double nextLow = moveLow ? full.low * factor : low, nextHigh = moveHigh ? full.high * factor : high;
      double cutLow = nextLow - full.low, cutHigh = full.high - nextHigh;
      // Half a step beyond the range still rounds into it.
      double slack = (nextHigh - nextLow) / ((1 << bits) - 1);
      double cut = std::max({cutLow - slack, cutHigh - slack, 0.0});
      if (cut * cut >= least || nextHigh - nextLow <= 0)
        break;
      double error = squaredError(weights, gridOf(nextLow, nextHigh, bits), least);
      if (error < least) {
        least = error;
        bestLow = nextLow;
        bestHigh = nextHigh;
      }
    }
    low = bestLow;
    high = bestHigh;
  }
  return {float(low), float(high)};
}

FloatRange halftone::weightLimits(ArrayRef<float> weights, unsigned bits, const WeightRange &range) {
  FloatRange limits =
      range.kind == WeightRange::Percentile ? percentileRange(weights, range.percent) : minMaxRange(weights);
  limits = {std::min(limits.low, 0.0f), std::max(limits.high, 0.0f)};
  return range.kind == WeightRange::MeanSquaredError ? leastErrorLimits(weights, limits, bits) : limits;
}

//===----------------------------------------------------------------------===//
// HQQ
//===----------------------------------------------------------------------===//

double halftone::halfQuadraticLoss(ArrayRef<float> weights, const UniformGrid &grid) {
  double loss = 0;
  for (float w : weights)
    loss += std::pow(std::abs(w - roundToGrid(w, grid)) / grid.scale, exponent);
  return loss;
}

/// One step: the zero point and the scale that fit the weights without their largest errors. False if the scale is
/// lost.
static bool improve(ArrayRef<float> weights, UniformGrid &grid, double beta, bool fitZero) {
  double products = 0, squares = 0, zero = 0;
  for (float w : weights) {
    double level = roundToGrid(w, grid), error = (w - level) / grid.scale, size = std::abs(error);
    double shrunk = size > 0 ? std::max(size - std::pow(size, exponent - 1) / beta, 0.0) : 0;
    double kept = w - std::copysign(shrunk, error) * grid.scale;
    double code = level / grid.scale; // without the zero point
    products += code * kept;
    squares += code * code;
    zero += code + grid.zero - kept / grid.scale;
  }
  if (fitZero)
    grid.zero = std::clamp(zero / double(weights.size()), double(grid.low), double(grid.high));
  if (!(products > 0) || squares == 0)
    return false;
  grid.scale = products / squares;
  return true;
}

UniformGrid halftone::halfQuadraticGrid(ArrayRef<float> weights, UniformGrid start, bool fitZero) {
  constexpr int rounds = 20, patience = 4;
  UniformGrid best = start, grid = start;
  // Losses of different scales are compared in one unit.
  auto lossOf = [&](const UniformGrid &g) {
    return halfQuadraticLoss(weights, g) * std::pow(g.scale / start.scale, exponent);
  };
  double least = lossOf(start), beta = 10;
  for (int round = 0, failures = 0; round < rounds && failures < patience; ++round, beta *= 1.01) {
    if (!improve(weights, grid, beta, fitZero))
      break;
    UniformGrid stored = grid;
    stored.zero = roundEven(grid.zero);
    double loss = lossOf(stored);
    failures = loss < least ? 0 : failures + 1;
    if (loss < least) {
      least = loss;
      best = stored;
    }
  }
  return best;
}
