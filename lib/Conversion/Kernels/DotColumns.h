//===- DotColumns.h - The columns of a tile of dot products -----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_DOTCOLUMNS_H
#define HALFTONE_LIB_CONVERSION_KERNELS_DOTCOLUMNS_H

#include "KernelBuilder.h"

namespace halftone {

/// Multiplies bytes of 16 rows by the activations of a tile of columns (tokens). Weights come in chunks of 16 rows x 4
/// elements, byte 4*row + j. `inPairs`: two chunks at once meet eight activations of two columns (simd.dot8x2), and of
/// an odd number the last column is multiplied alone; otherwise one chunk meets four activations of every column
/// (simd.dot4). Both sums are exact.
class DotColumns {
public:
  using Value = mlir::Value;

  /// `codes`: i8 [T][KP].
  DotColumns(KernelBuilder &k, Value codes, Value token, int64_t columns, bool inPairs);

  llvm::ArrayRef<Value> tokens() const { return tokenIndices; }
  /// Chunks of weights that are multiplied at once: 1 or 2.
  int64_t chunks() const { return pairs > 0 ? 2 : 1; }
  /// Accumulators of a block of 16 rows.
  int64_t sumCount() const { return int64_t(tokenIndices.size()) - pairs; }
  /// Those of `blocks` blocks, zero.
  llvm::SmallVector<Value> zeros(int64_t blocks) const;
  /// Four activations of a column from `element` on, in all 16 lanes.
  Value activations(int64_t column, Value element) const;
  /// Adds chunks() chunks of weights, at most `maxU`, times the activations from `element` on to the accumulators of a
  /// block.
  void multiply(llvm::MutableArrayRef<Value> sums, llvm::ArrayRef<Value> weights, Value element, int64_t maxU) const;
  /// The sums of every column for 16 rows (words), of the accumulators of a block.
  llvm::SmallVector<Value> perColumn(llvm::ArrayRef<Value> sums) const;

private:
  /// Eight activations of each column of a pair.
  Value activationsOfPair(int64_t pair, Value element) const;

  KernelBuilder &k;
  Value codes;
  int64_t pairs; ///< the first 2 * pairs columns are multiplied in pairs, the others alone
  llvm::SmallVector<Value> tokenIndices;
};

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_DOTCOLUMNS_H
