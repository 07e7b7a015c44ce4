//===- Oracle.cpp - What the kernels compute, as plain loops --------------===//

#include "Oracle.h"
#include "halftone/Quantize/ByteTables.h"
#include <algorithm>
#include <cmath>
#include <cstring>

using namespace halftone;
using namespace halftone::test;

static Codes signsAndMean(const float *x, int64_t cols) {
  Codes codes{std::vector<int8_t>(cols), 0};
  float lanes[16] = {};
  for (int64_t k = 0; k < cols; ++k) {
    codes.values[k] = x[k] >= 0 ? 1 : -1;
    lanes[k % 16] += std::fabs(x[k]);
  }
  for (int n = 8; n > 0; n /= 2)
    for (int i = 0; i < n; ++i)
      lanes[i] += lanes[i + n];
  float mean = lanes[0] / float(cols);
  codes.scale = mean < 1e-30f ? 0 : mean;
  return codes;
}

Codes test::quantizeActivations(const float *x, int64_t cols, unsigned bits) {
  if (bits == 1)
    return signsAndMean(x, cols);
  Codes codes{std::vector<int8_t>(cols), 0};
  float largest = 0;
  for (int64_t k = 0; k < cols; ++k)
    largest = std::max(largest, std::fabs(x[k]));
  if (largest < 1e-30f)
    return codes;
  float limit = float((1 << (bits - 1)) - 1);
  codes.scale = largest / limit;
  float inverse = limit / largest;
  for (int64_t k = 0; k < cols; ++k)
    codes.values[k] = int8_t(std::nearbyint(x[k] * inverse));
  return codes;
}

std::pair<Codes, Codes> test::quantizeWideActivations(const float *x, int64_t cols) {
  Codes high{std::vector<int8_t>(cols), 0}, low = high;
  float largest = 0;
  for (int64_t k = 0; k < cols; ++k)
    largest = std::max(largest, std::fabs(x[k]));
  if (largest < 1e-30f)
    return {high, low};
  low.scale = largest / 32512.0f;
  high.scale = 255.0f * low.scale;
  float inverse = 32512.0f / largest;
  for (int64_t k = 0; k < cols; ++k) {
    int code = int(std::nearbyint(x[k] * inverse));
    int part = int(std::lround(code / 255.0));
    high.values[k] = int8_t(part);
    low.values[k] = int8_t(code - 255 * part);
  }
  return {high, low};
}

/// Float scales of vectors: magnitude / n.
static VectorCodes quantizeByFloats(const float *x, llvm::ArrayRef<float> magnitudes, VectorCodes codes,
                                    const ActivationVectors &vectors) {
  codes.scale = 1;
  float n = float(vectors.limit());
  for (size_t k = 0; k < codes.values.size(); ++k) {
    float largest = magnitudes[k / size_t(vectors.vector)];
    codes.values[k] = largest < 1e-30f ? int8_t(0) : int8_t(std::nearbyint(x[k] * (n / largest)));
  }
  for (float largest : magnitudes)
    codes.floatScales.push_back(largest < 1e-30f ? 0 : largest / n);
  return codes;
}

VectorCodes test::quantizeActivations(const float *x, int64_t cols, const ActivationVectors &vectors) {
  int64_t count = (cols - 1) / vectors.vector + 1;
  VectorCodes codes{std::vector<int8_t>(cols), std::vector<int32_t>(count, 1), 0, {}};
  std::vector<float> magnitudes(count), clipped(x, x + cols);
  for (int64_t k = 0; k < cols; ++k) {
    clipped[k] = vectors.isUnsigned ? std::max(x[k], 0.0f) : x[k];
    magnitudes[k / vectors.vector] = std::max(magnitudes[k / vectors.vector], std::fabs(clipped[k]));
  }
  x = clipped.data();
  if (vectors.floatScales)
    return quantizeByFloats(x, magnitudes, std::move(codes), vectors);
  float largest = *std::max_element(magnitudes.begin(), magnitudes.end());
  if (largest < 1e-30f)
    return codes;
  float n = float(vectors.limit()), top = float((int64_t(1) << vectors.scaleBits) - 1);
  codes.scale = largest / (n * top);
  for (int64_t j = 0; j < count; ++j) {
    float wanted = magnitudes[j] * (top / largest) * float(1 - 0x1p-21);
    codes.multipliers[j] = int32_t(std::max(std::min(std::ceil(wanted), top), 1.0f));
    float factor = n * top / largest / float(codes.multipliers[j]);
    for (int64_t k = j * vectors.vector; k < std::min(cols, (j + 1) * vectors.vector); ++k)
      codes.values[k] = int8_t(std::nearbyint(x[k] * factor));
  }
  return codes;
}

int32_t test::integerWeight(const QuantizedMatrix &m, int64_t row, int64_t col) {
  int32_t code = m.codes[row * m.cols + col];
  if (m.format.kind == FormatKind::Ternary)
    return code - 1;
  if (m.format.kind == FormatKind::Binary)
    return 2 * code - 1;
  if (m.format.kind == FormatKind::Rtn && m.format.offset)
    return code - m.zeroPoint(m.scaleItem(row, col / m.groupSize()));
  if (m.format.kind == FormatKind::Vsq)
    return m.elementInteger(uint8_t(code));
  if (m.format.kind == FormatKind::Rtn)
    return code - (1 << (m.format.bits - 1));
  int64_t terms = m.format.bits + m.format.offset;
  const int8_t *multipliers = &m.multipliers[(row * m.groups() + col / m.groupSize()) * terms];
  int32_t weight = m.format.offset ? multipliers[m.format.bits] : 0;
  for (unsigned p = 0; p < m.format.bits; ++p)
    weight += (code >> p) & 1 ? multipliers[p] : -multipliers[p];
  return weight;
}

static float scaleOf(const QuantizedMatrix &m, int64_t row, int64_t group) {
  if (m.format.kind == FormatKind::Vsq)
    return m.vectorUnit(row, group);
  int64_t item = m.scaleItem(row, group);
  return m.format.floatScales ? m.rowScales[item] : halfToFloat(m.scales[item]);
}

/// BCQ with plane scales: the sum of the signed scales, planes ascending, then the offset.
static float planeWeight(const QuantizedMatrix &m, int64_t row, int64_t col) {
  unsigned planes = m.format.bits;
  const uint16_t *scales = &m.scales[(row * m.groups() + col / m.groupSize()) * (planes + m.format.offset)];
  uint8_t code = m.codes[row * m.cols + col];
  float sum = 0;
  for (unsigned p = 0; p < planes; ++p) {
    float term = code >> p & 1 ? halfToFloat(scales[p]) : -halfToFloat(scales[p]);
    sum = p == 0 ? term : sum + term;
  }
  return m.format.offset ? sum + halfToFloat(scales[planes]) : sum;
}

/// Ternary with a scale per sign.
static float perSignWeight(const QuantizedMatrix &m, int64_t row, int64_t col) {
  const uint16_t *scales = &m.scales[2 * (row * m.groups() + col / m.groupSize())];
  int32_t sign = integerWeight(m, row, col);
  return sign > 0 ? halfToFloat(scales[0]) : sign < 0 ? -halfToFloat(scales[1]) : 0;
}

/// The weight where it is a float in itself, not an integer times a scale.
static float floatWeight(const QuantizedMatrix &m, int64_t row, int64_t col) {
  return m.format.planeScales ? planeWeight(m, row, col) : perSignWeight(m, row, col);
}

/// VS-Quant: the products of a row are added up in 64 bits and rounded once.
static float vectorScaledProduct(const QuantizedMatrix &m, int64_t row, const Codes &codes) {
  int64_t sum = 0;
  for (int64_t k = 0; k < m.cols; ++k)
    sum += int64_t(m.vectorScale(row, k / m.groupSize())) * integerWeight(m, row, k) * codes.values[k];
  return float(sum) * m.rowScales[row] * codes.scale;
}

/// A float scale of vectors on either side: per vector the product of both, and an fma.
static float floatVectorsProduct(const QuantizedMatrix &m, int64_t row, const VectorCodes &codes, int64_t vector) {
  bool isInteger = m.format.vectorScale == VsqScale::Integer;
  float y = 0;
  for (int64_t j = 0; j < int64_t(codes.multipliers.size()); ++j) {
    int64_t dot = 0;
    for (int64_t k = j * vector; k < std::min(m.cols, (j + 1) * vector); ++k)
      dot += int64_t(integerWeight(m, row, k)) * codes.values[k];
    float ofWeights = isInteger ? float(m.vectorScale(row, j)) : m.vectorUnit(row, j);
    float ofCodes = codes.floatScales.empty() ? float(codes.multipliers[j]) : codes.floatScales[j];
    y = std::fma(ofWeights * ofCodes, float(dot), y);
  }
  return (isInteger ? y * m.rowScales[row] : y) * codes.scale;
}

/// VS-Quant on both sides: per vector the product of both scales, rounded half up to `productBits`.
static float vectorsProduct(const QuantizedMatrix &m, int64_t row, const VectorCodes &codes,
                            const ActivationVectors &vectors) {
  int dropped = vectors.productBits ? int(m.format.scaleBits + vectors.scaleBits) - int(vectors.productBits) : 0;
  int64_t sum = 0;
  for (int64_t j = 0; j < int64_t(codes.multipliers.size()); ++j) {
    int64_t dot = 0, scale = int64_t(m.vectorScale(row, j)) * codes.multipliers[j];
    for (int64_t k = j * vectors.vector; k < std::min(m.cols, (j + 1) * vectors.vector); ++k)
      dot += int64_t(integerWeight(m, row, k)) * codes.values[k];
    if (dropped > 0)
      scale = (scale + (int64_t(1) << (dropped - 1))) / (int64_t(1) << dropped);
    sum += scale * dot;
  }
  float scale = dropped > 0 ? codes.scale * float(int64_t(1) << dropped) : codes.scale;
  return float(sum) * m.rowScales[row] * scale;
}

/// Ternary with a scale per sign: the sum over +1, then the negated sum over -1 of each group.
static float perSignProduct(const QuantizedMatrix &m, int64_t row, const Codes &codes) {
  float y = 0;
  for (int64_t group = 0; group < m.groups(); ++group) {
    int64_t plus = 0, minus = 0, end = std::min(m.cols, (group + 1) * m.groupSize());
    for (int64_t k = group * m.groupSize(); k < end; ++k) {
      int32_t sign = integerWeight(m, row, k);
      plus += sign > 0 ? codes.values[k] : 0;
      minus += sign < 0 ? codes.values[k] : 0;
    }
    const uint16_t *scales = &m.scales[2 * (row * m.groups() + group)];
    y = std::fma(halfToFloat(scales[0]), float(plus), y);
    y = std::fma(halfToFloat(scales[1]), float(-minus), y);
  }
  return y * codes.scale;
}

static float integerProduct(const QuantizedMatrix &m, int64_t row, const Codes &codes) {
  if (m.format.kind == FormatKind::Vsq && m.format.vectorScale == VsqScale::Integer)
    return vectorScaledProduct(m, row, codes);
  if (m.format.scalePerSign)
    return perSignProduct(m, row, codes);
  float y = 0;
  for (int64_t group = 0; group < m.groups(); ++group) {
    int64_t sum = 0, end = std::min(m.cols, (group + 1) * m.groupSize());
    for (int64_t k = group * m.groupSize(); k < end; ++k)
      sum += int64_t(integerWeight(m, row, k)) * codes.values[k];
    y = std::fma(scaleOf(m, row, group), float(sum), y);
  }
  return y * m.tensorScale() * codes.scale;
}

/// With rounded sums; see ByteTables.h.
static float byteTableProduct(const QuantizedMatrix &m, int64_t row, const Codes &codes, bool byTrits) {
  float y = 0;
  for (int64_t group = 0; group < m.groups(); ++group) {
    int64_t first = group * m.groupSize();
    auto values = llvm::ArrayRef(codes.values).slice(first, std::min(m.groupSize(), m.cols - first));
    if (byTrits) {
      int32_t sum = TritByteTables(values).sum(llvm::ArrayRef(&m.codes[row * m.cols + first], values.size()));
      y = std::fma(scaleOf(m, row, group), float(sum), y);
      continue;
    }
    ByteTables tables(values);
    if (!m.format.scalePerSign) {
      y = std::fma(scaleOf(m, row, group), float(byteTableSum(m, row, group, tables, values)), y);
      continue;
    }
    for (int sign = 0; sign < 2; ++sign)
      y = std::fma(halfToFloat(m.scales[2 * (row * m.groups() + group) + sign]),
                   float(byteTableSum(m, row, group, tables, values, sign)), y);
  }
  return y * codes.scale;
}

static float floatProduct(const Case &c, int64_t row, const float *x) {
  const QuantizedMatrix &m = c.matrix;
  float y = 0;
  bool floats = m.format.planeScales || m.format.scalePerSign;
  if (c.isFloat() || floats) {
    for (int64_t k = 0; k < c.cols; ++k)
      y = std::fma(c.isFloat() ? c.weights[row * c.cols + k] : floatWeight(m, row, k), x[k], y);
    return y;
  }
  for (int64_t group = 0; group < m.groups(); ++group) {
    float sum = 0;
    int64_t end = std::min(m.cols, (group + 1) * m.groupSize());
    for (int64_t k = group * m.groupSize(); k < end; ++k)
      sum = std::fma(float(integerWeight(m, row, k)), x[k], sum);
    y = std::fma(scaleOf(m, row, group), sum, y);
  }
  return y * m.tensorScale();
}

/// Activations with known scales: per group the products of digits, the highest first, then the sum over groups.
static std::vector<float> staticProduct(const Case &c, const float *x) {
  const GroupedScales &scales = *c.fixed;
  std::vector<uint16_t> codes = quantizeGrouped(llvm::ArrayRef(x, size_t(c.cols)), scales);
  int most = 0;
  for (const AffineScale &s : scales.groups)
    most = std::max({most, s.zeroPoint, scales.top() - s.zeroPoint});
  int digits = most <= 127 ? 1 : most <= 32512 ? 2 : 3;
  std::vector<float> y(c.rows);
  for (int64_t n = 0; n < c.rows; ++n)
    for (int64_t g = 0; g < int64_t(scales.groups.size()); ++g) {
      float ofGroup = 0;
      std::vector<int> rest(c.cols);
      for (int64_t k = g * scales.groupSize(); k < (g + 1) * scales.groupSize(); ++k)
        rest[k] = int(codes[k]) - scales.groups[g].zeroPoint;
      for (int digit = digits - 1; digit >= 0; --digit) {
        int weight = digit == 2 ? 255 * 255 : digit == 1 ? 255 : 1;
        Codes part{std::vector<int8_t>(c.cols), scales.groups[g].scale * float(weight)};
        for (int64_t k = 0; k < c.cols; ++k) {
          part.values[k] = int8_t(std::lround(double(rest[k]) / weight));
          rest[k] -= weight * part.values[k];
        }
        float product = integerProduct(c.matrix, n, part);
        ofGroup = digit == digits - 1 ? product : ofGroup + product;
      }
      y[n] = g == 0 ? ofGroup : y[n] + ofGroup;
    }
  return y;
}

std::vector<float> test::multiply(const Case &c, const std::vector<float> &x, int64_t tokens) {
  std::vector<float> y;
  for (int64_t token = 0; token < tokens; ++token) {
    const float *row = &x[token * c.cols];
    if (c.vectors) {
      VectorCodes codes = quantizeActivations(row, c.cols, *c.vectors);
      for (int64_t n = 0; n < c.rows; ++n)
        y.push_back(c.vectors->sumsIntegers(c.matrix.format)
                        ? vectorsProduct(c.matrix, n, codes, *c.vectors)
                        : floatVectorsProduct(c.matrix, n, codes, c.vectors->vector));
      continue;
    }
    if (c.fixed) {
      std::vector<float> products = staticProduct(c, row);
      y.insert(y.end(), products.begin(), products.end());
      continue;
    }
    if (c.isInteger() && c.wide) {
      auto [high, low] = quantizeWideActivations(row, c.cols);
      for (int64_t n = 0; n < c.rows; ++n)
        y.push_back(integerProduct(c.matrix, n, high) + integerProduct(c.matrix, n, low));
      continue;
    }
    Codes codes = c.isInteger() ? quantizeActivations(row, c.cols, c.bits) : Codes();
    for (int64_t n = 0; n < c.rows; ++n)
      y.push_back(c.hasByteTables() ? byteTableProduct(c.matrix, n, codes, c.hasTrits())
                  : c.isInteger()   ? integerProduct(c.matrix, n, codes)
                                    : floatProduct(c, n, row));
  }
  return y;
}

std::vector<float> test::weightsOf(const Case &c) {
  if (c.isFloat())
    return c.weights;
  const QuantizedMatrix &m = c.matrix;
  std::vector<float> weights;
  for (int64_t row = 0; row < c.rows; ++row)
    for (int64_t k = 0; k < c.cols; ++k)
      weights.push_back(m.format.planeScales || m.format.scalePerSign
                            ? floatWeight(m, row, k)
                            : scaleOf(m, row, k / m.groupSize()) * float(integerWeight(m, row, k)) * m.tensorScale());
  return weights;
}

int64_t test::firstDifference(const std::vector<float> &a, const std::vector<float> &b) {
  if (a.size() != b.size())
    return int64_t(std::min(a.size(), b.size()));
  for (size_t i = 0; i < a.size(); ++i)
    if (std::memcmp(&a[i], &b[i], sizeof(float)) != 0)
      return int64_t(i);
  return -1;
}
