//===- Compile.h - From a model to an artefact ------------------*- C++ -*-===//
//
// What quant-compile does, as a library: input in any form, the stages of
// Pipelines.h, weights streamed to the object, the report.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_DRIVER_COMPILE_H
#define HALFTONE_DRIVER_COMPILE_H

#include "halftone/Driver/Report.h"
#include "halftone/Plan/CostModel.h"
#include "halftone/Quantize/ActivationRange.h"
#include "halftone/Quantize/Rewrites.h"
#include "llvm/Support/Error.h"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace halftone {

/// What an observed program shows of its products with weights.
struct ObservedValues {
  bool inputs = true, outputs = false, residuals = false, sums = false;
};

struct CompileOptions {
  std::string input;  ///< model folder or .mlir file, "-": MLIR on standard input
  std::string output; ///< by its suffix: .mlir, .ll, .s, .o (and .h), .so; none: an executable
  std::string format = "bcq3g32", embeddingFormat = "float", headFormat = "auto";
  std::vector<std::string> tensorFormats; ///< regex=format
  /// i8 holds where weights are integers times a scale; floats and plane scales keep float activations.
  std::string activations = "i8", strategy = "auto";
  /// Range of uniform weight formats, see WeightRange.h.
  std::string weightRange = "minmax";
  /// Error compensation on calibration text: none (empty), "plain" (GPTQ's scheme), "full" or "adaround".
  std::string compensate;
  /// Biases that keep the means of products' outputs on calibration text.
  bool biasCorrection = false;
  std::vector<std::vector<int32_t>> calibrationTokens; ///< sequences, for `compensate` and `biasCorrection`
  std::vector<std::string> activationPolicy;           ///< regex=kind, see lowbit-requantize-activations
  std::string activationRanges;                        ///< JSON file with ranges of activations; empty: none
  /// Without such a file: what calibration saw, and which range is made of it (see ActivationRange.h).
  std::vector<ActivationStatistics> activationStatistics;
  std::string activationRange = "minmax";
  std::string ternaryPacking = "auto";  ///< auto, bits or trits
  unsigned lutTables = 16;              ///< bits of the entries of look-up tables: 16 (exact) or 8
  std::optional<Equalization> equalize; ///< scales of channels that go into weights, see halftone-equalize
  /// Magnitudes of the channels of products' inputs for `equalize`, by the first weight; without, it guesses them.
  std::map<std::string, std::vector<float>> channelMagnitudes;
  std::optional<int64_t> rotate; ///< a seed: the residual stream is rotated, see halftone-rotate
  /// LLVM's name of the CPU, or native; several, separated by commas, for a model that picks when it is opened.
  std::string cpu = "native";
  /// A file of measured times to choose kernels by (see Plan/Tuning.h); empty: none, estimates.
  std::string tuningFile;
  std::string triple;          ///< target triple, empty: this machine's
  std::string compileTo;       ///< float, lowbit, planned, loops or llvm; only for .mlir outputs
  std::string reportFile;      ///< JSON; empty: none
  std::string sanitize;        ///< "address": code for AddressSanitizer; empty: none
  int64_t context = 0;         ///< tokens in the KV cache, 0: as the model says
  int64_t chunk = 64;          ///< most tokens of one prefill call
  unsigned threads = 0;        ///< of the compiler, 0: all cores
  bool choosesFormats = false; ///< the user asked for formats, activations or a strategy: warn where they come too late
  bool progress = false;       ///< progress on standard error
  bool warnings = true;        ///< on standard error
  /// Set: the program shows these values to its host (see halftone-insert-observers), and the report says which.
  std::optional<ObservedValues> observe;
};

/// True for what CompileOptions::compensate may be, but for the empty string.
bool isCompensation(llvm::StringRef name);

/// Compiles. Warnings go to standard error as they appear; errors are in the error (a DiagnosticsError where MLIR found
/// them). The report says what was made; it has no tensors when an .mlir was written. Nothing is left behind after an
/// error.
llvm::Expected<CompileReport> compile(const CompileOptions &options);

/// What a compilation leaves to the choice of kernels: every product with integer activations and no forced strategy,
/// once per format, shape and activations, in the order of the program. Errors: those of compile() up to stage lowbit.
llvm::Expected<std::vector<ProductShape>> listProducts(const CompileOptions &options);

} // namespace halftone

#endif // HALFTONE_DRIVER_COMPILE_H
