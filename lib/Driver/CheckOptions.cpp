//===- CheckOptions.cpp - Wrong options, before any work ------------------===//

#include "CheckOptions.h"
#include "Describe.h"
#include "dialects/Lowbit/IR/LowbitAttrs.h"
#include "halftone/Quantize/ActivationPolicy.h"
#include "halftone/Quantize/ActivationVectors.h"
#include "halftone/Quantize/WeightRange.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"

using namespace halftone;
using llvm::createStringError;
using llvm::Error;
using llvm::StringRef;

bool halftone::isMlirOutput(const CompileOptions &options) {
  return StringRef(options.output).ends_with(".mlir") || options.output == "-";
}

static Error checkFormat(StringRef name) { return parseFormat(name).takeError(); }

static Error checkTensorFormat(StringRef rule) {
  auto [pattern, name] = rule.rsplit('=');
  if (!rule.contains('='))
    return createStringError("--tensor-format '" + rule + "' is not of the form regex=format");
  std::string problem;
  if (!llvm::Regex(pattern).isValid(problem))
    return createStringError("--tensor-format '" + rule + "': invalid regular expression: " + problem);
  return checkFormat(name);
}

static Error checkFormats(const CompileOptions &options) {
  for (StringRef name : {StringRef(options.format), StringRef(options.embeddingFormat)})
    if (Error error = checkFormat(name))
      return error;
  if (options.headFormat != "auto")
    if (Error error = checkFormat(options.headFormat))
      return error;
  for (const std::string &rule : options.tensorFormats)
    if (Error error = checkTensorFormat(rule))
      return error;
  if (Error error = parseWeightRange(options.weightRange).takeError())
    return error;
  return Error::success();
}

static Error checkKernels(const CompileOptions &options) {
  bool hasVectors = namesActivationVectors(options.activations);
  if (hasVectors)
    if (Error error = parseActivationVectors(options.activations).takeError())
      return error;
  std::optional<lowbit::Activations> activations = lowbit::activationsByName(options.activations);
  if (!activations && !hasVectors)
    return createStringError("unknown activations '" + options.activations + "', expected " + lowbit::kActivationNames);
  std::optional<lowbit::Strategy> strategy = lowbit::symbolizeStrategy(options.strategy);
  if (!strategy)
    return createStringError("unknown strategy '" + options.strategy + "', expected " + lowbit::kStrategyNames);
  if (lowbit::isIntegerStrategy(*strategy) && activations == lowbit::Activations::F32)
    return createStringError("strategy " + options.strategy +
                             " works on integer activations; use --activations i8 or b1 to b8, or --strategy dequant");
  if (hasVectors && *strategy != lowbit::Strategy::Auto && *strategy != lowbit::Strategy::Dot)
    return createStringError("strategy " + options.strategy + " has no kernel for activations " + options.activations +
                             "; use dot");
  if (!llvm::is_contained({"auto", "bits", "trits"}, options.ternaryPacking))
    return createStringError("unknown ternary packing '" + options.ternaryPacking + "', expected auto, bits or trits");
  if (options.lutTables != 8 && options.lutTables != 16)
    return createStringError("--lut-tables takes 16 (exact) or 8, not " + llvm::Twine(options.lutTables));
  if (options.lutTables == 8 && *strategy != lowbit::Strategy::Lut && *strategy != lowbit::Strategy::Auto)
    return createStringError("--lut-tables 8 is about look-ups; strategy " + options.strategy + " has none");
  return Error::success();
}

bool halftone::isCompensation(StringRef name) { return name == "plain" || name == "full" || name == "adaround"; }

static Error checkCompensation(const CompileOptions &options) {
  if (options.compensate.empty())
    return Error::success();
  if (!isCompensation(options.compensate))
    return createStringError("unknown compensation '" + options.compensate + "', expected plain, full or adaround");
  if (options.weightRange != "minmax" && options.compensate != "adaround")
    return createStringError("--compensate chooses scales itself, or keeps those of plain quantization; it excludes "
                             "--weight-range " +
                             options.weightRange);
  if (isMlirOutput(options))
    return createStringError("--compensate chooses codes, which MLIR does not hold; write an object");
  if (options.calibrationTokens.empty())
    return createStringError("--compensate needs calibration text; add --calibrate");
  return Error::success();
}

static Error checkBiasCorrection(const CompileOptions &options) {
  if (!options.biasCorrection)
    return Error::success();
  if (isMlirOutput(options))
    return createStringError(
        "--bias-correction finds biases as weights are written, which MLIR does not hold; write an "
        "object");
  if (options.calibrationTokens.empty())
    return createStringError("--bias-correction needs calibration text; add --calibrate");
  return Error::success();
}

static Error checkActivationPolicy(const CompileOptions &options) {
  if (Error error = ActivationPolicy::parse(options.activationPolicy, "--activation-policy").takeError())
    return error;
  llvm::Expected<ActivationRange> range = parseActivationRange(options.activationRange);
  if (!range)
    return range.takeError();
  if (range->kind != ActivationRange::MinMax && !options.activationRanges.empty())
    return createStringError("--activation-range " + options.activationRange +
                             " needs statistics; the file of --activation-ranges has smallest and largest values only");
  if (range->kind != ActivationRange::MinMax && options.activationStatistics.empty())
    return createStringError("--activation-range " + options.activationRange +
                             " needs calibration for a static kind of --activation-policy");
  return Error::success();
}

/// Measured magnitudes are of the channels as they are in the checkpoint.
static Error checkRewrites(const CompileOptions &options) {
  if (options.rotate && !options.channelMagnitudes.empty())
    return createStringError("--rotate mixes the channels that the statistics are of; with it, --equalize takes none");
  return Error::success();
}

static Error checkOutput(const CompileOptions &options) {
  StringRef suffix = llvm::sys::path::extension(options.output);
  for (StringRef other :
       {".a", ".bc", ".c", ".cpp", ".dll", ".dylib", ".exe", ".gguf", ".h", ".json", ".obj", ".onnx", ".safetensors"})
    if (suffix == other)
      return createStringError("cannot write '" + options.output + "': the suffix " + other +
                               " is none of .mlir, .ll, .s, .o and .so, or none for an executable");
  if (isMlirOutput(options) && !options.reportFile.empty())
    return createStringError("--report needs an output with packed weights, not MLIR");
  if (options.compileTo.empty())
    return Error::success();
  if (!stageByName(options.compileTo))
    return createStringError("unknown stage '" + options.compileTo +
                             "' of --compile-to, expected float, lowbit, planned, loops or llvm");
  if (!isMlirOutput(options))
    return createStringError("--compile-to needs an output that ends in .mlir, not '" + options.output + "'");
  return Error::success();
}

static Error checkSanitizer(const CompileOptions &options) {
  if (options.sanitize.empty())
    return Error::success();
  if (options.sanitize != "address")
    return createStringError("unknown sanitizer '" + options.sanitize + "', expected address");
  if (isMlirOutput(options))
    return createStringError("--sanitize is about machine code, which MLIR is not; write an object");
  return Error::success();
}

Error halftone::checkOptions(const CompileOptions &options) {
  if (Error error = checkFormats(options))
    return error;
  if (Error error = checkKernels(options))
    return error;
  if (Error error = checkCompensation(options))
    return error;
  if (Error error = checkBiasCorrection(options))
    return error;
  if (Error error = checkActivationPolicy(options))
    return error;
  if (Error error = checkRewrites(options))
    return error;
  if (Error error = checkSanitizer(options))
    return error;
  return checkOutput(options);
}
