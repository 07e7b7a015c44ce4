//===- Statistics.cpp - Gathering what the inputs of products are like ----===//

#include "halftone/Calibrate/Statistics.h"
#include "StatisticsFormat.h"
#include "halftone/Calibrate/Gram.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <cmath>

using namespace halftone;
using namespace llvm;

//===----------------------------------------------------------------------===//
// Histogram
//===----------------------------------------------------------------------===//

/// Makes the range greater than `magnitude`. Bins of the old range lie two by two in bins of the new one.
void Histogram::grow(double magnitude) {
  if (magnitude < width || magnitude == 0)
    return;
  double wanted = std::ldexp(1.0, std::ilogb(magnitude) + 1);
  if (width == 0)
    width = wanted; // only zeros so far, which stay in their bin
  for (; width < wanted; width *= 2) {
    std::vector<int64_t> merged(kBins);
    for (int64_t bin = 0; bin < kBins; ++bin)
      merged[size_t(kBins / 4 + bin / 2)] += bins[size_t(bin)];
    bins = std::move(merged);
  }
}

void Histogram::add(ArrayRef<float> values) {
  double magnitude = 0;
  for (float value : values)
    magnitude = std::max(magnitude, double(std::abs(value)));
  grow(magnitude);
  if (width == 0) {
    bins[kBins / 2] += int64_t(values.size());
    return;
  }
  // A power of two: the products are exact.
  double scale = kBins / 2 / width;
  for (float value : values)
    ++bins[size_t(int64_t(std::floor(double(value) * scale)) + kBins / 2)];
}

//===----------------------------------------------------------------------===//
// SiteStatistics
//===----------------------------------------------------------------------===//

bool SiteStatistics::add(ArrayRef<float> values, int64_t rows) {
  for (float value : values)
    if (!std::isfinite(value))
      return false;
  if (tokens == 0) {
    cols = rows ? int64_t(values.size()) / rows : 0;
    min.assign(size_t(cols), INFINITY);
    max.assign(size_t(cols), -INFINITY);
    sum.assign(size_t(cols), 0.0);
    sumMagnitudes = sumSquares = sum;
  }
  for (const float *row = values.begin(); row != values.end(); row += cols)
    for (size_t col = 0; col < size_t(cols); ++col) {
      double value = row[col];
      min[col] = std::min(min[col], row[col]);
      max[col] = std::max(max[col], row[col]);
      sum[col] += value;
      sumMagnitudes[col] += std::abs(value);
      sumSquares[col] += value * value;
    }
  histogram.add(values);
  tokens += rows;
  return true;
}

//===----------------------------------------------------------------------===//
// Running the data
//===----------------------------------------------------------------------===//

namespace {

/// Runs the data as often as needed: once for what is small, together with the first Gram matrices, and again for more
/// of these.
class Gatherer {
public:
  Gatherer(ObservedProgram &program, const CalibrationData &data, const StatisticsOptions &options)
      : program(program), data(data), options(options) {
    for (auto [number, site] : enumerate(program.sites()))
      if (site.value == ObservedValue::Input)
        order.push_back(number);
    sites.resize(order.size());
    for (auto [index, number] : enumerate(order)) {
      indices[number] = index;
      sites[index].weights = program.sites()[number].weights;
    }
    planRuns();
  }

  /// The first run.
  Error gather() { return run(/*small=*/true, 0); }

  ArrayRef<SiteStatistics> statistics() const { return sites; }

  /// The Gram matrix of a site; they must be asked for in order.
  Expected<const GramAccumulator *> gram(size_t index) {
    while (index >= windowEnd)
      if (Error error = run(/*small=*/false, windowEnd))
        return std::move(error);
    return &*grams[index - windowBegin];
  }

private:
  int64_t colsOf(size_t index) const { return program.sites()[order[index]].cols; }

  /// The end of the window of Gram matrices that begins at a site.
  size_t endOfWindow(size_t begin) const {
    int64_t bytes = 0;
    size_t end = begin;
    for (; options.grams && end < order.size(); ++end) {
      bytes += GramAccumulator::bytes(colsOf(end));
      if (end > begin && bytes > options.gramBytes)
        break;
    }
    return end;
  }

  void planRuns() {
    size_t runs = 1;
    for (size_t end = endOfWindow(0); options.grams && end < order.size(); end = endOfWindow(end))
      ++runs;
    total = runs * data.sequences.size();
  }

  Error run(bool small, size_t begin) {
    windowBegin = begin;
    windowEnd = endOfWindow(begin);
    grams.clear();
    for (size_t index = windowBegin; index < windowEnd; ++index)
      grams.push_back(std::make_unique<GramAccumulator>(colsOf(index)));
    // Nothing behind the window's last site is needed again.
    RunRange range;
    if (!small)
      range.stop = sites[windowEnd - 1].weights.front();
    std::string infinite;
    auto observer = [&](const Observation &observation) {
      auto found = indices.find(observation.number);
      if (found == indices.end())
        return;
      size_t index = found->second;
      if (small && !sites[index].add(observation.data, observation.rows) && infinite.empty())
        infinite = sites[index].weights.front();
      if (index >= windowBegin && index < windowEnd)
        grams[index - windowBegin]->add(observation.data, options.threads);
    };
    for (const std::vector<int32_t> &sequence : data.sequences) {
      if (Error error = program.run(sequence, observer, nullptr, range))
        return error;
      if (!infinite.empty())
        return createStringError("the model's inputs of tensor '" + infinite +
                                 "' are not finite on the calibration text");
      if (options.progress)
        options.progress(++done, total);
    }
    for (auto &gram : grams)
      gram->finish(options.threads);
    return Error::success();
  }

  ObservedProgram &program;
  const CalibrationData &data;
  const StatisticsOptions &options;
  std::vector<size_t> order; ///< numbers of the sites
  DenseMap<size_t, size_t> indices;
  std::vector<SiteStatistics> sites;
  size_t windowBegin = 0, windowEnd = 0;
  std::vector<std::unique_ptr<GramAccumulator>> grams; ///< of the window
  size_t done = 0, total = 0;
};

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// A tensor that is in memory.
template <typename T>
TensorToWrite vectorToWrite(std::string name, ElementKind kind, std::vector<T> values) {
  std::vector<int64_t> shape{int64_t(values.size())};
  return {std::move(name), kind, shape, [values = std::move(values)](raw_ostream &os) {
            for (T value : values)
              support::endian::write(os, value, endianness::little);
            return Error::success();
          }};
}

TensorToWrite gramToWrite(Gatherer &gatherer, size_t index, const SiteStatistics &site) {
  return {statisticsTensor(site.weights.front(), "gram"),
          ElementKind::F32,
          {site.cols, site.cols},
          [&gatherer, index](raw_ostream &os) -> Error {
            Expected<const GramAccumulator *> gram = gatherer.gram(index);
            if (!gram)
              return gram.takeError();
            std::vector<float> row(size_t((*gram)->cols()));
            for (int64_t i = 0; i < (*gram)->cols(); ++i) {
              (*gram)->row(i, row);
              for (float value : row)
                support::endian::write(os, value, endianness::little);
            }
            return Error::success();
          }};
}

void addSite(std::vector<TensorToWrite> &tensors, const SiteStatistics &site) {
  auto name = [&](StringRef what) { return statisticsTensor(site.weights.front(), what); };
  tensors.push_back(vectorToWrite(name("min"), ElementKind::F32, site.min));
  tensors.push_back(vectorToWrite(name("max"), ElementKind::F32, site.max));
  tensors.push_back(vectorToWrite(name("sum"), ElementKind::F64, site.sum));
  tensors.push_back(vectorToWrite(name("sum_magnitudes"), ElementKind::F64, site.sumMagnitudes));
  tensors.push_back(vectorToWrite(name("sum_squares"), ElementKind::F64, site.sumSquares));
  tensors.push_back(vectorToWrite(name("histogram"), ElementKind::I64, site.histogram.counts().vec()));
}

std::string describeSites(ArrayRef<SiteStatistics> sites) {
  json::Array list;
  for (const SiteStatistics &site : sites)
    list.push_back(json::Object{{"weights", json::Array(site.weights)},
                                {"tokens", site.tokens},
                                {"cols", site.cols},
                                {"histogram_range", site.histogram.range()}});
  return formatv("{0}", json::Value(std::move(list))).str();
}

void addTokens(std::vector<TensorToWrite> &tensors, const CalibrationData &data) {
  std::vector<int32_t> tokens, lengths;
  for (const std::vector<int32_t> &sequence : data.sequences) {
    lengths.push_back(int32_t(sequence.size()));
    append_range(tokens, sequence);
  }
  tensors.push_back(vectorToWrite(kTokensTensor.str(), ElementKind::I32, std::move(tokens)));
  tensors.push_back(vectorToWrite(kLengthsTensor.str(), ElementKind::I32, std::move(lengths)));
}

} // namespace

Error halftone::writeStatistics(StringRef path, ObservedProgram &program, const CalibrationData &data,
                                StringRef modelHash, const StatisticsOptions &options) {
  Gatherer gatherer(program, data, options);
  if (Error error = gatherer.gather())
    return error;
  std::vector<TensorToWrite> tensors;
  addTokens(tensors, data);
  for (const SiteStatistics &site : gatherer.statistics())
    addSite(tensors, site);
  if (options.grams)
    for (auto [index, site] : enumerate(gatherer.statistics()))
      tensors.push_back(gramToWrite(gatherer, index, site));
  std::vector<std::pair<std::string, std::string>> metadata = {
      {"format", kStatisticsFormat.str()},
      {"model", modelHash.str()},
      {"data", data.hash()},
      {"source", json::fixUTF8(data.source)},
      {"sites", describeSites(gatherer.statistics())},
  };
  return writeSafeTensors(path, tensors, metadata);
}
