//===- WeightRange.h - Ranges of uniform weight formats ---------*- C++ -*-===//
//
// What a group of weights is cut off at before it is rounded to integers. Methods
// and measurements: docs/PostTraining.md.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_WEIGHTRANGE_H
#define HALFTONE_QUANTIZE_WEIGHTRANGE_H

#include "halftone/Quantize/Ranges.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace halftone {

/// How the range of a group is found, by its name: `minmax`, `mse`, `percentile:<P>`, `hqq`.
struct WeightRange {
  enum Kind {
    MinMax,           ///< all weights are inside
    MeanSquaredError, ///< least sum of squared errors
    Percentile,       ///< `percent` of the weights are inside
    HalfQuadratic     ///< least sum of |error|^0.7, by half-quadratic splitting (HQQ)
  };
  Kind kind = MinMax;
  double percent = 100; ///< of Percentile: above 50, at most 100

  /// The name that parseWeightRange() reads.
  std::string name() const;
  bool operator==(const WeightRange &o) const { return kind == o.kind && percent == o.percent; }
};

/// Reads a name. The error says which names there are.
llvm::Expected<WeightRange> parseWeightRange(llvm::StringRef name);

/// The magnitude at which symmetric integers of `bits` (2..8) end. MinMax, MeanSquaredError, Percentile.
double weightClip(llvm::ArrayRef<float> weights, unsigned bits, const WeightRange &range);
/// The range of integers with a zero point; contains zero. MinMax, MeanSquaredError, Percentile.
FloatRange weightLimits(llvm::ArrayRef<float> weights, unsigned bits, const WeightRange &range);

/// The integers low..high, of which `zero` is worth 0, in steps of `scale`.
struct UniformGrid {
  double scale = 1, zero = 0;
  int low = 0, high = 0;
};
/// `x` rounded to the grid.
double roundToGrid(double x, const UniformGrid &grid);
/// sum |x - Q(x)|^0.7, in units of the grid's scale raised to that power.
double halfQuadraticLoss(llvm::ArrayRef<float> weights, const UniformGrid &grid);
/// HQQ (Badri and Shaji, "Half-quadratic quantization of large machine learning models", 2023): alternates
///
///   e <- shrink(w - s (q - z)),  shrink(x) = sign(x) max(|x| - |x|^(p-1) / beta, 0)
///   z <- mean of (q - (w - e) / s),  q <- round(w / s + z),  beta <- 1.01 beta
///
/// with p = 0.7 and beta = 10 at first, in units of the scale; here the scale is refitted in the same way, by least
/// squares of w - e, and grids without a zero point (`fitZero` false) have their scale fitted alone. Returns the grid,
/// zero rounded to an integer, of least halfQuadraticLoss() relative to that of `start`: never a worse one.
UniformGrid halfQuadraticGrid(llvm::ArrayRef<float> weights, UniformGrid start, bool fitZero);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_WEIGHTRANGE_H
