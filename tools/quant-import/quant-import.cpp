//===- quant-import.cpp - From a trained checkpoint to stage-0 MLIR -------===//
#include "Options.h"

#include "halftone/Import/Externals.h"
#include "halftone/Import/Import.h"
#include "halftone/Import/LoadMlir.h"
#include "halftone/Import/Synthetic.h"
#include "halftone/Support/AtomicFile.h"
#include "halftone/Support/Progress.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

using namespace halftone;
using namespace llvm;

static constexpr StringLiteral tool = "quant-import";

/// Writes the module of a model folder as text.
static Error runImport(const QuantImportOptions &options) {
  // Opened first: a long import must not end with an output that cannot be written.
  Expected<AtomicFile> file = AtomicFile::create(options.output);
  if (!file)
    return file.takeError();
  Expected<std::string> externals = externalsPathFor(options.input, options.output);
  if (!externals)
    return externals.takeError();
  ImportOptions importOptions;
  importOptions.context = options.context;
  importOptions.externals = *externals;
  importOptions.warn = [](StringRef text) { WithColor::warning(errs(), tool) << text << '\n'; };
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Expected<mlir::OwningOpRef<mlir::ModuleOp>> module = importModel(context, options.input, importOptions);
  if (!module)
    return module.takeError();
  (*module)->print(file->os());
  file->os() << '\n';
  return file->commit();
}

/// Writes a model folder with random weights.
static Error runSynthetic(const QuantImportOptions &options) {
  Expected<SyntheticLlama> model = parseSyntheticLlama(options.synthetic);
  if (!model)
    return model.takeError();
  Progress progress;
  auto update = [&](size_t done, size_t total) { progress.update(done, total, "tensors written"); };
  if (Error error = writeSyntheticLlama(*model, options.output, options.threads, update))
    return error;
  int64_t parameters = model->parameters();
  errs() << formatv("{0}: llama with {1:N} parameters, {2:f1} MB of {3}\n", options.output, parameters,
                    double(parameters) * elementBytes(model->kind) / 1e6, elementName(model->kind));
  return Error::success();
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  Expected<QuantImportOptions> options = parseQuantImportOptions(argc, argv);
  Error error = !options                     ? options.takeError()
                : options->synthetic.empty() ? runImport(*options)
                                             : runSynthetic(*options);
  if (!error)
    return 0;
  reportError(tool, std::move(error));
  return 1;
}
