//===- Rewrites.cpp - Numerics of exact rewrites --------------------------===//

#include "halftone/Quantize/Rewrites.h"
#include "halftone/Support/Parallel.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cassert>
#include <cmath>

using namespace halftone;
using namespace llvm;

Expected<Equalization> halftone::parseEqualization(StringRef text) {
  Equalization result;
  StringRef number = text;
  result.means = number.consume_front("awq");
  bool isDefault = text.empty() || text == "awq";
  bool isNumber = !isDefault && (!result.means || number.consume_front(":")) && !number.getAsDouble(result.alpha);
  if (!isDefault && !(isNumber && result.alpha >= 0 && result.alpha <= 1))
    return createStringError("unknown equalization '" + text +
                             "', expected <alpha>, awq or awq:<alpha>, alpha from 0 to 1");
  result.search = text == "awq";
  result.beta = result.means ? 0 : 1 - result.alpha;
  return result;
}

std::vector<float> halftone::equalizingScales(ArrayRef<double> inputs, ArrayRef<double> weights, double alpha,
                                              double beta) {
  assert(inputs.size() == weights.size());
  std::vector<double> logs(inputs.size());
  double sum = 0;
  int64_t used = 0;
  for (size_t j = 0; j < logs.size(); ++j) {
    if (!(inputs[j] > 0 && weights[j] > 0))
      continue;
    logs[j] = alpha * std::log(inputs[j]) - beta * std::log(weights[j]);
    sum += logs[j];
    ++used;
  }
  std::vector<float> scales(inputs.size(), 1.0f);
  for (size_t j = 0; j < logs.size(); ++j)
    if (inputs[j] > 0 && weights[j] > 0)
      scales[j] = float(std::exp(logs[j] - sum / double(used)));
  return scales;
}

namespace {
/// Random numbers from a seed (Steele et al., "Fast splittable pseudorandom number generators", 2014).
class SplitMix {
public:
  explicit SplitMix(uint64_t seed) : state(seed) {}
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// Nearly normal: twelve uniform numbers, without functions that differ between machines.
  double nextNormal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i)
      sum += double(next() >> 11) * 0x1p-53;
    return sum;
  }

private:
  uint64_t state;
};
} // namespace

/// Makes the rows of an n x n matrix orthonormal, one after the other; twice against rounding.
static void orthonormalize(MutableArrayRef<double> m, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    double *row = m.data() + i * n;
    for (int64_t pass = 0; pass < 2; ++pass)
      for (int64_t k = 0; k < i; ++k) {
        const double *other = m.data() + k * n;
        double dot = 0;
        for (int64_t j = 0; j < n; ++j)
          dot += row[j] * other[j];
        for (int64_t j = 0; j < n; ++j)
          row[j] -= dot * other[j];
      }
    double norm = 0;
    for (int64_t j = 0; j < n; ++j)
      norm += row[j] * row[j];
    for (int64_t j = 0; j < n; ++j)
      row[j] /= std::sqrt(norm);
  }
}

Rotation::Rotation(int64_t size, uint64_t seed) : odd(size), signs(size_t(size)) {
  assert(size > 0);
  for (; odd % 2 == 0; odd /= 2)
    power *= 2;
  SplitMix random(seed);
  for (double &sign : signs)
    sign = (random.next() >> 63 ? 1 : -1) / std::sqrt(double(power));
  if (odd == 1)
    return;
  dense.resize(size_t(odd * odd));
  for (double &value : dense)
    value = random.nextNormal();
  orthonormalize(dense, odd);
}

void Rotation::apply(MutableArrayRef<double> x) const {
  assert(x.size() == signs.size());
  for (size_t i = 0; i < x.size(); ++i)
    x[i] *= signs[i];
  for (int64_t block = 0; block < odd; ++block) {
    double *part = x.data() + block * power;
    for (int64_t half = 1; half < power; half *= 2)
      for (int64_t i = 0; i < power; i += 2 * half)
        for (int64_t k = i; k < i + half; ++k) {
          double a = part[k], b = part[k + half];
          part[k] = a + b;
          part[k + half] = a - b;
        }
  }
  if (odd == 1)
    return;
  std::vector<double> result(x.size());
  for (int64_t a = 0; a < odd; ++a)
    for (int64_t to = 0; to < odd; ++to)
      for (int64_t i = 0; i < power; ++i)
        result[to * power + i] += x[a * power + i] * dense[a * odd + to];
  copy(result, x.begin());
}

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

/// The channel of a column or row.
static int64_t channelOf(int64_t index, int64_t repeat, int64_t block) {
  return index / (repeat * block) * block + index % block;
}

void halftone::noteMagnitudes(const MatrixView &matrix, bool columns, int64_t repeat, int64_t block,
                              MutableArrayRef<double> magnitudes) {
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int64_t col = 0; col < matrix.cols; ++col) {
      double &largest = magnitudes[channelOf(columns ? col : row, repeat, block)];
      largest = std::max(largest, std::abs(double(matrix.values[row * matrix.cols + col])));
    }
}

void halftone::scaleChannels(const MatrixView &matrix, bool columns, int64_t repeat, int64_t block, bool inverse,
                             ArrayRef<float> scales) {
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int64_t col = 0; col < matrix.cols; ++col) {
      float &value = matrix.values[row * matrix.cols + col],
            scale = scales[channelOf(columns ? col : row, repeat, block)];
      value = inverse ? value / scale : value * scale;
    }
}

void halftone::rotateChannels(const MatrixView &matrix, bool columns, int64_t block, uint64_t seed, unsigned threads) {
  int64_t rows = matrix.rows, cols = matrix.cols, size = columns ? cols : rows;
  int64_t vectors = columns ? rows : cols, stride = columns ? 1 : cols, step = columns ? cols : 1;
  Rotation rotation(block ? block : size, seed);
  parallelFor(vectors, threads, 16, [&](int64_t begin, int64_t end) {
    std::vector<double> x(rotation.size());
    for (int64_t vector = begin; vector < end; ++vector)
      for (int64_t first = 0; first < size; first += rotation.size()) {
        float *values = matrix.values.data() + vector * step + first * stride;
        for (int64_t i = 0; i < rotation.size(); ++i)
          x[i] = values[i * stride];
        rotation.apply(x);
        for (int64_t i = 0; i < rotation.size(); ++i)
          values[i * stride] = float(x[i]);
      }
  });
}

std::vector<float> halftone::biasCorrection(ArrayRef<float> weights, ArrayRef<float> approximation,
                                            ArrayRef<double> means) {
  std::vector<float> corrections;
  for (size_t begin = 0; begin < weights.size(); begin += means.size()) {
    double sum = 0;
    for (size_t i = 0; i < means.size(); ++i)
      sum += (double(weights[begin + i]) - approximation[begin + i]) * means[i];
    corrections.push_back(float(sum));
  }
  return corrections;
}

double halftone::kurtosis(ArrayRef<float> values) {
  double mean = 0, second = 0, fourth = 0;
  for (float value : values)
    mean += value;
  mean /= double(values.size());
  for (float value : values) {
    double square = (value - mean) * (value - mean);
    second += square;
    fourth += square * square;
  }
  return second > 0 ? fourth * double(values.size()) / (second * second) : 0;
}
