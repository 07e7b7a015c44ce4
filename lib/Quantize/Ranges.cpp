//===- Ranges.cpp - Choices of a range to quantize ------------------------===//

#include "halftone/Quantize/Ranges.h"
#include "Groups.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

using namespace halftone;
using namespace llvm;

//===----------------------------------------------------------------------===//
// Ranges of values
//===----------------------------------------------------------------------===//

FloatRange halftone::minMaxRange(ArrayRef<float> values) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (float x : values)
    if (std::isfinite(x)) {
      low = std::min(low, x);
      high = std::max(high, x);
    }
  return low <= high ? FloatRange{low, high} : FloatRange{};
}

void RunningRange::add(ArrayRef<float> batch) {
  if (none_of(batch, [](float x) { return std::isfinite(x); }))
    return;
  auto [batchLow, batchHigh] = minMaxRange(batch);
  low = empty ? batchLow : batchLow + momentum * (low - batchLow);
  high = empty ? batchHigh : batchHigh + momentum * (high - batchHigh);
  empty = false;
}

FloatRange halftone::percentileRange(ArrayRef<float> values, double percent) {
  assert(percent > 50 && percent <= 100);
  std::vector<float> finite;
  copy_if(values, std::back_inserter(finite), [](float x) { return std::isfinite(x); });
  if (finite.empty())
    return {};
  // The quotient comes last, so that whole ranks stay whole.
  int64_t n = int64_t(finite.size());
  int64_t rank = std::clamp<int64_t>(int64_t(std::ceil(double(n) * percent / 100)), 1, n);
  std::nth_element(finite.begin(), finite.begin() + (rank - 1), finite.end());
  float high = finite[rank - 1];
  std::nth_element(finite.begin(), finite.begin() + (n - rank), finite.end());
  return {finite[n - rank], high};
}

//===----------------------------------------------------------------------===//
// Histograms
//===----------------------------------------------------------------------===//

MagnitudeHistogram::MagnitudeHistogram(double width, std::vector<uint64_t> counts)
    : bins(std::move(counts)), width(width), finite(std::accumulate(bins.begin(), bins.end(), uint64_t(0))) {}

void MagnitudeHistogram::add(ArrayRef<float> values) {
  auto [low, high] = minMaxRange(values);
  double largest = std::max(-double(low), double(high));
  if (width == 0 && largest > 0)
    width = largest / double(bins.size());
  while (largest > limit()) {
    size_t half = bins.size() / 2;
    for (size_t i = 0; i < half; ++i)
      bins[i] = bins[2 * i] + bins[2 * i + 1];
    std::fill(bins.begin() + half, bins.end(), 0);
    width *= 2;
  }
  for (float x : values) {
    if (!std::isfinite(x))
      continue;
    size_t bin = width > 0 ? size_t(std::abs(double(x)) / width) : 0;
    ++bins[std::min(bin, bins.size() - 1)];
    ++finite;
  }
}

double halftone::percentileClip(const MagnitudeHistogram &histogram, double percent) {
  double wanted = double(histogram.total()) * percent / 100, below = 0;
  for (auto [bin, count] : enumerate(histogram.counts())) {
    if (count && below + double(count) >= wanted)
      return histogram.binWidth() * (double(bin) + std::max(wanted - below, 0.0) / double(count));
    below += double(count);
  }
  return 0;
}

/// Divergence of the first `size` bins, with all later ones added to the last of them, from their quantization to
/// `levels`: each level spreads its count evenly over its bins that are not empty.
static double clippedDivergence(ArrayRef<uint64_t> bins, size_t size, unsigned levels, uint64_t total) {
  uint64_t inside = 0;
  for (uint64_t count : bins.take_front(size))
    inside += count;
  uint64_t cutOff = total - inside;
  if (inside == 0)
    return std::numeric_limits<double>::infinity();
  double divergence = 0;
  for (unsigned level = 0; level < levels; ++level) {
    size_t begin = level * size / levels, end = (level + 1) * size / levels;
    uint64_t sum = 0, used = 0;
    for (size_t i = begin; i < end; ++i) {
      sum += bins[i];
      used += bins[i] + (i + 1 == size ? cutOff : 0) > 0;
    }
    for (size_t i = begin; i < end; ++i) {
      uint64_t count = bins[i] + (i + 1 == size ? cutOff : 0);
      if (count == 0)
        continue;
      if (sum == 0) // what is cut off alone in its level: infinitely far
        return std::numeric_limits<double>::infinity();
      double p = double(count) / double(total), q = double(sum) / double(used) / double(inside);
      divergence += p * std::log(p / q);
    }
  }
  return divergence;
}

double halftone::entropyClip(const MagnitudeHistogram &histogram, unsigned levels) {
  ArrayRef<uint64_t> bins = histogram.counts();
  double clip = histogram.limit(), least = std::numeric_limits<double>::infinity();
  if (clip == 0)
    return 0;
  for (size_t size = bins.size(); size >= levels && size > 0; --size) {
    double divergence = clippedDivergence(bins, size, levels, histogram.total());
    if (divergence < least) {
      least = divergence;
      clip = histogram.binWidth() * double(size);
    }
  }
  return clip;
}

//===----------------------------------------------------------------------===//
// Least squares
//===----------------------------------------------------------------------===//

double halftone::clippingError(ArrayRef<float> values, double clip, unsigned bits) {
  double limit = (1 << (bits - 1)) - 1, scale = clip / limit, error = 0;
  for (float x : values) {
    if (!std::isfinite(x))
      continue;
    double level = scale > 0 ? std::clamp(roundEven(std::clamp(x / scale, -1e6, 1e6)), -limit, limit) : 0;
    error += (x - level * scale) * (x - level * scale);
  }
  return error;
}

namespace {
/// Magnitudes in ascending order with prefix sums, which give the error of a clip in O(levels log n).
class SortedMagnitudes {
public:
  explicit SortedMagnitudes(ArrayRef<float> values) {
    for (float x : values)
      if (std::isfinite(x) && x != 0)
        points.push_back(std::abs(double(x)));
    llvm::sort(points);
    std::vector<double> ones(points.size(), 1);
    sumUp(ones);
  }
  explicit SortedMagnitudes(const MagnitudeHistogram &histogram) {
    std::vector<double> counts;
    for (auto [bin, count] : enumerate(histogram.counts()))
      if (count && histogram.binWidth() > 0) {
        points.push_back(histogram.binWidth() * (double(bin) + 0.5));
        counts.push_back(double(count));
      }
    sumUp(counts);
  }

  double largest() const { return points.empty() ? 0 : points.back(); }
  /// The index of the first magnitude above `value`.
  size_t above(double value) const { return std::upper_bound(points.begin(), points.end(), value) - points.begin(); }
  double count(size_t begin, size_t end) const { return weight[end] - weight[begin]; }
  double sum(size_t begin, size_t end) const { return first[end] - first[begin]; }
  size_t size() const { return points.size(); }

  double error(double clip, unsigned bits) const {
    int limit = (1 << (bits - 1)) - 1;
    double scale = clip / limit, result = 0;
    size_t begin = 0;
    for (int k = 0; k <= limit && begin < size(); ++k) {
      // Levels that no value is near to are left out.
      k = std::max(k, int(std::min(points[begin] / scale - 0.5, double(limit))));
      size_t end = k == limit ? size() : above((k + 0.5) * scale);
      double level = k * scale;
      result += second[end] - second[begin] - 2 * level * sum(begin, end) + level * level * count(begin, end);
      begin = end;
    }
    return result;
  }

private:
  void sumUp(ArrayRef<double> counts) {
    weight = first = second = {0};
    for (auto [x, count] : zip_equal(points, counts)) {
      weight.push_back(weight.back() + count);
      first.push_back(first.back() + count * x);
      second.push_back(second.back() + count * x * x);
    }
  }
  std::vector<double> points, weight, first, second;
};
} // namespace

static double leastErrorClip(const SortedMagnitudes &values, unsigned bits) {
  assert(bits >= 2 && bits <= 16);
  double best = values.largest();
  if (best == 0)
    return 0;
  double least = values.error(best, bits);
  auto consider = [&](double clip) {
    double error = values.error(clip, bits);
    if (error < least) {
      least = error;
      best = clip;
    }
    return error;
  };
  double largest = best, step = std::exp2(-1.0 / 8);
  // Until what is cut off of the largest value alone costs more than the best.
  for (double clip = largest * step; clip > largest * 0x1p-16 && (largest - clip) * (largest - clip) <= least;
       clip *= step)
    consider(clip);
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double low = best * step, high = std::min(best / step, largest);
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double errorA = consider(a), errorB = consider(b);
  for (int i = 0; i < 24; ++i) {
    if (errorA < errorB) {
      high = b;
      b = a;
      errorB = errorA;
      errorA = consider(a = high - golden * (high - low));
    } else {
      low = a;
      a = b;
      errorA = errorB;
      errorB = consider(b = low + golden * (high - low));
    }
  }
  return best;
}

double halftone::mseClip(ArrayRef<float> values, unsigned bits) {
  return leastErrorClip(SortedMagnitudes(values), bits);
}

double halftone::mseClip(const MagnitudeHistogram &histogram, unsigned bits) {
  return leastErrorClip(SortedMagnitudes(histogram), bits);
}

double halftone::octavClip(ArrayRef<float> values, unsigned bits) {
  SortedMagnitudes magnitudes(values);
  size_t size = magnitudes.size();
  if (size == 0)
    return 0;
  double noise = std::exp2(-2.0 * bits) / 3, clip = magnitudes.sum(0, size) / magnitudes.count(0, size);
  for (int i = 0; i < 100; ++i) {
    size_t split = magnitudes.above(clip);
    // Nothing is cut off: the model's error falls with the clip until the largest value is reached.
    if (split == size)
      return magnitudes.largest();
    double next = magnitudes.sum(split, size) / (noise * magnitudes.count(0, split) + magnitudes.count(split, size));
    if (std::abs(next - clip) <= 1e-9 * clip)
      return std::min(next, magnitudes.largest());
    clip = next;
  }
  return std::min(clip, magnitudes.largest());
}
