//===- quant-compile.cpp - From a trained model to a native program -------===//
#include "Options.h"

#include "halftone/Import/LoadMlir.h"
#include "halftone/Support/AtomicFile.h"
#include "halftone/Target/TargetInfo.h"
#include "halftone/Tune/Tune.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"
#include <csignal>
#include <optional>

using namespace halftone;
using namespace llvm;

static constexpr StringLiteral tool = "quant-compile";

static Error run(const QuantCompileOptions &options) {
  CompileOptions c = options.compile;
  bool toStandardOutput = c.output == "-";
  // A report that cannot be written is known before the work, not after it.
  std::optional<AtomicFile> reportFile;
  if (!c.reportFile.empty()) {
    Expected<AtomicFile> file = AtomicFile::create(c.reportFile);
    if (!file)
      return file.takeError();
    reportFile.emplace(std::move(*file));
  }
  if (options.calibrate.isAsked()) {
    Expected<Calibration> calibration = calibrate(c, options.calibrate);
    if (!calibration)
      return calibration.takeError();
    if (!options.quiet)
      errs() << formatv("calibrated on {0} tokens ({1})\n", calibration->data.tokens(), calibration->data.source);
    c.activationStatistics = toActivationStatistics(calibration->sites);
    if (c.output.empty()) {
      if (!options.quiet)
        printOutliers(outs(), findOutliers(c.activationStatistics));
      return Error::success();
    }
    c.calibrationTokens = std::move(calibration->data.sequences);
    if (c.equalize && (!c.rotate || !options.calibrate.reuse.empty()))
      c.channelMagnitudes = channelMagnitudes(calibration->sites, c.equalize->means);
  }
  if (options.tune) {
    auto progress = [&](size_t done, size_t total, StringRef name) {
      if (!options.quiet)
        errs() << formatv("measured {0} ({1} of {2})\n", name, done, total);
    };
    if (Error error = tune(c, c.tuningFile, progress))
      return error;
  }
  Expected<CompileReport> report = compile(c);
  if (!report)
    return report.takeError();
  if (reportFile) {
    reportFile->os() << formatv("{0:2}\n", report->toJson());
    if (Error error = reportFile->commit())
      return error;
  }
  if (options.quiet || toStandardOutput || report->tensors.empty())
    return Error::success();
  report->print(outs());
  outs() << formatv("wrote {0} for {1}, activations {2}\n", c.output, report->cpu, report->activations);
  outs().flush();
  std::error_code status = outs().error();
  outs().clear_error();
  return status ? createStringError("cannot write to standard output: " + status.message()) : Error::success();
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  std::signal(SIGXFSZ, SIG_IGN); // LLVM takes it for a crash; a file that grows too large is a failed write to us
  Expected<QuantCompileOptions> options = parseQuantCompileOptions(argc, argv);
  if (!options) {
    reportError(tool, options.takeError());
    return 1;
  }
  if (options->listCpus) {
    for (const std::string &cpu : TargetInfo::listCpus())
      outs() << cpu << '\n';
    return 0;
  }
  if (Error error = run(*options)) {
    reportError(tool, std::move(error));
    return 1;
  }
  return 0;
}
