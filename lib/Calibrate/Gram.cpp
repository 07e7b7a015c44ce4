//===- Gram.cpp - Sums of outer products ----------------------------------===//

#include "halftone/Calibrate/Gram.h"
#include "halftone/Support/Parallel.h"
#include <algorithm>
#include <cassert>

using namespace halftone;

static constexpr int64_t kPanel = 16;
static constexpr int64_t kBatch = 256;
static constexpr int64_t kFloatRows = 64; ///< that are summed in floats
static constexpr int64_t kTile = 4;       ///< rows of H in registers

// Wider vectors only: without fused multiply-add the bits are the same.
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define HALFTONE_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define HALFTONE_WIDE
#endif

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/// Adds the products of two panels [kBatch][kPanel] to a 16 x 16 part of the sums.
HALFTONE_WIDE static void addPanels(const float *__restrict a, const float *__restrict b, double *__restrict sums,
                                    int64_t stride, int64_t rows) {
  for (int64_t begin = 0; begin < rows; begin += kFloatRows) {
    int64_t end = std::min(rows, begin + kFloatRows);
    for (int64_t top = 0; top < kPanel; top += kTile) {
      float tile[kTile][kPanel] = {};
      for (int64_t t = begin; t < end; ++t)
        for (int64_t i = 0; i < kTile; ++i)
          for (int64_t j = 0; j < kPanel; ++j)
            tile[i][j] += a[t * kPanel + top + i] * b[t * kPanel + j];
      for (int64_t i = 0; i < kTile; ++i)
        for (int64_t j = 0; j < kPanel; ++j)
          sums[(top + i) * stride + j] += double(tile[i][j]);
    }
  }
}

GramAccumulator::GramAccumulator(int64_t cols)
    : width(cols), panels((cols + kPanel - 1) / kPanel), batch(size_t(panels * kPanel * kBatch)),
      sums(size_t(panels * kPanel * panels * kPanel)) {}

int64_t GramAccumulator::bytes(int64_t cols) {
  int64_t padded = (cols + kPanel - 1) / kPanel * kPanel;
  return padded * (padded * int64_t(sizeof(double)) + kBatch * int64_t(sizeof(float)));
}

void GramAccumulator::add(llvm::ArrayRef<float> rows, unsigned threads) {
  assert(int64_t(rows.size()) % width == 0 && "whole rows");
  for (const float *row = rows.begin(); row != rows.end(); row += width) {
    for (int64_t col = 0; col < width; ++col)
      batch[size_t((col / kPanel * kBatch + count) * kPanel + col % kPanel)] = row[col];
    if (++count == kBatch)
      addBatch(threads);
  }
}

void GramAccumulator::finish(unsigned threads) {
  if (count > 0)
    addBatch(threads);
}

void GramAccumulator::addBatch(unsigned threads) {
  int64_t stride = panels * kPanel, rows = count;
  parallelFor(panels, threads, /*grain=*/4, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = i; j < panels; ++j)
        addPanels(&batch[size_t(i * kBatch * kPanel)], &batch[size_t(j * kBatch * kPanel)],
                  &sums[size_t(i * kPanel * stride + j * kPanel)], stride, rows);
  });
  count = 0;
}

double GramAccumulator::at(int64_t i, int64_t j) const {
  return sums[size_t(std::min(i, j) * panels * kPanel + std::max(i, j))];
}

void GramAccumulator::row(int64_t i, llvm::MutableArrayRef<float> out) const {
  assert(int64_t(out.size()) == width && count == 0 && "finish() first");
  for (int64_t j = 0; j < width; ++j)
    out[size_t(j)] = float(at(i, j));
}
