//===- Options.cpp - Command line of quant-import -------------------------===//
#include "Options.h"

#include "halftone/Import/Synthetic.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace halftone {

static constexpr StringLiteral overview =
    R"(quant-import: from a trained checkpoint to MLIR (stage 0)

Reads the folder of a trained model and writes what it computes as MLIR: linalg and nn on float tensors. The
weights stay where they are; the MLIR names them, and says where they are in 'lowbit.externals', relative to the
.mlir file where that can be. Known models: LlamaForCausalLM (Hugging Face layout: config.json, model.safetensors
or shards of it; F32, F16 or BF16).

examples
  quant-import my-llama -o my-llama.mlir        then: quant-opt my-llama.mlir, quant-compile my-llama.mlir
  quant-import my-llama --context 512           a shorter KV cache; MLIR on standard output
  quant-import --synthetic 'llama(hidden=768,layers=12,heads=12,ffn=2048,vocab=32000)' -o made-up
                                                random weights, for benchmarks: a folder that can be imported
)";

static void printVersion(raw_ostream &os) { os << "quant-import 0.1.0 (LLVM " LLVM_VERSION_STRING ")\n"; }

static Error usageError(const Twine &message) { return createStringError(message + "; see 'quant-import --help'"); }

static Error checkOptions(const QuantImportOptions &options, bool hasOutput) {
  if (options.synthetic.empty() && options.input.empty())
    return usageError("no model folder given");
  if (!options.synthetic.empty() && !options.input.empty())
    return usageError("a model folder and --synthetic exclude each other");
  if (!options.synthetic.empty() && (!hasOutput || options.output == "-"))
    return usageError("--synthetic needs '-o FOLDER'");
  if (options.context < 0)
    return usageError("--context must be a number of tokens, but is " + Twine(options.context));
  return Error::success();
}

Expected<QuantImportOptions> parseQuantImportOptions(int argc, char **argv) {
  // The shared libLLVM brings hundreds of options of its own, "threads" among them.
  cl::ResetCommandLineParser();
  static cl::OptionCategory category("quant-import options");
  static cl::opt<std::string> input(cl::Positional, cl::desc("<model folder>"), cl::cat(category));
  static cl::opt<std::string> output("o",
                                     cl::desc("Write to this .mlir file (default: standard output), or, with "
                                              "--synthetic, into this folder"),
                                     cl::value_desc("path"), cl::init("-"), cl::cat(category));
  static cl::opt<std::string> synthetic("synthetic",
                                        cl::desc("Write a model with random weights instead of reading one"),
                                        cl::value_desc("llama(...)"), cl::cat(category));
  static cl::opt<int64_t> context("context", cl::desc("Most tokens of a sequence; at most what the model was made for"),
                                  cl::value_desc("tokens"), cl::init(0), cl::cat(category));
  static cl::opt<unsigned> threads("threads", cl::desc("Threads of --synthetic (default: all cores)"),
                                   cl::value_desc("n"), cl::init(0), cl::cat(category));
  static const std::string keys = ("\n" + syntheticHelp()).str();
  static cl::extrahelp extra(keys);
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(printVersion);
  cl::ParseCommandLineOptions(argc, argv, overview);

  QuantImportOptions options{input, output, synthetic, context, threads};
  if (Error error = checkOptions(options, output.getNumOccurrences() > 0))
    return std::move(error);
  if (synthetic.getNumOccurrences() && synthetic.empty())
    return usageError("--synthetic needs a description such as 'llama(hidden=64)'");
  if (context.getNumOccurrences() && options.context == 0)
    return usageError("--context must be at least 1");
  return options;
}

} // namespace halftone
