//===- Calibrate.cpp - Calibration as a user asks for it ------------------===//

#include "halftone/Calibrate/Calibrate.h"
#include "halftone/Support/AtomicFile.h"
#include "halftone/Support/Progress.h"
#include <algorithm>

using namespace halftone;
using namespace llvm;

/// From a statistics file.
static Expected<Calibration> reuse(const CompileOptions &model, StringRef path) {
  Expected<StatisticsFile> file = StatisticsFile::open(path);
  if (!file)
    return file.takeError();
  Expected<std::string> hash = hashModel(model.input);
  if (!hash)
    return hash.takeError();
  if (Error error = file->checkModel(*hash, model.input))
    return std::move(error);
  return Calibration{file->data(), file->sites().vec()};
}

static Expected<CalibrationData> makeData(ObservedProgram &program, const CalibrateOptions &options, StringRef text,
                                          bool progress) {
  if (options.source != "self")
    return tokenizeCalibrationText(program, text, options.source, options.tokens);
  Progress line;
  std::function<void(int64_t)> tell;
  if (progress)
    tell = [&](int64_t written) { line.update(size_t(written), size_t(options.tokens), "calibration tokens written"); };
  return generateCalibrationText(program, options.seed, options.tokens, tell);
}

/// Statistics of the activations; they are saved if that is wanted.
static Expected<std::vector<SiteStatistics>> gather(ObservedProgram &program, const CalibrationData &data,
                                                    const CompileOptions &model, const CalibrateOptions &options) {
  StatisticsOptions statistics;
  statistics.threads = model.threads;
  Progress line;
  if (model.progress)
    statistics.progress = [&](size_t done, size_t total) { line.update(done, total, "calibration sequences"); };
  if (options.save.empty())
    return gatherStatistics(program, data, statistics);
  Expected<std::string> hash = hashModel(model.input);
  if (!hash)
    return hash.takeError();
  if (Error error = writeStatistics(options.save, program, data, *hash, statistics))
    return std::move(error);
  Expected<StatisticsFile> file = StatisticsFile::open(options.save);
  if (!file)
    return file.takeError();
  return file->sites().vec();
}

Expected<Calibration> halftone::calibrate(const CompileOptions &model, const CalibrateOptions &options) {
  if (model.input == "-")
    return createStringError("calibration reads the model several times, which standard input cannot; name a file");
  if (!options.reuse.empty())
    return reuse(model, options.reuse);
  // What can go wrong at once does so before the work.
  std::string text;
  if (options.source != "self") {
    Expected<std::string> read = readCalibrationText(options.source);
    if (!read)
      return read.takeError();
    text = std::move(*read);
  }
  if (!options.save.empty())
    if (Expected<AtomicFile> probe = AtomicFile::create(options.save); !probe)
      return probe.takeError();
  // Statistics are of the model as it is, whatever is made of it.
  CompileOptions plain;
  plain.input = model.input;
  plain.warnings = false;
  ObserveOptions observe;
  bool wantsStatistics = options.statistics || !options.save.empty();
  observe.values.inputs = observe.values.outputs = observe.values.sums = wantsStatistics;
  observe.threads = model.threads;
  observe.context = kCalibrationSequence;
  Expected<std::unique_ptr<ObservedProgram>> program = ObservedProgram::compile(plain, observe);
  if (!program)
    return program.takeError();
  Expected<CalibrationData> data = makeData(**program, options, text, model.progress);
  if (!data)
    return data.takeError();
  Calibration calibration{std::move(*data), {}};
  if (wantsStatistics) {
    Expected<std::vector<SiteStatistics>> sites = gather(**program, calibration.data, model, options);
    if (!sites)
      return sites.takeError();
    calibration.sites = std::move(*sites);
  }
  return calibration;
}

std::map<std::string, std::vector<float>> halftone::channelMagnitudes(ArrayRef<SiteStatistics> sites, bool means) {
  std::map<std::string, std::vector<float>> result;
  for (const SiteStatistics &site : sites) {
    if (site.value != ObservedValue::Input)
      continue;
    std::vector<float> &magnitudes = result[site.weights.front()];
    for (int64_t i = 0; i < site.cols; ++i)
      magnitudes.push_back(means ? float(site.sumMagnitudes[i] / double(site.tokens))
                                 : std::max(-site.min[i], site.max[i]));
  }
  return result;
}
