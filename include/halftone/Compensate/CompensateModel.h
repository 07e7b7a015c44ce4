//===- CompensateModel.h - Error compensation of whole models ---*- C++ -*-===//
//
// Quantizes the products of a model in the order in which they run, each for the
// inputs that it will see behind layers that are quantized already, towards what
// the float model computes there. Formulas and measurements: docs/Compensation.md.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_COMPENSATE_COMPENSATEMODEL_H
#define HALFTONE_COMPENSATE_COMPENSATEMODEL_H

#include "halftone/Quantize/AdaRound.h"
#include "halftone/Quantize/Compensate.h"
#include "halftone/Quantize/WeightRange.h"
#include "halftone/Weights/Evaluate.h"
#include "llvm/ADT/StringMap.h"

namespace halftone {

/// A tensor whose codes and scales were found on calibration text.
struct CompensatedTensor {
  Format format;
  int64_t rows = 0, cols = 0;
  std::vector<uint8_t> packed; ///< as pack() gives it, so that a model takes no more memory than in the object
  /// Relative squared error of the product's outputs behind quantized layers, with quantize() and as stored.
  double plainError = 0, error = 0;
};

struct CompensatedModel {
  llvm::StringMap<CompensatedTensor> tensors;
  llvm::StringMap<std::vector<float>> gains;  ///< of norms, refitted to the quantized weights behind them
  llvm::StringMap<std::vector<float>> biases; ///< of products' outputs, by the name of the tensor that adds them

  /// Gives the tensors to evaluateWeights(); refers to this object.
  WeightReplacements replacements() const;
};

struct CompensateModelOptions {
  CompensateOptions numerics;
  /// Set: weights are rounded by AdaRound instead, which takes uniform formats only.
  std::optional<AdaRoundOptions> adaRound;
  /// Quantize what makes up for the errors of the layers before, not the weights themselves: compensationTarget().
  bool floatOutputs = true;
  /// Refit the gains of norms by least squares against the float outputs of the products behind them.
  bool tuneGains = true;
  /// Set: nothing is compensated, codes and scales are those of quantize() with this range, where a format has one.
  std::optional<WeightRange> plain;
  /// Find what the outputs of the products must be shifted by to keep their means. The model must have a bias for each
  /// weight in question (halftone-add-biases). Then weights are compensated for deviations from the mean alone.
  bool biases = false;
  unsigned threads = 0; ///< 0: all cores
  /// Called after each group of products with the same input: (done, total, name of its last weight).
  std::function<void(size_t, size_t, llvm::StringRef)> progress;
};

/// Quantizes the weights of `model` (stage 0, with its weights in `store`) that `formats` names; tensors that it does
/// not name, and such as are read by something else than products, keep their values. `sequences`: the tokens to
/// calibrate on, each sequence from position 0.
///
/// Every token passes the float model once and the quantized one once; in memory are what lives between two products
/// for all tokens and both models, the floats of the group in hand, and two to four matrices of doubles of its columns
/// squared. The same bytes with any number of threads.
///
/// Errors: a module that is no language model, or cannot be cut; no tokens, a sequence longer than the context, tokens
/// outside of the vocabulary; those of quantizeCompensated().
llvm::Expected<CompensatedModel> compensateModel(mlir::ModuleOp model, const TensorStore *store,
                                                 const llvm::StringMap<Format> &formats,
                                                 llvm::ArrayRef<std::vector<int32_t>> sequences,
                                                 const CompensateModelOptions &options);

} // namespace halftone

#endif // HALFTONE_COMPENSATE_COMPENSATEMODEL_H
