//===- SearchEqualization.h - AWQ's search for exponents --------*- C++ -*-===//
//
// How strongly each class of channels is to be equalized, by what the products behind
// it lose on calibration text (Lin et al., "AWQ", MLSys 2024). Formulas: docs/PostTraining.md.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_COMPENSATE_SEARCHEQUALIZATION_H
#define HALFTONE_COMPENSATE_SEARCHEQUALIZATION_H

#include "halftone/Quantize/Format.h"
#include "halftone/Weights/Evaluate.h"
#include "llvm/ADT/StringMap.h"

namespace halftone {

/// Channels that are divided and multiplied together, see lowbit.equalizer.
struct EqualizedChannels {
  std::string weight; ///< the first that reads them
  int64_t repeat = 1, block = 1;
};

/// Exponents that are tried: 0, 1/20 .. 1.
inline constexpr int kEqualizationSteps = 20;

/// For each of `classes` the exponent of the channels' mean magnitudes, of those tried, with the least sum of
/// (w - w') H (w - w')^T over rows w of all weights that read them, where w' is what the weight's format makes of the
/// equalized row, and H the sum of x x^T over the tokens; of equal ones the smallest. At most 256 rows of a weight are
/// looked at. `model`: at stage 0, not equalized, with its weights in `store`; `formats`: of the weights that will be
/// quantized. Classes whose weight begins no piece of the model keep no entry. The same numbers with any number of
/// threads. Errors: those of compensateModel() that concern model and tokens.
llvm::Expected<llvm::StringMap<double>> searchEqualization(mlir::ModuleOp model, const TensorStore *store,
                                                           llvm::ArrayRef<EqualizedChannels> classes,
                                                           const llvm::StringMap<Format> &formats,
                                                           llvm::ArrayRef<std::vector<int32_t>> sequences,
                                                           unsigned threads);

} // namespace halftone

#endif // HALFTONE_COMPENSATE_SEARCHEQUALIZATION_H
