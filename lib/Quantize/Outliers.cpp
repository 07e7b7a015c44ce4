//===- Outliers.cpp - Dimensions with outliers ----------------------------===//

#include "halftone/Quantize/Outliers.h"
#include <algorithm>
#include <cassert>
#include <cmath>

using namespace halftone;

ChannelStatistics::ChannelStatistics(int64_t size) : low(size, 0.0f), high(size, 0.0f), seen(size, false) {
  assert(size > 0 && "an activation has dimensions");
}

void ChannelStatistics::add(llvm::ArrayRef<float> values) {
  assert(int64_t(values.size()) % size() == 0 && "whole rows");
  for (size_t i = 0; i < values.size(); ++i) {
    float x = values[i];
    size_t d = i % low.size();
    if (!std::isfinite(x)) {
      ++bad;
      continue;
    }
    low[d] = seen[d] ? std::min(low[d], x) : x;
    high[d] = seen[d] ? std::max(high[d], x) : x;
    seen[d] = true;
    ++finite;
    sum += x;
    squares += double(x) * x;
  }
}

double ChannelStatistics::mean() const { return finite ? sum / double(finite) : 0; }

double ChannelStatistics::standardDeviation() const {
  if (!finite)
    return 0;
  double m = mean();
  return std::sqrt(std::max(0.0, squares / double(finite) - m * m));
}

std::vector<OutlierDimension> halftone::findOutliers(llvm::ArrayRef<float> mins, llvm::ArrayRef<float> maxs,
                                                     double mean, double deviation, double sigmas) {
  std::vector<OutlierDimension> found;
  if (!(deviation > 0))
    return found;
  for (size_t d = 0; d < mins.size(); ++d) {
    float farthest = mean - mins[d] > maxs[d] - mean ? mins[d] : maxs[d];
    double distance = std::abs(farthest - mean) / deviation;
    if (distance > sigmas)
      found.push_back({int64_t(d), farthest, distance});
  }
  return found;
}

std::vector<OutlierDimension> halftone::findOutliers(const ChannelStatistics &statistics, double sigmas) {
  return findOutliers(statistics.mins(), statistics.maxs(), statistics.mean(), statistics.standardDeviation(), sigmas);
}
