//===- Grouped.cpp - Activations with ranges per group --------------------===//

#include "halftone/Quantize/Grouped.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

using namespace halftone;

AffineScale halftone::affineScale(float min, float max, unsigned bits) {
  min = std::min(min, 0.0f);
  max = std::max(max, 0.0f);
  if (min == max)
    return {};
  double top = double((int64_t(1) << bits) - 1);
  // The difference of two floats may exceed the largest float.
  float scale = float((double(max) - double(min)) / top);
  if (scale == 0) // the range is denormal
    return {};
  double zero = std::nearbyint(-double(min) / double(scale));
  return {scale, int32_t(std::clamp(zero, 0.0, top))};
}

template <typename... Ts>
static llvm::Error rangeError(llvm::StringRef site, const char *format, Ts &&...args) {
  std::string text = llvm::formatv(format, std::forward<Ts>(args)...);
  return llvm::createStringError("activation '" + site + "': " + text);
}

llvm::Expected<GroupedScales> halftone::groupedScales(llvm::ArrayRef<float> mins, llvm::ArrayRef<float> maxs,
                                                      int64_t groups, unsigned bits, llvm::StringRef site) {
  int64_t size = int64_t(mins.size());
  if (mins.size() != maxs.size() || mins.empty())
    return rangeError(site, "{0} minima and {1} maxima are not the ranges of one tensor", mins.size(), maxs.size());
  if (bits < 2 || bits > 16)
    return rangeError(site, "bits must be in 2..16, not {0}", bits);
  if (groups < 1 || size % groups != 0)
    return rangeError(site, "{0} groups do not divide {1} dimensions", groups, size);
  for (int64_t i = 0; i < size; ++i)
    if (!std::isfinite(mins[i]) || !std::isfinite(maxs[i]) || mins[i] > maxs[i])
      return rangeError(site, "the range {0} .. {1} of dimension {2} is none", mins[i], maxs[i], i);
  GroupedScales scales;
  scales.bits = bits;
  scales.size = size;
  int64_t width = size / groups;
  for (int64_t g = 0; g < groups; ++g) {
    llvm::ArrayRef<float> low = mins.slice(g * width, width), high = maxs.slice(g * width, width);
    scales.groups.push_back(
        affineScale(*std::min_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end()), bits));
  }
  return scales;
}

std::vector<int64_t> halftone::rangeOrder(llvm::ArrayRef<float> mins, llvm::ArrayRef<float> maxs) {
  assert(mins.size() == maxs.size() && "a range has two ends");
  std::vector<int64_t> order(mins.size());
  std::iota(order.begin(), order.end(), int64_t(0));
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    double rangeA = double(maxs[a]) - double(mins[a]), rangeB = double(maxs[b]) - double(mins[b]);
    return rangeA != rangeB ? rangeA < rangeB : a < b;
  });
  return order;
}

/// round(x / scale) within the codes' bounds, zero point not added.
static float roundedSteps(float x, const AffineScale &s, int32_t top) {
  float low = float(-s.zeroPoint), high = float(top - s.zeroPoint), t = x / s.scale;
  t = t > low ? t : low; // not a number, too
  return std::nearbyint(t < high ? t : high);
}

std::vector<uint16_t> halftone::quantizeGrouped(llvm::ArrayRef<float> values, const GroupedScales &scales) {
  std::vector<uint16_t> codes(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const AffineScale &s = scales.of(int64_t(i) % scales.size);
    codes[i] = uint16_t(int32_t(roundedSteps(values[i], s, scales.top())) + s.zeroPoint);
  }
  return codes;
}

std::vector<float> halftone::dequantizeGrouped(llvm::ArrayRef<uint16_t> codes, const GroupedScales &scales) {
  std::vector<float> values(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    const AffineScale &s = scales.of(int64_t(i) % scales.size);
    values[i] = float(int32_t(codes[i]) - s.zeroPoint) * s.scale;
  }
  return values;
}

std::vector<float> halftone::requantizeGrouped(llvm::ArrayRef<float> values, const GroupedScales &scales) {
  return dequantizeGrouped(quantizeGrouped(values, scales), scales);
}

std::vector<float> halftone::requantizePerToken(llvm::ArrayRef<float> values, int64_t size, unsigned bits) {
  assert((bits == 8 || bits == 16) && "activations of products have 8 or 16 bits");
  std::vector<float> result(values.size(), 0.0f);
  float top = float(symmetricTop(bits));
  for (size_t begin = 0; begin < values.size(); begin += size_t(size)) {
    llvm::ArrayRef<float> row = values.slice(begin, size_t(size));
    float largest = 0;
    for (float x : row)
      largest = std::max(largest, std::fabs(x));
    if (largest < 1e-30f) // its reciprocal would overflow
      continue;
    float scale = largest / top, inverse = top / largest;
    for (size_t i = 0; i < row.size(); ++i)
      result[begin + i] = std::nearbyint(row[i] * inverse) * scale;
  }
  return result;
}

/// The exact integer of the columns begin..end: sum of w (q - z).
static int64_t integerSum(const uint16_t *codes, const int8_t *weights, int64_t begin, int64_t end, int32_t zeroPoint) {
  int64_t products = 0, weightSum = 0;
  for (int64_t i = begin; i < end; ++i) {
    products += int64_t(weights[i]) * codes[i];
    weightSum += weights[i];
  }
  return products - zeroPoint * weightSum;
}

std::vector<float> halftone::groupedProduct(llvm::ArrayRef<uint16_t> codes, llvm::ArrayRef<int8_t> weights,
                                            int64_t rows, float weightScale, const GroupedScales &scales) {
  int64_t tokens = int64_t(codes.size()) / scales.size, width = scales.groupSize();
  std::vector<float> y(size_t(tokens * rows));
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t n = 0; n < rows; ++n) {
      float &sum = y[t * rows + n];
      for (auto [g, s] : llvm::enumerate(scales.groups))
        sum += weightScale * s.scale *
               float(integerSum(&codes[t * scales.size], &weights[n * scales.size], int64_t(g) * width,
                                int64_t(g + 1) * width, s.zeroPoint));
    }
  return y;
}

/// A kernel that knows one scale and one zero point.
static std::vector<float> perTensorProduct(llvm::ArrayRef<uint16_t> codes, llvm::ArrayRef<int8_t> weights, int64_t rows,
                                           int64_t cols, float weightScale, const AffineScale &s) {
  int64_t tokens = int64_t(codes.size()) / cols;
  std::vector<float> y;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t n = 0; n < rows; ++n)
      y.push_back(weightScale * s.scale *
                  float(integerSum(&codes[t * cols], &weights[n * cols], 0, cols, s.zeroPoint)));
  return y;
}

/// The columns begin .. begin + width of a row-major matrix.
template <typename T>
static std::vector<T> columnBlock(llvm::ArrayRef<T> matrix, int64_t cols, int64_t begin, int64_t width) {
  std::vector<T> block;
  for (int64_t row = 0; row < int64_t(matrix.size()) / cols; ++row) {
    llvm::ArrayRef<T> part = matrix.slice(size_t(row * cols + begin), size_t(width));
    block.insert(block.end(), part.begin(), part.end());
  }
  return block;
}

std::vector<float> halftone::groupedProductSplit(llvm::ArrayRef<uint16_t> codes, llvm::ArrayRef<int8_t> weights,
                                                 int64_t rows, float weightScale, const GroupedScales &scales) {
  int64_t width = scales.groupSize();
  std::vector<float> y(codes.size() / size_t(scales.size) * size_t(rows));
  for (auto [g, s] : llvm::enumerate(scales.groups)) {
    std::vector<float> part =
        perTensorProduct(columnBlock(codes, scales.size, int64_t(g) * width, width),
                         columnBlock(weights, scales.size, int64_t(g) * width, width), rows, width, weightScale, s);
    for (size_t i = 0; i < y.size(); ++i)
      y[i] += part[i];
  }
  return y;
}
