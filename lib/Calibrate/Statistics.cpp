//===- Statistics.cpp - Gathering what activations are like ---------------===//

#include "halftone/Calibrate/Statistics.h"
#include "StatisticsFormat.h"
#include "halftone/Calibrate/Gram.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include <cmath>
#include <numeric>

using namespace halftone;
using namespace llvm;

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
    for (auto [number, observed] : enumerate(program.sites())) {
      if (observed.value == ObservedValue::Residual)
        continue; // a sum, or the embeddings
      if (observed.value == ObservedValue::Input && options.grams) {
        gramIndices[number] = inputs.size();
        inputs.push_back(number);
      }
      indices[number] = sites.size();
      sites.emplace_back();
      sites.back().weights = observed.weights;
      sites.back().value = observed.value;
    }
    batches.resize(sites.size());
    running.resize(sites.size());
    planRuns();
  }

  /// The first run.
  Error gather() { return run(/*small=*/true, 0); }

  ArrayRef<SiteStatistics> statistics() const { return sites; }

  /// The Gram matrix of an input, by its number among inputs; they must be asked for in order.
  Expected<const GramAccumulator *> gram(size_t index) {
    while (index >= windowEnd)
      if (Error error = run(/*small=*/false, windowEnd))
        return std::move(error);
    return &*grams[index - windowBegin];
  }

private:
  int64_t colsOf(size_t input) const { return program.sites()[inputs[input]].cols; }

  /// The end of the window of Gram matrices that begins at an input.
  size_t endOfWindow(size_t begin) const {
    int64_t bytes = 0;
    size_t end = begin;
    for (; end < inputs.size(); ++end) {
      bytes += GramAccumulator::bytes(colsOf(end));
      if (end > begin && bytes > options.gramBytes)
        break;
    }
    return end;
  }

  void planRuns() {
    size_t runs = 1;
    for (size_t end = endOfWindow(0); end < inputs.size(); end = endOfWindow(end))
      ++runs;
    total = runs * data.sequences.size();
  }

  Error run(bool small, size_t begin) {
    windowBegin = begin;
    windowEnd = endOfWindow(begin);
    grams.clear();
    for (size_t input = windowBegin; input < windowEnd; ++input)
      grams.push_back(std::make_unique<GramAccumulator>(colsOf(input)));
    // Nothing behind the window's last site is needed again.
    RunRange range;
    if (!small)
      range.stop = program.sites()[inputs[windowEnd - 1]].weights.front();
    std::string problem;
    auto observer = [&](const Observation &observation) {
      if (small)
        addSmall(observation, problem);
      auto found = gramIndices.find(observation.number);
      if (found != gramIndices.end() && found->second >= windowBegin && found->second < windowEnd)
        grams[found->second - windowBegin]->add(observation.data, options.threads);
    };
    for (const std::vector<int32_t> &sequence : data.sequences) {
      if (Error error = program.run(sequence, observer, nullptr, range))
        return error;
      if (!problem.empty())
        return createStringError(problem);
      if (small)
        endBatches();
      if (options.progress)
        options.progress(++done, total);
    }
    for (auto &gram : grams)
      gram->finish(options.threads);
    return Error::success();
  }

  /// Adds to everything but the Gram matrices. `problem`: the first one.
  void addSmall(const Observation &observation, std::string &problem) {
    auto found = indices.find(observation.number);
    if (found == indices.end() || !problem.empty())
      return;
    SiteStatistics &site = sites[found->second];
    if (!site.add(observation.data, observation.rows)) {
      bool isInput = site.value == ObservedValue::Input;
      problem = formatv("the model's {0} of tensor '{1}' are not finite on the calibration text",
                        isInput ? "inputs" : "outputs", site.weights.front());
      return;
    }
    FloatRange chunk = minMaxRange(observation.data);
    std::vector<float> &batch = batches[found->second];
    batch.push_back(chunk.low);
    batch.push_back(chunk.high);
  }

  /// A sequence, a batch of the running ranges, is at its end.
  void endBatches() {
    for (auto [index, batch] : enumerate(batches)) {
      running[index].add(batch);
      sites[index].running = running[index].range();
      batch.clear();
    }
  }

  ObservedProgram &program;
  const CalibrationData &data;
  const StatisticsOptions &options;
  std::vector<SiteStatistics> sites;
  DenseMap<size_t, size_t> indices;        ///< of `sites`, by the number of the program's site
  std::vector<std::vector<float>> batches; ///< of each site: smallest and largest value of the chunks of this sequence
  std::vector<RunningRange> running;
  std::vector<size_t> inputs;           ///< numbers of the program's sites with Gram matrices
  DenseMap<size_t, size_t> gramIndices; ///< of `inputs`, by the number of the program's site
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
  return {statisticsTensor(site.weights.front(), site.value, "gram"),
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
  auto name = [&](StringRef what) { return statisticsTensor(site.weights.front(), site.value, what); };
  tensors.push_back(vectorToWrite(name("min"), ElementKind::F32, site.min));
  tensors.push_back(vectorToWrite(name("max"), ElementKind::F32, site.max));
  tensors.push_back(vectorToWrite(name("sum"), ElementKind::F64, site.sum));
  tensors.push_back(vectorToWrite(name("sum_magnitudes"), ElementKind::F64, site.sumMagnitudes));
  tensors.push_back(vectorToWrite(name("sum_squares"), ElementKind::F64, site.sumSquares));
  tensors.push_back(
      vectorToWrite(name("running"), ElementKind::F32, std::vector<float>{site.running.low, site.running.high}));
  tensors.push_back(vectorToWrite(name("histogram"), ElementKind::I64, site.histogram.counts().vec()));
}

std::string describeSites(ArrayRef<SiteStatistics> sites) {
  json::Array list;
  for (const SiteStatistics &site : sites)
    list.push_back(json::Object{{"weights", json::Array(site.weights)},
                                {"value", statisticsKind(site.value)},
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

std::vector<ActivationStatistics> halftone::toActivationStatistics(ArrayRef<SiteStatistics> sites) {
  std::vector<ActivationStatistics> list;
  for (const SiteStatistics &site : sites)
    for (const std::string &weight : site.weights) {
      double values = double(site.tokens) * double(site.cols);
      double mean = std::accumulate(site.sum.begin(), site.sum.end(), 0.0) / values;
      double square = std::accumulate(site.sumSquares.begin(), site.sumSquares.end(), 0.0) / values;
      double deviation = std::sqrt(std::max(0.0, square - mean * mean));
      std::string name = (statisticsKind(site.value) + ":" + weight).str();
      list.push_back({name, site.min, site.max, mean, deviation, site.histogram, site.running});
    }
  return list;
}

Expected<std::vector<SiteStatistics>> halftone::gatherStatistics(ObservedProgram &program, const CalibrationData &data,
                                                                 const StatisticsOptions &options) {
  StatisticsOptions small = options;
  small.grams = false;
  Gatherer gatherer(program, data, small);
  if (Error error = gatherer.gather())
    return std::move(error);
  return gatherer.statistics().vec();
}

Error halftone::writeStatistics(StringRef path, ObservedProgram &program, const CalibrationData &data,
                                StringRef modelHash, const StatisticsOptions &options) {
  Gatherer gatherer(program, data, options);
  if (Error error = gatherer.gather())
    return error;
  std::vector<TensorToWrite> tensors;
  addTokens(tensors, data);
  for (const SiteStatistics &site : gatherer.statistics())
    addSite(tensors, site);
  size_t input = 0;
  for (const SiteStatistics &site : gatherer.statistics())
    if (options.grams && site.value == ObservedValue::Input)
      tensors.push_back(gramToWrite(gatherer, input++, site));
  std::vector<std::pair<std::string, std::string>> metadata = {
      {"format", kStatisticsFormat.str()},
      {"model", modelHash.str()},
      {"data", data.hash()},
      {"source", json::fixUTF8(data.source)},
      {"sites", describeSites(gatherer.statistics())},
  };
  return writeSafeTensors(path, tensors, metadata);
}
