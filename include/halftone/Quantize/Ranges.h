//===- Ranges.h - Choices of a range to quantize ----------------*- C++ -*-===//
//
// Where a uniform quantizer clips: wide ranges cost resolution, narrow ones cut
// values off. All functions leave out values that are not finite, and give 0 (an
// empty range) where nothing is left or all is zero.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_RANGES_H
#define HALFTONE_QUANTIZE_RANGES_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace halftone {

/// The values low..high.
struct FloatRange {
  float low = 0, high = 0;
};

/// Smallest and largest finite value.
FloatRange minMaxRange(llvm::ArrayRef<float> values);

/// An exponential moving average of ranges: the first batch counts as it is, each later one moves both ends by
/// (1 - momentum) of the distance. After a step from a to b that is b + momentum^t (a - b), t batches later.
class RunningRange {
public:
  /// `momentum` from 0 (the last batch) to below 1.
  explicit RunningRange(double momentum = 0.9) : momentum(momentum) {}
  /// Takes a batch; one without finite values changes nothing.
  void add(llvm::ArrayRef<float> batch);
  FloatRange range() const { return {float(low), float(high)}; }

private:
  double momentum, low = 0, high = 0;
  bool empty = true;
};

/// The order statistics that leave at most (100 - percent) % of the n finite values above and as many below: the
/// ceil(n percent / 100)-th value in ascending and in descending order. `percent` above 50, at most 100 (min-max).
FloatRange percentileRange(llvm::ArrayRef<float> values, double percent);

/// Counts of |x| in bins of equal width from 0 on, over any number of batches. The first batch that is not all zero
/// sets the width; where a larger value comes, neighbouring bins are merged and the width doubles.
class MagnitudeHistogram {
public:
  /// `bins` is even and positive.
  explicit MagnitudeHistogram(unsigned bins = 2048) : bins(bins) {}
  /// From counts in bins of this width.
  MagnitudeHistogram(double width, std::vector<uint64_t> counts);
  void add(llvm::ArrayRef<float> values);

  /// Upper end of the last bin; 0 while there was nothing but zero.
  double limit() const { return width * double(bins.size()); }
  double binWidth() const { return width; }
  llvm::ArrayRef<uint64_t> counts() const { return bins; }
  /// Finite values so far.
  uint64_t total() const { return finite; }

private:
  std::vector<uint64_t> bins;
  double width = 0;
  uint64_t finite = 0;
};

/// The magnitude that `percent` (0..100) of all values do not exceed, in a bin by linear interpolation.
double percentileClip(const MagnitudeHistogram &histogram, double percent);

/// sum (x - Q(x))^2 for Q with the levels k clip / n, |k| <= n = 2^(bits-1) - 1: a plain loop, in double. A clip of 0
/// makes everything zero.
double clippingError(llvm::ArrayRef<float> values, double clip, unsigned bits);

/// The clip of least clippingError(), `bits` 2..16: a geometric grid of eight clips per octave down from the largest
/// magnitude, then golden section search around the best. Its error is at most that of the largest magnitude.
double mseClip(llvm::ArrayRef<float> values, unsigned bits);
/// The same for a histogram, whose values count as lying in the middle of their bins.
double mseClip(const MagnitudeHistogram &histogram, unsigned bits);

/// The clip of least error where rounding is modelled as noise clip^2 4^-bits / 3 on the values inside, by the
/// recursion of OCTAV (Sakr et al., ICML 2022):
///
///   s <- sum of |x| over |x| > s / (4^-bits / 3 * #{0 < |x| <= s} + #{|x| > s})
///
/// It needs no grid; for few bits the model, and so the clip, differs from mseClip().
double octavClip(llvm::ArrayRef<float> values, unsigned bits);

/// The clip of least Kullback-Leibler divergence between the clipped histogram, with all that is cut off in its last
/// bin, and its quantization to `levels` (Migacz, "8-bit inference with TensorRT", GTC 2017). At least `levels` bins
/// wide; the limit where the histogram has no more bins than that.
double entropyClip(const MagnitudeHistogram &histogram, unsigned levels = 128);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_RANGES_H
