//===- Outliers.h - Dimensions with outliers --------------------*- C++ -*-===//
//
// Trained Transformers have a few embedding dimensions whose values are far from
// all others. The rule of arXiv 2109.12948 (section 3): a value is an outlier if it
// is more than 6 standard deviations from the mean of its tensor.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_OUTLIERS_H
#define HALFTONE_QUANTIZE_OUTLIERS_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace halftone {

/// Ranges per dimension and moments of an activation [tokens][d], over any number of calls. Sums are exact to double
/// precision and depend on the order of the tokens only.
class ChannelStatistics {
public:
  explicit ChannelStatistics(int64_t size);
  /// Adds rows of d values. Values that are not finite are counted, and otherwise left out.
  void add(llvm::ArrayRef<float> values);

  int64_t size() const { return int64_t(low.size()); }
  /// Finite values so far.
  int64_t count() const { return finite; }
  int64_t notFinite() const { return bad; }
  /// Smallest and largest value per dimension; 0 where there is none.
  llvm::ArrayRef<float> mins() const { return low; }
  llvm::ArrayRef<float> maxs() const { return high; }
  double mean() const;
  /// Of all values, around their mean.
  double standardDeviation() const;

private:
  std::vector<float> low, high;
  std::vector<bool> seen;
  int64_t finite = 0, bad = 0;
  double sum = 0, squares = 0;
};

/// A dimension that has outliers.
struct OutlierDimension {
  int64_t dimension;
  float largest;     ///< the value farthest from the mean
  double deviations; ///< its distance, in standard deviations
};

/// The dimensions in which some value is more than `sigmas` standard deviations from the mean, ascending. A tensor
/// whose values are all equal has none.
std::vector<OutlierDimension> findOutliers(const ChannelStatistics &statistics, double sigmas = 6);
/// The same from ranges per dimension and the moments of all values. Sizes must agree.
std::vector<OutlierDimension> findOutliers(llvm::ArrayRef<float> mins, llvm::ArrayRef<float> maxs, double mean,
                                           double deviation, double sigmas = 6);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_OUTLIERS_H
