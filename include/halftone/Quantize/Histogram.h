//===- Histogram.h - Counts of values in equal bins -------------*- C++ -*-===//
#ifndef HALFTONE_QUANTIZE_HISTOGRAM_H
#define HALFTONE_QUANTIZE_HISTOGRAM_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace halftone {

/// Counts of values in 2048 bins of equal width over [-range, range). The range is a power of two above all magnitudes
/// (0: there were only zeros) and grows with them: two bins become one. So the counts depend on nothing but the values.
class Histogram {
public:
  static constexpr int64_t kBins = 2048;

  Histogram() : bins(kBins) {}
  /// From stored counts.
  Histogram(double range, std::vector<int64_t> counts) : width(range), bins(std::move(counts)) {}

  /// The values must be finite.
  void add(llvm::ArrayRef<float> values);
  double range() const { return width; }
  /// Bin b holds values from (b - 1024) range / 1024 on; zeros are in bin 1024.
  llvm::ArrayRef<int64_t> counts() const { return bins; }

private:
  void grow(double magnitude);
  double width = 0;
  std::vector<int64_t> bins;
};

} // namespace halftone

#endif // HALFTONE_QUANTIZE_HISTOGRAM_H
