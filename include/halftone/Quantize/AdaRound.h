//===- AdaRound.h - Learned rounding of uniform integers --------*- C++ -*-===//
//
// Rounds each weight up or down so that the outputs of its layer change least
// (Nagel et al., "Up or down? Adaptive rounding for post-training quantization",
// ICML 2020), for layers whose inputs are known by their Gram matrix. Measurements:
// docs/PostTraining.md.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_ADAROUND_H
#define HALFTONE_QUANTIZE_ADAROUND_H

#include "halftone/Quantize/Quantize.h"
#include "halftone/Quantize/WeightRange.h"

namespace halftone {

struct AdaRoundOptions {
  unsigned iterations = 1000;
  double learningRate = 0.1; ///< of Adam
  /// Weight of the regularizer, in units of the mean loss of a weight that is off by one step; ten times this in the
  /// last tenth of the iterations.
  double regularization = 0.2;
  double warmUp = 0.2;                              ///< share of the iterations without regularizer
  double firstPower = 20, lastPower = 2;            ///< of the regularizer: from one to the other by a cosine
  WeightRange range{WeightRange::MeanSquaredError}; ///< gives scales and zero points, which stay
};

/// The rectified sigmoid h(v) = clip(sigmoid(v) (zeta - gamma) + gamma, 0, 1), zeta = 1.1, gamma = -0.1, and the v that
/// gives h, from above 0 to below 1.
double rectifiedSigmoid(double v);
double inverseRectifiedSigmoid(double h);

struct AdaRoundResult {
  QuantizedMatrix matrix;
  double loss = 0,
         nearestLoss = 0; ///< sum over rows of (w - w') H (w - w')^T, and that of quantize() in the same range
  int64_t undecided = 0;  ///< weights whose h was not within 0.001 of 0 or 1 in the end
};

/// Minimises, row by row, with w' = s clip(floor(w / s) + h(v)) and H = `gram` (row-major cols x cols),
///
///   (w - w') H (w - w')^T + lambda sum (1 - |2 h(v) - 1|^beta)
///
/// by Adam over v, from the v that give w' = w; in the end h is rounded. A row whose loss would be above that of
/// quantize() in the same range keeps the codes of the latter. The same bytes with any number of threads. Work:
/// iterations * rows * cols^2.
///
/// Errors: those of quantize(); formats other than Rtn; a Gram matrix of the wrong size or with NaN or infinity.
llvm::Expected<AdaRoundResult> adaRound(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols, const Format &format,
                                        llvm::ArrayRef<double> gram, const AdaRoundOptions &options,
                                        llvm::StringRef tensorName, unsigned threads = 0);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_ADAROUND_H
