//===- Histogram.cpp - Counts of values in equal bins ---------------------===//

#include "halftone/Quantize/Histogram.h"
#include <cmath>

using namespace halftone;
using namespace llvm;

/// Makes the range greater than `magnitude`. Bins of the old range lie two by two in bins of the new one.
void Histogram::grow(double magnitude) {
  if (magnitude < width || magnitude == 0)
    return;
  double wanted = std::ldexp(1.0, std::ilogb(magnitude) + 1);
  if (width == 0)
    width = wanted; // only zeros so far, which stay in their bin
  for (; width < wanted; width *= 2) {
    std::vector<int64_t> merged(kBins);
    for (int64_t bin = 0; bin < kBins; ++bin)
      merged[size_t(kBins / 4 + bin / 2)] += bins[size_t(bin)];
    bins = std::move(merged);
  }
}

void Histogram::add(ArrayRef<float> values) {
  double magnitude = 0;
  for (float value : values)
    magnitude = std::max(magnitude, double(std::abs(value)));
  grow(magnitude);
  if (width == 0) {
    bins[kBins / 2] += int64_t(values.size());
    return;
  }
  // A power of two: the products are exact.
  double scale = kBins / 2 / width;
  for (float value : values)
    ++bins[size_t(int64_t(std::floor(double(value) * scale)) + kBins / 2)];
}
