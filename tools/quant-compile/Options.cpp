//===- Options.cpp - Command line of quant-compile ------------------------===//
#include "Options.h"

#include "halftone/Quantize/ActivationPolicy.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace halftone {

static constexpr StringLiteral overview =
    R"(quant-compile: from a trained model to a native low-bit program

INPUT is a model folder (Hugging Face LlamaForCausalLM) or an .mlir file with products by constant weights, at any
stage up to loops. What is written depends on the suffix of the output:
  model         an executable: model, tokenizer and runtime in one file (./model --prompt "..." -n 60)
  model.so      a shared object for quant-run
  model.o       a relocatable object, and model.h to use it from C
  model.s .ll   assembly, LLVM IR
  model.mlir    MLIR of the stage that --compile-to names: float, lowbit (default), planned, loops, llvm

formats (g: elements that share a scale, 0: the whole row)
  bcq<planes>g<group>    binary coding, 1 to 8 planes, two-level scales; with f at the end: a float scale per plane;
                         with z at the end: an offset per group
  binaryg<group>         -1, +1 times a scale
  ternaryg<group>        -1, 0, +1 times a scale; with a at the end: a scale for +1 and another for -1
  rtn<bits>g<group>      integers around 0, round to nearest, 2 to 8 bits; with f at the end: 32-bit scales;
                         rtn<bits>t: one scale per tensor
  int<bits>g<group>      the same with a zero point per group; int<bits>t
  vsq<bits>v<V>s<M>      VS-Quant: 2 to 8 bits, scales of M = 3 to 10 bits per V = 8 to 128 elements, a float per row;
                         <bits>u: unsigned elements; sf: a float per vector
  mxfp4, nvfp4           floats of 4 bits with a scale of 8 bits per 32 or 16 elements
  float                  unquantized

examples
  quant-compile my-llama --format bcq3g32 -o my-llama.so        3 bits and scales, 8-bit activations
  quant-compile my-llama --format ternaryg64 --activations f32 -o my-llama
  quant-compile my-llama --format bcq2g32 --calibrate self --compensate -o my-llama.so
  quant-compile my-llama --format bcq3g32 --tensor-format 'down_proj=rtn4g32' --head-format rtn8g0 -o m.o
  quant-compile my-llama --calibrate self --save-statistics my-llama.statistics
  quant-compile my-llama --statistics my-llama.statistics --activation-policy 'sum:.*down_proj=static16' -o my-llama.so
  quant-compile mlp.mlir --format rtn8g0 -o mlp.o --report mlp.json
  quant-compile my-llama --tune=my-machine.json -o my-llama.so
  quant-compile my-llama --mcpu znver5,x86-64-v3,x86-64 -o my-llama.so
)";

static void printVersion(raw_ostream &os) { os << "quant-compile 0.1.0 (LLVM " LLVM_VERSION_STRING ")\n"; }

static Error usageError(const Twine &message) { return createStringError(message + "; see 'quant-compile --help'"); }

/// True if an activation's range is to come from calibration. Errors are compile()'s.
static bool needsActivationRanges(const CompileOptions &options) {
  Expected<ActivationPolicy> policy = ActivationPolicy::parse(options.activationPolicy, "");
  if (policy)
    return policy->needsRanges() && options.activationRanges.empty();
  consumeError(policy.takeError());
  return false;
}

/// True if something that is asked for needs calibration.
static bool usesCalibration(const QuantCompileOptions &options) {
  return !options.calibrate.save.empty() || !options.compile.compensate.empty() || options.compile.biasCorrection ||
         options.calibrate.statistics || (options.compile.equalize && !options.calibrate.reuse.empty());
}

static Error checkCalibration(const QuantCompileOptions &options, bool choosesText) {
  const CalibrateOptions &calibrate = options.calibrate;
  if (!calibrate.source.empty() && !calibrate.reuse.empty())
    return usageError("--calibrate and --statistics exclude each other: the latter has its text");
  if (!calibrate.save.empty() && calibrate.source.empty())
    return usageError("--save-statistics needs text; add --calibrate FILE, or --calibrate self");
  if (choosesText && calibrate.source.empty())
    return usageError("--calibration-tokens and --seed need --calibrate");
  if (calibrate.tokens < kLeastCalibrationTokens)
    return usageError("--calibration-tokens must be at least " + Twine(kLeastCalibrationTokens));
  if (calibrate.isAsked() && !usesCalibration(options))
    return usageError("nothing uses the calibration; add --compensate, --bias-correction, --equalize, a static kind of "
                      "--activation-policy, or "
                      "--save-statistics");
  const std::string &compensate = options.compile.compensate;
  if (!compensate.empty() && !isCompensation(compensate))
    return usageError("unknown compensation '" + compensate + "', expected plain, full or adaround");
  return Error::success();
}

namespace {

/// The initial values.
const CompileOptions &defaults() {
  static const CompileOptions options;
  return options;
}

cl::OptionCategory &category() {
  static cl::OptionCategory category("quant-compile options");
  return category;
}

struct Text : cl::opt<std::string> {
  Text(StringRef name, const char *description, const char *value, const std::string &initial = "")
      : opt(name, cl::desc(description), cl::value_desc(value), cl::init(initial), cl::cat(category())) {}
};

/// A flag that may stand without a value.
struct OptionalText : cl::opt<std::string> {
  OptionalText(StringRef name, const char *description, const char *value)
      : opt(name, cl::desc(description), cl::value_desc(value), cl::ValueOptional, cl::init(""), cl::cat(category())) {}
};

struct Texts : cl::list<std::string> {
  Texts(StringRef name, const char *description, const char *value)
      : list(name, cl::desc(description), cl::value_desc(value), cl::cat(category())) {}
};

template <typename T>
struct Number : cl::opt<T> {
  Number(StringRef name, const char *description, const char *value, T initial)
      : cl::opt<T>(name, cl::desc(description), cl::value_desc(value), cl::init(initial), cl::cat(category())) {}
};

struct Switch : cl::opt<bool> {
  Switch(StringRef name, const char *description) : opt(name, cl::desc(description), cl::cat(category())) {}
};

/// Formats of weights and activations, and how products are computed.
struct FormatFlags {
  Text format{"format", "Format of weights that no other option names", "format", defaults().format};
  Text embedding{"embedding-format", "Format of the embedding table", "format", defaults().embeddingFormat};
  Text head{"head-format", "Format of the output head; auto: the embedding's if they are one table, else rtn8g0",
            "format", defaults().headFormat};
  Texts tensorFormats{"tensor-format",
                      "Format of the tensors whose name the regular expression finds; repeatable, the last match wins",
                      "regex=format"};
  Text weightRange{"weight-range",
                   "Where rtn and int formats cut off: minmax (default; nowhere), mse, percentile:<P> or hqq", "range",
                   defaults().weightRange};
  Text activations{
      "activations",
      "Precision of activations: i8 (default; exact integer products, the same bits everywhere), i16, b2 to b8 (fewer "
      "bits), b1 (signs and mean magnitude), f32, or vsq<b>v<V>s<M> with weights of such a format (an integer scale "
      "per vector; p<bits> at the end rounds products of scales)",
      "kind", defaults().activations};
  Texts activationPolicy{
      "activation-policy",
      "What activations are rounded to whose name the regular expression finds (in:W, out:W, sum:W for the "
      "input, the output and the residual sum of the product with weight W): f32, i8, i16, static<bits>, "
      "grouped<K>, peg<K> or, of inputs, vsq<bits>v<vector>s<scale bits>; repeatable, the last match wins",
      "regex=kind"};
  Text range{"activation-range",
             "Range of static<bits> out of calibration: minmax (default), running, percentile:<P>, mse or entropy",
             "range", defaults().activationRange};
  Text ranges{"activation-ranges",
              "JSON file with the ranges that static kinds of activations need, in place of calibration", "path"};
  Text strategy{"strategy", "Kernel strategy: auto, lut, dot, popcount or dequant", "name", defaults().strategy};
  Text packing{
      "ternary-packing",
      "Ternary weights as two bits each or five trits to a byte: auto (five for lut where the CPU looks up 128 "
      "entries at once), bits, trits",
      "kind", defaults().ternaryPacking};
  Number<unsigned> lutTables{"lut-tables",
                             "Bits of the entries of look-up tables: 16 (default; exact) or 8 (faster; sums are "
                             "rounded, and the report says how far products are off)",
                             "bits", defaults().lutTables};

  void apply(CompileOptions &c) const {
    c.format = format;
    c.embeddingFormat = embedding;
    c.headFormat = head;
    c.tensorFormats.assign(tensorFormats.begin(), tensorFormats.end());
    c.weightRange = weightRange;
    c.activations = activations;
    c.activationPolicy.assign(activationPolicy.begin(), activationPolicy.end());
    c.activationRange = range;
    c.activationRanges = ranges;
    c.strategy = strategy;
    c.ternaryPacking = packing;
    c.lutTables = lutTables;
    c.choosesFormats = tensorFormats.getNumOccurrences() + activationPolicy.getNumOccurrences() > 0;
    for (const Text *flag : {&format, &embedding, &head, &weightRange, &activations, &strategy})
      c.choosesFormats |= flag->getNumOccurrences() > 0;
  }
};

/// How weights are rewritten and rounded.
struct RewriteFlags {
  OptionalText compensate{
      "compensate",
      "Choose codes and scales for what the layers compute on the calibration text: plain (GPTQ), full "
      "(default): alternating codes and scales, towards the float model's outputs, or adaround (rtn and int "
      "formats)",
      "plain|full|adaround"};
  Switch biasCorrection{"bias-correction",
                        "Add a bias to each product with quantized weights, so that its outputs keep "
                        "their means on the calibration text"};
  OptionalText equalize{
      "equalize",
      "Move scales of channels from activations into weights before they are quantized: alpha of SmoothQuant "
      "(default: 0.5), or awq[:alpha], whose alpha is searched where there is calibration; by the channels' "
      "magnitudes in calibration, or guessed from the weights",
      "alpha|awq"};
  OptionalText rotate{"rotate", "Rotate the residual stream before weights are quantized; seed (default: 1)", "seed"};

  Error apply(CompileOptions &c) const {
    c.compensate = compensate.getNumOccurrences() && compensate.empty() ? "full" : compensate.getValue();
    c.biasCorrection = biasCorrection;
    if (equalize.getNumOccurrences()) {
      Expected<Equalization> parsed = parseEqualization(equalize.getValue());
      if (!parsed)
        return usageError(toString(parsed.takeError()));
      c.equalize = *parsed;
    }
    if (int64_t rotation = 1; rotate.getNumOccurrences()) {
      if (!rotate.empty() && StringRef(rotate).getAsInteger(10, rotation))
        return usageError("--rotate takes a seed, not '" + rotate + "'");
      c.rotate = rotation;
    }
    return Error::success();
  }
};

/// For which machine, and how kernels are chosen.
struct TargetFlags {
  Text cpu{"mcpu",
           "Target CPU, LLVM's name, or native; see --list-cpus. Several, separated by commas: code for each "
           "in one model, which picks when it is opened",
           "cpu", defaults().cpu};
  Text triple{"target", "Target triple, for example aarch64-linux-gnu (default: this machine's)", "triple"};
  Text sanitize{"sanitize",
                "Check every access to memory: address makes code for AddressSanitizer, slow, for programs that "
                "have its runtime",
                "address"};
  OptionalText tune{
      "tune",
      "Measure the kernels of the model's products on this machine, keep what is found in a file (default: the "
      "output's name and .tuning.json; one that exists is added to) and choose by it",
      "file"};
  Text tuning{"tuning", "Choose kernels by this file of --tune", "path"};

  /// After the output is known.
  Error apply(QuantCompileOptions &options) const {
    CompileOptions &c = options.compile;
    c.cpu = cpu;
    c.triple = triple;
    c.sanitize = sanitize;
    options.tune = tune.getNumOccurrences() > 0;
    c.tuningFile = options.tune ? (tune.empty() ? c.output + ".tuning.json" : tune.getValue()) : tuning.getValue();
    if (options.tune && tuning.getNumOccurrences())
      return usageError("--tune and --tuning exclude each other: the former adds to its file");
    if (options.tune && tune.empty() && (c.output.empty() || c.output == "-"))
      return usageError("--tune needs a file here; add it as --tune=FILE");
    return Error::success();
  }
};

/// The text to calibrate on, and what is kept of it.
struct CalibrationFlags {
  Text source{"calibrate",
              "Calibrate on this text file ('-': standard input), or on text that the model itself writes (self)",
              "file|self"};
  Number<int64_t> tokens{"calibration-tokens", "Tokens to calibrate on, at most those of the text (default: 10240)",
                         "n", 10240};
  Number<uint64_t> seed{"seed", "Seed of the text that the model itself writes (default: 1)", "n", 1};
  Text save{"save-statistics",
            "Write statistics of the calibration (ranges, histograms, Gram matrices) to this file; without -o "
            "nothing else is done",
            "path"};
  Text reuse{"statistics", "Calibrate by a file of --save-statistics", "path"};

  /// After the formats and rewrites.
  Error apply(QuantCompileOptions &options) const {
    CalibrateOptions &calibrate = options.calibrate;
    calibrate.source = source;
    calibrate.tokens = tokens;
    calibrate.seed = seed;
    calibrate.save = save;
    calibrate.reuse = reuse;
    calibrate.statistics =
        needsActivationRanges(options.compile) || (options.compile.equalize && !options.compile.rotate);
    if (options.compile.output.empty() && calibrate.save.empty())
      return usageError("no output given; add '-o PATH'");
    return checkCalibration(options, tokens.getNumOccurrences() || seed.getNumOccurrences());
  }
};

/// Files, the size of the program, the compiler itself.
struct GeneralFlags {
  cl::opt<std::string> input{cl::Positional, cl::desc("<model folder or .mlir file>"), cl::cat(category())};
  Text output{"o", "Output; its suffix says what to write", "path"};
  Text compileTo{"compile-to", "Stage to stop at, for .mlir outputs", "stage"};
  Text report{"report", "Write the report as JSON to this file", "path"};
  Number<int64_t> context{"context", "Tokens that the KV cache holds (default: as the model says)", "tokens", 0};
  Number<int64_t> chunk{"chunk", "Most tokens of one prefill call (default: 64)", "tokens", 64};
  Number<unsigned> threads{"threads", "Threads of the compiler itself (default: all cores)", "n", 0};
  Switch quiet{"quiet", "No table of tensors"};
  cl::alias quietShort{"q", cl::desc("Alias for --quiet"), cl::aliasopt(quiet), cl::cat(category())};
  Switch listCpus{"list-cpus", "Print the names that --mcpu takes"};

  void apply(QuantCompileOptions &options) const {
    CompileOptions &c = options.compile;
    options.quiet = quiet;
    options.listCpus = listCpus;
    c.input = input;
    c.output = output;
    c.compileTo = compileTo;
    c.reportFile = report;
    c.context = context;
    c.chunk = chunk;
    c.threads = threads;
    c.progress = !quiet;
  }

  Error checkSizes() const {
    if (context < 0 || (context.getNumOccurrences() && context == 0))
      return usageError("--context must be at least 1");
    if (chunk < 1 || chunk > 4096)
      return usageError("--chunk must be between 1 and 4096");
    return Error::success();
  }
};

} // namespace

Expected<QuantCompileOptions> parseQuantCompileOptions(int argc, char **argv) {
  // The shared libLLVM brings hundreds of options of its own, "threads" among them.
  cl::ResetCommandLineParser();
  // The parser keeps references to flags: they live as long as the process.
  static GeneralFlags general;
  static FormatFlags formats;
  static RewriteFlags rewrites;
  static TargetFlags target;
  static CalibrationFlags calibration;
  cl::HideUnrelatedOptions(category());
  cl::SetVersionPrinter(printVersion);
  cl::ParseCommandLineOptions(argc, argv, overview);

  QuantCompileOptions options;
  general.apply(options);
  formats.apply(options.compile);
  if (Error error = rewrites.apply(options.compile))
    return std::move(error);
  if (Error error = target.apply(options))
    return std::move(error);
  if (options.listCpus)
    return options;
  if (options.compile.input.empty())
    return usageError("no model given");
  if (Error error = calibration.apply(options))
    return std::move(error);
  if (Error error = general.checkSizes())
    return std::move(error);
  return options;
}

} // namespace halftone
