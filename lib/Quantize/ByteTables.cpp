//===- ByteTables.cpp - Sums of activations rounded to bytes --------------===//

#include "halftone/Quantize/ByteTables.h"
#include "halftone/Support/SmallFloat.h"
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>

using namespace halftone;

namespace {

constexpr int64_t kSlice = 8, kTable = 4;

/// x / 2^shift to the nearest integer, ties to even ones.
int32_t roundedShift(int32_t x, int shift) { return int32_t(std::nearbyint(double(x) / double(1 << shift))); }

} // namespace

ByteTables::ByteTables(llvm::ArrayRef<int8_t> values, bool isExact) : activations(values.begin(), values.end()) {
  activations.resize((values.size() + kSlice - 1) / kSlice * kSlice, 0);
  for (size_t first = 0; first < activations.size() && !isExact; first += kSlice) {
    int sum = 0;
    for (int64_t j = 0; j < kSlice; ++j)
      sum += std::abs(activations[first + j]);
    while (sum > 126 << shiftCount)
      ++shiftCount;
  }
}

int32_t ByteTables::signedSum(llvm::function_ref<bool(int64_t)> isPositive) const {
  int32_t total = 0;
  for (size_t first = 0; first < activations.size(); first += kTable) {
    int32_t sum = 0;
    for (size_t k = first; k < first + kTable; ++k)
      sum += isPositive(int64_t(k)) ? activations[k] : -activations[k];
    total += roundedShift(sum, shiftCount);
  }
  return total * (1 << shiftCount);
}

int64_t halftone::byteTableSum(const QuantizedMatrix &m, int64_t row, int64_t group, const ByteTables &tables,
                               llvm::ArrayRef<int8_t> activations, int sign) {
  int64_t first = group * m.groupSize(), size = int64_t(activations.size());
  const uint8_t *codes = &m.codes[row * m.cols + first];
  // Beyond the group all activations are 0, whatever their sign.
  auto plane = [&](unsigned bit) {
    return int64_t(tables.signedSum([&](int64_t k) { return k < size && (codes[k] >> bit & 1); }));
  };
  auto codesAbove = [&](int code) {
    return int64_t(tables.signedSum([&](int64_t k) { return k < size && codes[k] > code; }));
  };
  int64_t all = 0;
  for (int8_t activation : activations)
    all += activation;

  switch (m.format.kind) {
  case FormatKind::Binary:
    return plane(0);
  case FormatKind::Ternary: // codes 0, 1, 2 of -1, 0, +1
    if (m.format.scalePerSign)
      return sign == 0 ? (codesAbove(1) + all) >> 1 : (codesAbove(0) - all) >> 1;
    return (codesAbove(0) + codesAbove(1)) >> 1;
  case FormatKind::Rtn: {
    int64_t sum = -all;
    for (unsigned p = 0; p < m.format.bits; ++p)
      sum += plane(p) * (1 << p);
    int64_t zero = m.format.offset ? (1 << (m.format.bits - 1)) - m.zeroPoint(m.scaleItem(row, group)) : 0;
    return (sum >> 1) + zero * all;
  }
  case FormatKind::Bcq: {
    int64_t terms = m.format.bits + m.format.offset, sum = 0;
    const int8_t *multipliers = &m.multipliers[(row * m.groups() + group) * terms];
    for (unsigned p = 0; p < m.format.bits; ++p)
      sum += multipliers[p] * plane(p);
    return m.format.offset ? sum + multipliers[m.format.bits] * all : sum;
  }
  case FormatKind::Vsq:
  case FormatKind::Float:
    break;
  }
  return 0;
}

namespace {

float scaleOf(const QuantizedMatrix &m, int64_t row, int64_t group, int sign) {
  int64_t item = m.scaleItem(row, group);
  if (m.format.scalePerSign)
    return halfToFloat(m.scales[2 * item + sign]);
  return m.format.floatScales ? m.rowScales[item] : halfToFloat(m.scales[item]);
}

/// Normally distributed integers, the largest of them 127.
std::vector<int8_t> randomActivations(int64_t cols, std::mt19937_64 &random) {
  // The sum of 12 uniform numbers: the same on every machine, unlike std::normal_distribution.
  std::vector<double> values(cols);
  double largest = 0;
  for (double &value : values) {
    for (int i = 0; i < 12; ++i)
      value += double(random() >> 11) * 0x1p-53 - 0.5;
    largest = std::max(largest, std::fabs(value));
  }
  std::vector<int8_t> codes;
  for (double value : values)
    codes.push_back(largest > 0 ? int8_t(std::nearbyint(value * 127 / largest)) : int8_t(0));
  return codes;
}

} // namespace

double halftone::byteTableError(const QuantizedMatrix &m) {
  constexpr int64_t kTokens = 4, kRows = 64;
  std::mt19937_64 random(1);
  double error = 0, total = 0;
  for (int64_t token = 0; token < kTokens; ++token) {
    std::vector<int8_t> codes = randomActivations(m.cols, random);
    std::vector<ByteTables> rounded, exact;
    auto groupCodes = [&](int64_t group) {
      int64_t first = group * m.groupSize();
      return llvm::ArrayRef(codes).slice(first, std::min(m.groupSize(), m.cols - first));
    };
    for (int64_t group = 0; group < m.groups(); ++group) {
      rounded.emplace_back(groupCodes(group));
      exact.emplace_back(groupCodes(group), /*isExact=*/true);
    }
    for (int64_t i = 0, rows = std::min(m.rows, kRows); i < rows; ++i) {
      int64_t row = i * m.rows / rows;
      double y = 0, difference = 0;
      for (int64_t group = 0; group < m.groups(); ++group)
        for (int sign = 0; sign < (m.format.scalePerSign ? 2 : 1); ++sign) {
          double scale = scaleOf(m, row, group, sign);
          int64_t sum = byteTableSum(m, row, group, exact[group], groupCodes(group), sign);
          int64_t roundedSum = byteTableSum(m, row, group, rounded[group], groupCodes(group), sign);
          y += scale * double(sum);
          difference += scale * double(roundedSum - sum);
        }
      error += difference * difference;
      total += y * y;
    }
  }
  return total > 0 ? error / total : 0;
}
