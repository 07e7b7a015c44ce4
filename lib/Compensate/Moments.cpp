//===- Moments.cpp - Sums of products over tokens -------------------------===//
//
// Compiled without contraction of multiply and add, so that vectors of any width
// give the same sums.
//
//===----------------------------------------------------------------------===//

#include "Moments.h"
#include "halftone/Support/Parallel.h"
#include <algorithm>

using namespace halftone;
using namespace halftone::compensate;

/// Rows and columns of a tile of the result; tokens whose products are summed as floats.
static constexpr int64_t tileRows = 4, tileCols = 16, blockTokens = 256;

#if defined(__x86_64__) && defined(__ELF__)
#define HALFTONE_VECTOR_VERSIONS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HALFTONE_VECTOR_VERSIONS
#endif

/// result[i][j] = sum of a[t][i] * b[t][j] in the order of tokens; a [tokens][4], b [tokens][16].
HALFTONE_VECTOR_VERSIONS
static void multiplyTile(const float *a, const float *b, int64_t tokens, float *result) {
  float sums[tileRows][tileCols] = {};
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t i = 0; i < tileRows; ++i)
      for (int64_t j = 0; j < tileCols; ++j)
        sums[i][j] += a[t * tileRows + i] * b[t * tileCols + j];
  std::copy_n(&sums[0][0], tileRows * tileCols, result);
}

/// Columns of x [tokens][n] in panels of `width`, [panels][tokens][width], zeros at the end.
static void packPanels(const float *x, int64_t n, int64_t tokens, int64_t width, std::vector<float> &panels) {
  int64_t count = (n + width - 1) / width;
  panels.assign(count * tokens * width, 0.0f);
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t i = 0; i < n; ++i)
      panels[(i / width * tokens + t) * width + i % width] = x[t * n + i];
}

/// Adds the products of one block of tokens. `symmetric`: tiles above the diagonal are left out.
static void addBlock(const float *a, int64_t m, const float *b, int64_t n, int64_t tokens, bool symmetric,
                     unsigned threads, std::vector<double> &result) {
  std::vector<float> left, right;
  packPanels(a, m, tokens, tileRows, left);
  packPanels(b, n, tokens, tileCols, right);
  int64_t panels = (m + tileRows - 1) / tileRows;
  parallelFor(panels, threads, (1 << 16) / (tileRows * n * tokens + 1) + 1, [&](int64_t first, int64_t last) {
    float tile[tileRows * tileCols];
    for (int64_t col = 0; col < n; col += tileCols)
      for (int64_t panel = first; panel < last; ++panel) {
        int64_t row = panel * tileRows;
        if (symmetric && col > row + tileRows - 1)
          continue;
        multiplyTile(&left[panel * tokens * tileRows], &right[col / tileCols * tokens * tileCols], tokens, tile);
        for (int64_t i = 0; i < std::min(tileRows, m - row); ++i)
          for (int64_t j = 0; j < std::min(tileCols, n - col); ++j)
            result[(row + i) * n + col + j] += double(tile[i * tileCols + j]);
      }
  });
}

static std::vector<double> accumulate(const float *a, int64_t m, const float *b, int64_t n, int64_t tokens,
                                      bool symmetric, unsigned threads) {
  std::vector<double> result(m * n);
  for (int64_t t = 0; t < tokens; t += blockTokens)
    addBlock(a + t * m, m, b + t * n, n, std::min(blockTokens, tokens - t), symmetric, threads, result);
  return result;
}

std::vector<double> compensate::sumOfProducts(const float *a, int64_t m, const float *b, int64_t n, int64_t tokens,
                                              unsigned threads) {
  return accumulate(a, m, b, n, tokens, /*symmetric=*/false, threads);
}

std::vector<double> compensate::gramMatrix(const float *a, int64_t n, int64_t tokens, unsigned threads) {
  std::vector<double> result = accumulate(a, n, a, n, tokens, /*symmetric=*/true, threads);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j)
      result[i * n + j] = result[j * n + i];
  return result;
}
