//===- Gram.h - Sums of outer products --------------------------*- C++ -*-===//
#ifndef HALFTONE_CALIBRATE_GRAM_H
#define HALFTONE_CALIBRATE_GRAM_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace halftone {

/// H = sum_t x_t x_t^T over rows x_t of `cols` floats. 64 rows at a time are summed in floats, then added in double.
/// The result depends on the rows and their order, not on how they are divided among calls, nor on the number of
/// threads or the CPU. Memory: cols x cols doubles (rounded up to 16) and 256 rows.
class GramAccumulator {
public:
  explicit GramAccumulator(int64_t cols);

  int64_t cols() const { return width; }
  /// Bytes that an accumulator of that many columns takes.
  static int64_t bytes(int64_t cols);

  /// Adds rows, [count][cols]. `threads`: 0 for all cores.
  void add(llvm::ArrayRef<float> rows, unsigned threads = 0);
  /// To be called after the last rows, before the results are read.
  void finish(unsigned threads = 0);
  /// Row i of H as floats.
  void row(int64_t i, llvm::MutableArrayRef<float> out) const;
  double at(int64_t i, int64_t j) const;

private:
  void addBatch(unsigned threads);
  int64_t width, panels, count = 0;
  /// Rows to come, in panels of 16 columns: [panels][256][16].
  std::vector<float> batch;
  /// [panels * 16][panels * 16], filled from the panel of the diagonal on.
  std::vector<double> sums;
};

} // namespace halftone

#endif // HALFTONE_CALIBRATE_GRAM_H
