//===- Compensate.h - Quantization with error compensation ------*- C++ -*-===//
//
// Chooses codes and scales of a weight matrix for its inputs' second moments: what
// one weight loses, the others make up for. Formulas: docs/Compensation.md.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_COMPENSATE_H
#define HALFTONE_QUANTIZE_COMPENSATE_H

#include "halftone/Quantize/Quantize.h"
#include <memory>

namespace halftone {

/// The order in which columns are processed. The stored matrix keeps its columns.
enum class ColumnOrder {
  Natural,  ///< left to right
  Curvature ///< groups, and columns within a group, by descending diagonal of the Gram matrix
};

/// What is done beyond GPTQ's scheme; with `groupRounds` and `sweeps` 0 it is that scheme alone.
struct CompensateOptions {
  /// Added to the Gram matrix's diagonal, in units of its mean. Positive, at most 1. Raised tenfold, as often as
  /// needed, where the matrix is too near to singular for double arithmetic.
  double damping = 0.01;
  ColumnOrder order = ColumnOrder::Curvature;
  /// Alternations of codes and scales when a group is first quantized, in the metric that is left once all later
  /// groups make up for its error. 0: scales by the diagonal, codes column by column.
  unsigned groupRounds = 8;
  /// Passes over all groups at the end, with everything else held: coordinate descent over the codes, then scales by
  /// least squares. Each step lowers the loss; ends early where nothing changes.
  unsigned sweeps = 16;
  /// Whether `groupRounds` and `sweeps` refit scales; otherwise they change codes only.
  bool refitScales = true;
  /// Ranges that a group's first scales are tried at, 1 to 5.
  unsigned starts = 5;
  /// Sweeps of a row end with one that lowers its loss by less than this share.
  double sweepTolerance = 1e-7;
  /// Whether sweeps also start from the result of quantize().
  bool sweepPlain = true;
};

namespace compensate {
struct Metric;
} // namespace compensate

/// What all weight matrices share that see the same inputs: their Gram matrix, ordered, damped and factored once.
class Compensator {
public:
  /// For matrices of `cols` columns in formats with the groups of `format`. Errors: those of quantizeCompensated() that
  /// concern the Gram matrix, naming `tensorName`.
  static llvm::Expected<Compensator> create(llvm::ArrayRef<double> gram, int64_t cols, const Format &format,
                                            const CompensateOptions &options, llvm::StringRef tensorName,
                                            unsigned threads = 0);
  Compensator(Compensator &&);
  Compensator &operator=(Compensator &&);
  ~Compensator();

  /// quantizeCompensated() with this Gram matrix.
  llvm::Expected<QuantizedMatrix> quantize(llvm::ArrayRef<float> weights, int64_t rows, const Format &format,
                                           llvm::StringRef tensorName) const;
  /// compensationTarget() with this Gram matrix; sizes must match.
  llvm::Expected<std::vector<float>> target(llvm::ArrayRef<float> weights, int64_t rows, llvm::ArrayRef<double> missing,
                                            llvm::StringRef tensorName) const;

private:
  Compensator(std::unique_ptr<compensate::Metric> metric, const CompensateOptions &options, unsigned threads);
  std::unique_ptr<compensate::Metric> metric;
  CompensateOptions options;
  unsigned threads;
};

/// Quantizes `weights` (row-major rows x cols) so that sum over rows of (w - w') H (w - w')^T is small, where H is
/// `gram` (row-major cols x cols, the sum over tokens of x x^T). Rows are independent, and no row ends with a larger
/// loss than that of quantize() (of integers with zero points: with the range of least squared error); the result has
/// all the properties that Quantize.h promises, and the same bytes with any number of threads. The BCQ solver of the
/// format only chooses where groups start. Scales, offsets and zero points are chosen, too, but for formats with one
/// scale for the tensor, binary, MXFP4 and NVFP4: these keep those of quantize(), and their codes are chosen.
///
/// Errors: those of quantize(); a Gram matrix of the wrong size, with NaN or
/// infinity (names `tensorName` and the index), not symmetric, or with a negative diagonal or eigenvalue; damping out
/// of range. Memory: two cols x cols matrices of doubles.
llvm::Expected<QuantizedMatrix> quantizeCompensated(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols,
                                                    const Format &format, llvm::ArrayRef<double> gram,
                                                    const CompensateOptions &options, llvm::StringRef tensorName,
                                                    unsigned threads = 0);
/// The same for a Gram matrix of floats.
llvm::Expected<QuantizedMatrix> quantizeCompensated(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols,
                                                    const Format &format, llvm::ArrayRef<float> gram,
                                                    const CompensateOptions &options, llvm::StringRef tensorName,
                                                    unsigned threads = 0);

/// Weights that bring a layer whose inputs x' come from layers already quantized nearest to what the float model has
/// there: W + M (H + shift I)^-1, where H = `gram` is the sum of x' x'^T, M = `missing` (rows x cols) the sum over
/// tokens of (y - W x') x'^T for the wanted output y (that of the float layer; for a layer that ends a residual branch
/// with the difference of the two residual streams added), and shift is `damping` times the mean diagonal. Quantize
/// the result with the same `gram`. Errors: as quantizeCompensated(), and a result that is not finite.
llvm::Expected<std::vector<float>> compensationTarget(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols,
                                                      llvm::ArrayRef<double> gram, llvm::ArrayRef<double> missing,
                                                      double damping, llvm::StringRef tensorName, unsigned threads = 0);

/// sum over rows of (w - w') H (w - w')^T, in double. Sizes must match.
double compensationLoss(llvm::ArrayRef<float> weights, llvm::ArrayRef<float> approximation, int64_t rows, int64_t cols,
                        llvm::ArrayRef<double> gram);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_COMPENSATE_H
