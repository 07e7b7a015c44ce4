//===- Statistics.h - What activations are like -----------------*- C++ -*-===//
//
// Statistics of the inputs of a model's products on calibration text, of their
// outputs and of the residual stream: per channel and as a histogram for the choice
// of ranges, equalization and outliers; Gram matrices of inputs for error
// compensation. They are gathered by running an
// ObservedProgram and live in a safetensors file, see docs/Calibration.md.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_CALIBRATE_STATISTICS_H
#define HALFTONE_CALIBRATE_STATISTICS_H

#include "halftone/Calibrate/CalibrationText.h"
#include "halftone/Quantize/Histogram.h"
#include "halftone/Quantize/Ranges.h"
#include "halftone/Support/SafeTensors.h"

namespace halftone {

/// What the input of one product or of several, the output of one, or the residual stream behind it is like.
struct SiteStatistics {
  std::vector<std::string> weights; ///< tensor names of the products
  ObservedValue value = ObservedValue::Input;
  int64_t tokens = 0, cols = 0;
  std::vector<float> min, max;                        ///< of each channel
  std::vector<double> sum, sumMagnitudes, sumSquares; ///< of each channel, over the tokens
  Histogram histogram;                                ///< of all channels
  FloatRange running;                                 ///< RunningRange of all channels, a batch per sequence

  /// Adds rows x cols values, except to `running`. False, and nothing is added, if one is not finite.
  bool add(llvm::ArrayRef<float> values, int64_t rows);
};

/// The statistics under the names that activation policies have for them (in:W for every W that shares the input).
std::vector<ActivationStatistics> toActivationStatistics(llvm::ArrayRef<SiteStatistics> sites);

struct StatisticsOptions {
  bool grams = true;
  /// Most bytes of Gram matrices in memory, at least one matrix. Where they need more, the text runs through the model
  /// once for each part of them.
  int64_t gramBytes = int64_t(512) << 20;
  unsigned threads = 0; ///< 0: all cores
  /// Called after each sequence of each run: (done, total).
  std::function<void(size_t, size_t)> progress;
};

/// Statistics of the inputs, outputs and sums that the program observes, and no Gram matrices. Errors: values that are
/// not finite name the tensor.
llvm::Expected<std::vector<SiteStatistics>> gatherStatistics(ObservedProgram &program, const CalibrationData &data,
                                                             const StatisticsOptions &options);

/// Runs the data through the program, which observes inputs, and outputs and sums if these are wanted, and writes a
/// statistics file; `modelHash` is that of hashModel(). The same bytes with any number of threads. Errors: values that
/// are not finite name the tensor; the file cannot be written (nothing is left then).
llvm::Error writeStatistics(llvm::StringRef path, ObservedProgram &program, const CalibrationData &data,
                            llvm::StringRef modelHash, const StatisticsOptions &options);

/// A statistics file, checked.
class StatisticsFile {
public:
  /// Errors: those of TensorStore; a file that holds something else, or damaged statistics (names the tensor).
  static llvm::Expected<StatisticsFile> open(llvm::StringRef path);

  /// An error that names both models if the statistics are not of the one with this hash; `model` is for people.
  llvm::Error checkModel(llvm::StringRef hash, llvm::StringRef model) const;

  llvm::ArrayRef<SiteStatistics> sites() const { return all; }
  /// Of the input of the product with this weight, or another value; null if there is none.
  const SiteStatistics *find(llvm::StringRef weight, ObservedValue value = ObservedValue::Input) const;
  /// The Gram matrix of that input, row-major cols x cols. Errors: no such weight; statistics without Gram matrices.
  llvm::Expected<std::vector<float>> gram(llvm::StringRef weight) const;
  /// The tokens that the statistics are of.
  const CalibrationData &data() const { return calibration; }
  llvm::StringRef modelHash() const { return model; }

private:
  explicit StatisticsFile(TensorStore store) : store(std::move(store)) {}
  llvm::Error read();
  llvm::Error readTokens();
  llvm::Error readSite(const llvm::json::Object &description);
  llvm::Error damaged(const llvm::Twine &what) const;
  template <typename T>
  llvm::Error readVector(const llvm::Twine &name, ElementKind kind, int64_t size, std::vector<T> &values) const;

  TensorStore store;
  std::string model;
  CalibrationData calibration;
  std::vector<SiteStatistics> all;
};

/// A hash in hexadecimal of what a model computes: its weights, and its configuration (a model folder's config.json, or
/// the text of an .mlir file). Errors: those of reading them.
llvm::Expected<std::string> hashModel(llvm::StringRef input);

} // namespace halftone

#endif // HALFTONE_CALIBRATE_STATISTICS_H
