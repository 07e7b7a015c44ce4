//===- ByteTables.cpp - Sums of activations rounded to bytes --------------===//

#include "halftone/Quantize/ByteTables.h"
#include "halftone/Support/SmallFloat.h"
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <random>

using namespace halftone;

namespace {

constexpr size_t kSlice = 8, kTable = 4, kTritSlice = 5;

/// x / 2^shift to the nearest integer, ties to even ones.
int32_t roundedShift(int32_t x, int shift) { return int32_t(std::nearbyint(double(x) / double(1 << shift))); }

/// The least k with sum |a_j| <= bound * 2^k over every `slice` values.
int leastShift(llvm::ArrayRef<int8_t> values, size_t slice, int bound) {
  int shift = 0;
  for (; !values.empty(); values = values.drop_front(std::min(slice, values.size()))) {
    int sum = 0;
    for (int8_t value : values.take_front(slice))
      sum += std::abs(value);
    while (sum > bound << shift)
      ++shift;
  }
  return shift;
}

} // namespace

ByteTables::ByteTables(llvm::ArrayRef<int8_t> values, bool isExact) : activations(values.begin(), values.end()) {
  activations.resize((values.size() + kSlice - 1) / kSlice * kSlice, 0);
  if (!isExact)
    shiftCount = leastShift(values, kSlice, 126);
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

TritByteTables::TritByteTables(llvm::ArrayRef<int8_t> values, bool isExact)
    : activations(values.begin(), values.end()), shiftCount(isExact ? 0 : leastShift(values, kTritSlice, 127)) {}

int32_t TritByteTables::sum(llvm::ArrayRef<uint8_t> codes) const {
  int32_t total = 0;
  for (size_t first = 0; first < activations.size(); first += kTritSlice) {
    int32_t slice = 0;
    for (size_t k = first, end = std::min(first + kTritSlice, activations.size()); k < end; ++k)
      slice += (codes[k] - 1) * activations[k];
    total += roundedShift(slice, shiftCount);
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

/// The exact sum of a group of a row, and what rounding makes of it.
struct Sums {
  int64_t exact, rounded;
};

/// Tables of one group of one token.
class GroupTables {
public:
  GroupTables(const QuantizedMatrix &m, int64_t group, llvm::ArrayRef<int8_t> activations, bool byTrits)
      : m(m), group(group), activations(activations) {
    if (byTrits)
      trits.emplace(activations), exactTrits.emplace(activations, /*isExact=*/true);
    else
      planes.emplace(activations), exactPlanes.emplace(activations, /*isExact=*/true);
  }

  Sums sums(int64_t row, int sign) const {
    llvm::ArrayRef<uint8_t> codes(&m.codes[row * m.cols + group * m.groupSize()], activations.size());
    if (trits)
      return {exactTrits->sum(codes), trits->sum(codes)};
    return {byteTableSum(m, row, group, *exactPlanes, activations, sign),
            byteTableSum(m, row, group, *planes, activations, sign)};
  }

private:
  const QuantizedMatrix &m;
  int64_t group;
  llvm::ArrayRef<int8_t> activations;
  std::optional<ByteTables> planes, exactPlanes;
  std::optional<TritByteTables> trits, exactTrits;
};

} // namespace

double halftone::byteTableError(const QuantizedMatrix &m, bool byTrits) {
  constexpr int64_t kTokens = 4, kRows = 64;
  std::mt19937_64 random(1);
  double error = 0, total = 0;
  for (int64_t token = 0; token < kTokens; ++token) {
    std::vector<int8_t> codes = randomActivations(m.cols, random);
    std::vector<GroupTables> tables;
    for (int64_t group = 0; group < m.groups(); ++group) {
      int64_t first = group * m.groupSize();
      tables.emplace_back(m, group, llvm::ArrayRef(codes).slice(first, std::min(m.groupSize(), m.cols - first)),
                          byTrits);
    }
    for (int64_t i = 0, rows = std::min(m.rows, kRows); i < rows; ++i) {
      int64_t row = i * m.rows / rows;
      double y = 0, difference = 0;
      for (int64_t group = 0; group < m.groups(); ++group)
        for (int sign = 0; sign < (m.format.scalePerSign ? 2 : 1); ++sign) {
          double scale = scaleOf(m, row, group, sign);
          Sums sums = tables[group].sums(row, sign);
          y += scale * double(sums.exact);
          difference += scale * double(sums.rounded - sums.exact);
        }
      error += difference * difference;
      total += y * y;
    }
  }
  return total > 0 ? error / total : 0;
}
