//===- Statistics.h - What the inputs of products are like ------*- C++ -*-===//
//
// Statistics of the inputs of a model's products on calibration text: per channel
// and as a histogram for the choice of ranges, equalization and outliers; Gram
// matrices for error compensation. They are gathered by running an
// ObservedProgram and live in a safetensors file, see docs/Calibration.md.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_CALIBRATE_STATISTICS_H
#define HALFTONE_CALIBRATE_STATISTICS_H

#include "halftone/Calibrate/CalibrationText.h"
#include "halftone/Support/SafeTensors.h"

namespace halftone {

/// Counts of values in 2048 bins of equal width over [-range, range). The range is a power of two above all magnitudes
/// (0: there were only zeros) and grows with them: two bins become one. So the counts depend on nothing but the values.
class Histogram {
public:
  static constexpr int64_t kBins = 2048;

  Histogram() : bins(kBins) {}
  /// From stored counts.
  Histogram(double range, std::vector<int64_t> counts) : width(range), bins(std::move(counts)) {}

  /// The values must be finite.
  void add(llvm::ArrayRef<float> values);
  double range() const { return width; }
  /// Bin b holds values from (b - 1024) range / 1024 on; zeros are in bin 1024.
  llvm::ArrayRef<int64_t> counts() const { return bins; }

private:
  void grow(double magnitude);
  double width = 0;
  std::vector<int64_t> bins;
};

/// What the input of one product, or of several, is like.
struct SiteStatistics {
  std::vector<std::string> weights; ///< tensor names of the products
  int64_t tokens = 0, cols = 0;
  std::vector<float> min, max;                        ///< of each channel
  std::vector<double> sum, sumMagnitudes, sumSquares; ///< of each channel, over the tokens
  Histogram histogram;                                ///< of all channels

  /// Adds rows x cols values. False, and nothing is added, if one is not finite.
  bool add(llvm::ArrayRef<float> values, int64_t rows);
};

struct StatisticsOptions {
  bool grams = true;
  /// Most bytes of Gram matrices in memory, at least one matrix. Where they need more, the text runs through the model
  /// once for each part of them.
  int64_t gramBytes = int64_t(512) << 20;
  unsigned threads = 0; ///< 0: all cores
  /// Called after each sequence of each run: (done, total).
  std::function<void(size_t, size_t)> progress;
};

/// Runs the data through the program, which observes inputs, and writes a statistics file; `modelHash` is that of
/// hashModel(). The same bytes with any number of threads. Errors: values that are not finite name the tensor; the file
/// cannot be written (nothing is left then).
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
  /// Of the input of the product with this weight; null if there is none.
  const SiteStatistics *find(llvm::StringRef weight) const;
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
