//===- ActivationRange.cpp - Static ranges of activations -----------------===//

#include "halftone/Quantize/ActivationRange.h"
#include "halftone/Quantize/Grouped.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cassert>
#include <cmath>

using namespace halftone;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

llvm::Expected<ActivationRange> halftone::parseActivationRange(StringRef name) {
  static constexpr std::pair<StringRef, ActivationRange::Kind> names[] = {{"minmax", ActivationRange::MinMax},
                                                                          {"running", ActivationRange::Running},
                                                                          {"mse", ActivationRange::MeanSquaredError},
                                                                          {"entropy", ActivationRange::Entropy}};
  for (const auto &[text, kind] : names)
    if (name == text)
      return ActivationRange{kind, 100};
  ActivationRange range{ActivationRange::Percentile, 100};
  StringRef rest = name;
  if (!rest.consume_front("percentile:"))
    return llvm::createStringError("unknown range '" + name +
                                   "' of activations, expected minmax, running, percentile:<P>, mse or entropy");
  if (rest.getAsDouble(range.percent) || !(range.percent > 50 && range.percent <= 100))
    return llvm::createStringError("'" + name + "': the percentile must be above 50 and at most 100");
  return range;
}

//===----------------------------------------------------------------------===//
// Histograms
//===----------------------------------------------------------------------===//

namespace {
/// A bin with values, cut to the range of all values.
struct Bin {
  double begin, end;
  int64_t count;
};
} // namespace

static std::vector<Bin> filledBins(const Histogram &histogram, FloatRange all) {
  std::vector<Bin> bins;
  double width = histogram.range() / double(Histogram::kBins / 2);
  for (auto [number, count] : llvm::enumerate(histogram.counts())) {
    if (count == 0)
      continue;
    double begin = (double(number) - double(Histogram::kBins / 2)) * width;
    bins.push_back({std::max(begin, double(all.low)), std::min(begin + width, double(all.high)), count});
  }
  return bins;
}

/// The integral of (x - Q(x))^2 from any fixed point up to t: a whole step adds scale^3 / 12.
static double errorIntegral(double t, const AffineScale &s, double top) {
  double low = -s.zeroPoint, high = top - s.zeroPoint, u = t / s.scale;
  double inside = std::clamp(u, low, high), step = std::nearbyint(inside), rest = inside - step, beyond = u - inside;
  double cube = double(s.scale) * s.scale * s.scale;
  return cube * (step / 12 + (rest * rest * rest + beyond * beyond * beyond) / 3);
}

static double affineError(llvm::ArrayRef<Bin> bins, double low, double high, unsigned bits) {
  AffineScale scale = affineScale(float(low), float(high), bits);
  double top = double((1 << bits) - 1), error = 0;
  for (const Bin &bin : bins) {
    double size = bin.end - bin.begin;
    if (size > 0) {
      error += double(bin.count) * (errorIntegral(bin.end, scale, top) - errorIntegral(bin.begin, scale, top)) / size;
      continue;
    }
    double x = bin.begin / scale.scale;
    double code = std::nearbyint(std::clamp(x, -double(scale.zeroPoint), top - scale.zeroPoint));
    error += double(bin.count) * (x - code) * (x - code) * scale.scale * scale.scale;
  }
  return error;
}

double halftone::affineError(const Histogram &histogram, FloatRange all, double low, double high, unsigned bits) {
  return ::affineError(filledBins(histogram, all), low, high, bits);
}

/// The value that `share` of all values are below, at most.
static double quantile(llvm::ArrayRef<Bin> bins, double share) {
  double total = 0, before = 0;
  for (const Bin &bin : bins)
    total += double(bin.count);
  for (const Bin &bin : bins) {
    if (before + double(bin.count) >= share * total)
      return bin.begin + (bin.end - bin.begin) * (share * total - before) / double(bin.count);
    before += double(bin.count);
  }
  return bins.empty() ? 0 : bins.back().end;
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// Both ends cut to one magnitude on a geometric grid, then one end after the other on finer grids, for as long as it
/// helps.
static FloatRange leastErrorRange(llvm::ArrayRef<Bin> bins, FloatRange all, unsigned bits) {
  double low = all.low, high = all.high, least = ::affineError(bins, low, high, bits);
  auto consider = [&](double newLow, double newHigh) {
    double error = ::affineError(bins, newLow, newHigh, bits);
    if (!(error < least))
      return false;
    least = error;
    low = newLow;
    high = newHigh;
    return true;
  };
  double largest = std::max(-low, high);
  for (int k = 1; k <= 8 * 16; ++k) {
    double clip = largest * std::exp2(-k / 8.0);
    consider(std::max(double(all.low), -clip), std::min(double(all.high), clip));
  }
  for (double step : {0x1p-3, 0x1p-5, 0x1p-7})
    for (bool better = true; better;) {
      better = false;
      for (double factor : {std::exp2(-step), std::exp2(step)}) {
        while (consider(std::max(double(all.low), low * factor), high))
          better = true;
        while (consider(low, std::min(double(all.high), high * factor)))
          better = true;
      }
    }
  return {float(low), float(high)};
}

static double entropyMagnitude(const Histogram &histogram, unsigned bits) {
  size_t half = Histogram::kBins / 2;
  std::vector<uint64_t> counts(half);
  for (size_t bin = 0; bin < half; ++bin)
    counts[bin] = uint64_t(histogram.counts()[half + bin] + histogram.counts()[half - 1 - bin]);
  return entropyClip(MagnitudeHistogram(histogram.range() / double(half), std::move(counts)), 1u << (bits - 1));
}

FloatRange halftone::chooseRange(const ActivationStatistics &statistics, const ActivationRange &choice, unsigned bits) {
  assert(bits >= 2 && bits <= 16 && !statistics.mins.empty() && "a range of something");
  FloatRange all{std::min(0.0f, *std::min_element(statistics.mins.begin(), statistics.mins.end())),
                 std::max(0.0f, *std::max_element(statistics.maxs.begin(), statistics.maxs.end()))};
  auto clip = [&](double low, double high) {
    return FloatRange{std::clamp(float(low), all.low, 0.0f), std::clamp(float(high), 0.0f, all.high)};
  };
  switch (choice.kind) {
  case ActivationRange::MinMax:
    return all;
  case ActivationRange::Running:
    return clip(statistics.running.low, statistics.running.high);
  case ActivationRange::Percentile: {
    std::vector<Bin> bins = filledBins(statistics.histogram, all);
    return clip(quantile(bins, 1 - choice.percent / 100), quantile(bins, choice.percent / 100));
  }
  case ActivationRange::MeanSquaredError:
    return leastErrorRange(filledBins(statistics.histogram, all), all, bits);
  case ActivationRange::Entropy: {
    double magnitude = entropyMagnitude(statistics.histogram, bits);
    return clip(-magnitude, magnitude);
  }
  }
  llvm_unreachable("covered switch");
}
