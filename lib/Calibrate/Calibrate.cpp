//===- Calibrate.cpp - Calibration as a user asks for it ------------------===//

#include "halftone/Calibrate/Calibrate.h"
#include "halftone/Support/AtomicFile.h"
#include "halftone/Support/Progress.h"

using namespace halftone;
using namespace llvm;

/// From a statistics file.
static Expected<CalibrationData> reuse(const CompileOptions &model, StringRef path) {
  Expected<StatisticsFile> file = StatisticsFile::open(path);
  if (!file)
    return file.takeError();
  Expected<std::string> hash = hashModel(model.input);
  if (!hash)
    return hash.takeError();
  if (Error error = file->checkModel(*hash, model.input))
    return std::move(error);
  return file->data();
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

static Error save(ObservedProgram &program, const CalibrationData &data, const CompileOptions &model,
                  const CalibrateOptions &options) {
  Expected<std::string> hash = hashModel(model.input);
  if (!hash)
    return hash.takeError();
  StatisticsOptions statistics;
  statistics.threads = model.threads;
  Progress line;
  if (model.progress)
    statistics.progress = [&](size_t done, size_t total) { line.update(done, total, "calibration sequences"); };
  return writeStatistics(options.save, program, data, *hash, statistics);
}

Expected<CalibrationData> halftone::calibrate(const CompileOptions &model, const CalibrateOptions &options) {
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
  observe.values.inputs = !options.save.empty();
  observe.threads = model.threads;
  observe.context = kCalibrationSequence;
  Expected<std::unique_ptr<ObservedProgram>> program = ObservedProgram::compile(plain, observe);
  if (!program)
    return program.takeError();
  Expected<CalibrationData> data = makeData(**program, options, text, model.progress);
  if (!data)
    return data;
  if (!options.save.empty())
    if (Error error = save(**program, *data, model, options))
      return std::move(error);
  return data;
}
