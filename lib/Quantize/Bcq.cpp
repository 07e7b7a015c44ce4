//===- Bcq.cpp - Binary-coding quantization of one group ------------------===//

#include "halftone/Quantize/Bcq.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

using namespace halftone;

/// First index in [begin, end) of ascending `values` that is not below `bound`, or `end`. Without unpredictable
/// branches.
static uint32_t lowerBound(const double *values, uint32_t begin, uint32_t end, double bound) {
  const double *base = values + begin;
  uint32_t length = end - begin;
  while (length > 1) {
    uint32_t half = length / 2;
    base += base[half - 1] < bound ? half : 0;
    length -= half;
  }
  return uint32_t(base - values) + (length == 1 && *base < bound);
}

void BcqGroup::load(llvm::ArrayRef<float> weights) {
  size_t n = weights.size();
  keys.resize(n);
  for (size_t i = 0; i < n; ++i) {
    // Orders as the floats do: flip all bits of negative ones, the sign of the others. -0 becomes +0.
    uint32_t bits = llvm::bit_cast<uint32_t>(weights[i] + 0.0f);
    bits ^= (bits >> 31) ? 0xffffffffu : 0x80000000u;
    keys[i] = uint64_t(bits) << 32 | i;
  }
  std::sort(keys.begin(), keys.end());
  sorted.resize(n);
  prefix.resize(n + 1);
  prefix[0] = 0;
  for (size_t i = 0; i < n; ++i) {
    uint32_t bits = uint32_t(keys[i] >> 32);
    bits ^= (bits >> 31) ? 0x80000000u : 0xffffffffu;
    sorted[i] = llvm::bit_cast<float>(bits);
    prefix[i + 1] = prefix[i] + sorted[i];
  }
  q = 0;
  z = 0;
  fitOffset = false;
  cells.clear();
}

void BcqGroup::setOffset(double value) {
  z = value;
  fitOffset = true;
}

double BcqGroup::levelOf(uint8_t code) const {
  double level = z;
  for (unsigned p = 0; p < q; ++p)
    level += (code >> p & 1) ? alpha[p] : -alpha[p];
  return level;
}

/// Appends plane `plane`: in every cell, the weights from the cell's value on get +1, the others -1.
void BcqGroup::splitCells(unsigned plane) {
  double magnitude = 0;
  spare.clear();
  for (const Cell &cell : cells) {
    double level = levelOf(cell.code);
    uint32_t middle = lowerBound(sorted.data(), cell.begin, cell.end, level);
    Cell below{cell.begin, middle, cell.code}, above{middle, cell.end, uint8_t(cell.code | 1u << plane)};
    magnitude += level * (middle - cell.begin) - cellSum(below);
    magnitude += cellSum(above) - level * (cell.end - middle);
    spare.push_back(below);
    spare.push_back(above);
  }
  cells.swap(spare);
  alpha[plane] = sorted.empty() ? 0 : std::max(0.0, magnitude / double(sorted.size()));
}

void BcqGroup::solveGreedy(unsigned planes, bool refine) {
  assert(planes >= 1 && planes <= maxPlanes);
  cells.assign(1, Cell{0, uint32_t(sorted.size()), 0});
  for (q = 0; q < planes;) {
    splitCells(q);
    ++q;
    if (refine && q > 1)
      takeTerms(leastSquares());
  }
  normalize(alpha);
}

/// Walsh-Hadamard transform: values[m] becomes sum_k values[k] (-1)^popcount(k & m).
static void transform(double *values, unsigned size) {
  for (unsigned half = 1; half < size; half *= 2)
    for (unsigned base = 0; base < size; base += 2 * half)
      for (unsigned i = base; i < base + half; ++i) {
        double a = values[i], b = values[i + half];
        values[i] = a + b;
        values[i + half] = a - b;
      }
}

/// What regularizes least squares.
static constexpr double ridge = 1e-9;

/// Solves (G + ridge I) x = v for symmetric positive semidefinite G by LDL^T.
BcqGroup::Terms BcqGroup::solveNormal(double g[maxPlanes + 1][maxPlanes + 1], const Terms &v, unsigned q) {
  Terms x = v;
  double diagonal[maxPlanes + 1];
  for (unsigned j = 0; j < q; ++j) {
    double d = g[j][j] + ridge;
    for (unsigned k = 0; k < j; ++k)
      d -= g[j][k] * g[j][k] * diagonal[k];
    // Dependent planes leave only the regularization, or less by rounding.
    diagonal[j] = std::max(d, ridge);
    for (unsigned i = j + 1; i < q; ++i) {
      double sum = g[i][j];
      for (unsigned k = 0; k < j; ++k)
        sum -= g[i][k] * g[j][k] * diagonal[k];
      g[i][j] = sum / diagonal[j];
    }
  }
  for (unsigned i = 0; i < q; ++i)
    for (unsigned k = 0; k < i; ++k)
      x[i] -= g[i][k] * x[k];
  for (unsigned i = 0; i < q; ++i)
    x[i] /= diagonal[i];
  for (unsigned i = q; i-- > 0;)
    for (unsigned k = i + 1; k < q; ++k)
      x[i] -= g[k][i] * x[k];
  return x;
}

/// Counts and sums per code give B^T B and B^T w by one transform each:
/// sum over weights of b_i b_j is entry 2^i + 2^j, of -b_i w entry 2^i. The offset is
/// the scale of one more plane, of ones.
BcqGroup::Terms BcqGroup::leastSquares() const {
  double counts[1 << maxPlanes], sums[1 << maxPlanes];
  unsigned size = 1u << q;
  std::fill_n(counts, size, 0.0);
  std::fill_n(sums, size, 0.0);
  for (const Cell &cell : cells) {
    if (cell.begin == cell.end)
      continue;
    counts[cell.code] += cell.end - cell.begin;
    sums[cell.code] += cellSum(cell);
  }
  transform(counts, size);
  transform(sums, size);
  double g[maxPlanes + 1][maxPlanes + 1];
  Terms v = {};
  for (unsigned i = 0; i < q; ++i) {
    v[i] = -sums[1u << i];
    for (unsigned j = 0; j < i; ++j)
      g[i][j] = counts[1u << i | 1u << j];
    g[i][i] = double(sorted.size());
  }
  if (!fitOffset)
    return solveNormal(g, v, q);
  v[q] = sums[0];
  for (unsigned j = 0; j < q; ++j)
    g[q][j] = -counts[1u << j];
  // Without regularization: what planes and offset could share, as in a constant group, falls to the offset.
  g[q][q] = double(sorted.size()) - ridge;
  return solveNormal(g, v, q + 1);
}

void BcqGroup::takeTerms(const Terms &terms) {
  std::copy_n(terms.begin(), q, alpha.begin());
  if (fitOffset)
    z = terms[q];
}

/// Sets the scales to |values| in descending order and renames the codes' planes accordingly.
void BcqGroup::normalize(Scales values) {
  std::array<unsigned, maxPlanes> order; // insertion sort: stable, and q is small
  for (unsigned p = 0; p < q; ++p) {
    unsigned place = p;
    for (; place > 0 && std::abs(values[order[place - 1]]) < std::abs(values[p]); --place)
      order[place] = order[place - 1];
    order[place] = p;
  }
  bool same = true;
  for (unsigned p = 0; p < q; ++p)
    same &= order[p] == p && values[p] >= 0;
  for (unsigned p = 0; p < q; ++p)
    alpha[p] = std::abs(values[order[p]]);
  if (same)
    return;
  for (Cell &cell : cells) {
    unsigned code = 0;
    for (unsigned p = 0; p < q; ++p)
      code |= ((cell.code >> order[p] & 1) ^ (values[order[p]] < 0)) << p;
    cell.code = code;
  }
}

void BcqGroup::fitScales() {
  takeTerms(leastSquares());
  normalize(alpha);
}

void BcqGroup::setScales(llvm::ArrayRef<double> values) {
  assert(values.size() == q);
  std::copy(values.begin(), values.end(), alpha.begin());
}

/// All 2^q values of sum +-alpha_p in ascending order, with their codes: built
/// from the smallest scale up, each step merges the list moved down and moved up.
static void sortedLevels(llvm::ArrayRef<double> alpha, double *levels, uint8_t *codes) {
  double lowLevels[(1 << BcqGroup::maxPlanes) + 1];
  uint8_t lowCodes[(1 << BcqGroup::maxPlanes) + 1];
  levels[0] = 0;
  codes[0] = 0;
  unsigned size = 1;
  for (unsigned p = alpha.size(); p-- > 0; size *= 2) {
    std::copy_n(levels, size, lowLevels);
    std::copy_n(codes, size, lowCodes);
    lowLevels[size] = HUGE_VAL; // the end of either list is never the smaller one
    lowCodes[size] = 0;
    for (unsigned i = 0, down = 0, up = 0; i < 2 * size; ++i) {
      double below = lowLevels[down] - alpha[p], above = lowLevels[up] + alpha[p];
      bool takeBelow = below <= above;
      levels[i] = takeBelow ? below : above;
      codes[i] = takeBelow ? lowCodes[down] : uint8_t(lowCodes[up] | 1u << p);
      down += takeBelow;
      up += !takeBelow;
    }
  }
}

void BcqGroup::assign() {
  double levels[1 << maxPlanes];
  uint8_t codes[1 << maxPlanes];
  sortedLevels(scales(), levels, codes);
  unsigned size = 1u << q;
  uint32_t n = sorted.size(), begin = 0;
  bool dense = size > n / 4; // bounds so near each other that walking is faster than searching
  cells.resize(size);
  for (unsigned k = 0; k < size; ++k) {
    uint32_t end = n;
    if (k + 1 < size) {
      double middle = z + (levels[k] + levels[k + 1]) / 2;
      end = dense ? begin : lowerBound(sorted.data(), begin, n, middle);
      while (dense && end < n && sorted[end] < middle)
        ++end;
    }
    cells[k] = {begin, end, codes[k]};
    begin = end;
  }
}

void BcqGroup::alternate(unsigned rounds) {
  for (unsigned round = 0; round < rounds; ++round) {
    fitScales();
    spare = cells;
    assign();
    if (cells == spare)
      break;
  }
}

void BcqGroup::writeCodes(llvm::MutableArrayRef<uint8_t> codes) const {
  assert(codes.size() == sorted.size());
  for (const Cell &cell : cells)
    for (uint32_t i = cell.begin; i < cell.end; ++i)
      codes[uint32_t(keys[i])] = cell.code;
}

double BcqGroup::meanError() const {
  double sum = 0;
  for (const Cell &cell : cells)
    sum += cellSum(cell) - levelOf(cell.code) * double(cell.end - cell.begin);
  return sorted.empty() ? 0 : sum / double(sorted.size());
}

double BcqGroup::squaredError() const {
  double error = 0;
  for (const Cell &cell : cells) {
    double level = levelOf(cell.code);
    for (uint32_t i = cell.begin; i < cell.end; ++i)
      error += (sorted[i] - level) * (sorted[i] - level);
  }
  return error;
}
