//===- Compile.cpp - From a model to an artefact --------------------------===//

#include "halftone/Driver/Compile.h"
#include "Activations.h"
#include "CheckOptions.h"
#include "Describe.h"
#include "Observe.h"
#include "Rewrite.h"
#include "Targets.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Compensate/CompensateModel.h"
#include "halftone/Compensate/PieceProgram.h"
#include "halftone/Compensate/SearchEqualization.h"
#include "halftone/Import/Externals.h"
#include "halftone/Import/Import.h"
#include "halftone/Import/LoadMlir.h"
#include "halftone/InitAll.h"
#include "halftone/Pipelines/Pipelines.h"
#include "halftone/Support/AtomicFile.h"
#include "halftone/Support/Progress.h"
#include "halftone/Target/Artifact.h"
#include "halftone/Transforms/Passes.h"
#include "lib/Transforms/Weights.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace halftone;

namespace {

/// A file that disappears with the object, and when the process is interrupted.
class TemporaryFile {
public:
  ~TemporaryFile() {
    if (path.empty())
      return;
    llvm::sys::fs::remove(path);
    llvm::sys::DontRemoveFileOnSignal(path);
  }
  llvm::Error create(StringRef beside) {
    if (std::error_code ec = llvm::sys::fs::createUniqueFile(beside + ".weights-%%%%%%", fd, path)) {
      path.clear();
      return llvm::createStringError(llvm::formatv("cannot write '{0}': {1}", beside, ec.message()).str());
    }
    llvm::sys::RemoveFileOnSignal(path);
    return llvm::Error::success();
  }
  int fd = -1;
  SmallString<128> path;
};

/// Bytes between weights that AddressSanitizer guards.
constexpr int64_t kRedzone = 1024;

class Compilation {
public:
  explicit Compilation(const CompileOptions &options)
      : options(options),
        context(registry(), options.threads == 1 ? MLIRContext::Threading::DISABLED : MLIRContext::Threading::ENABLED),
        diagnostics(&context, [this](Diagnostic &diagnostic) { receive(diagnostic); }) {}

  llvm::Expected<CompileReport> run() {
    if (llvm::Error error = open())
      return std::move(error);
    for (const NamedTarget &each : targets)
      report.cpu += (report.cpu.empty() ? "" : ",") + each.target.cpu;
    if (llvm::Error error = checkTargets())
      return std::move(error);
    if (llvm::Error error = rewrite())
      return std::move(error);
    if (isMlirOutput(options))
      return writeMlir();
    if (llvm::Error error = build())
      return std::move(error);
    return std::move(report);
  }

  /// See listProducts().
  llvm::Expected<std::vector<ProductShape>> products() {
    if (llvm::Error error = open())
      return std::move(error);
    if (stageOf(*module) < Stage::Lowbit)
      if (llvm::Error error = advance(Stage::Lowbit))
        return std::move(error);
    return openProducts(*module, options.lutTables);
  }

private:
  static DialectRegistry registry() {
    DialectRegistry registry;
    halftone::registerAllDialects(registry);
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    return registry;
  }

  /// What comes first in everything: options, targets and the input.
  llvm::Error open() {
    if (llvm::Error error = checkOptions(options))
      return error;
    llvm::Expected<std::vector<NamedTarget>> found = findTargets(options.cpu, options.triple);
    if (!found)
      return found.takeError();
    targets = std::move(*found);
    return load();
  }

  /// Shows warnings at once and keeps errors (with their notes) for the error that the caller gets.
  void receive(Diagnostic &diagnostic) {
    bool isWarning = diagnostic.getSeverity() != DiagnosticSeverity::Error;
    std::string text;
    llvm::raw_string_ostream os(text);
    os << placeOf(diagnostic.getLocation()) << (isWarning ? "warning: " : "error: ") << diagnostic.str() << '\n';
    for (Diagnostic &note : diagnostic.getNotes())
      if (!StringRef(note.str()).starts_with("see current operation")) // MLIR adds whole functions and modules
        os << placeOf(note.getLocation()) << "note: " << note.str() << '\n';
    if (isWarning)
      (options.warnings && !muted ? llvm::errs() : llvm::nulls()) << text;
    else if (errors.find(text) == std::string::npos)
      errors += text;
  }

  /// "file.mlir:3:7: ", or the input and the tensor that an importer named.
  std::string placeOf(Location location) const {
    if (auto loc = location->findInstanceOf<FileLineColLoc>())
      return llvm::formatv("{0}:{1}:{2}: ", loc.getFilename().getValue(), loc.getLine(), loc.getColumn());
    if (auto loc = location->findInstanceOf<NameLoc>())
      return llvm::formatv("{0}: {1}: ", options.input, loc.getName().getValue());
    return options.input + ": ";
  }

  /// What the diagnostics said, or `otherwise` if there were none.
  llvm::Error takeErrors(const llvm::Twine &otherwise) {
    if (errors.empty())
      return llvm::createStringError(otherwise);
    return llvm::make_error<DiagnosticsError>(std::exchange(errors, {}));
  }

  /// Several CPUs: only for models, and only before kernels are chosen.
  llvm::Error checkTargets() {
    if (targets.size() == 1)
      return llvm::Error::success();
    if (isMlirOutput(options))
      return llvm::createStringError("MLIR is written for one CPU; name one with --mcpu, not '" + options.cpu + "'");
    if (!(*module)->hasAttr("halftone.model"))
      return llvm::createStringError("only a model can hold code for several CPUs; name one with --mcpu, not '" +
                                     options.cpu + "'");
    if (stageOf(*module) > Stage::Lowbit)
      return llvm::createStringError("'" + options.input + "' is at stage " + stageName(stageOf(*module)) +
                                     ", made for one CPU; name it with --mcpu");
    return llvm::Error::success();
  }

  llvm::Error load() {
    bool isFolder = llvm::sys::fs::is_directory(options.input);
    if (isFolder) {
      ImportOptions import;
      import.context = options.context;
      if (options.warnings)
        import.warn = [](StringRef text) { llvm::WithColor::warning(llvm::errs(), "quant-compile") << text << '\n'; };
      llvm::Expected<OwningOpRef<ModuleOp>> imported = importModel(context, options.input, import);
      if (!imported)
        return imported.takeError();
      module = std::move(*imported);
    } else {
      if (options.context > 0)
        return llvm::createStringError("--context shortens models as they are imported; '" + options.input +
                                       "' is imported already");
      if (options.input != "-" && !llvm::sys::fs::exists(options.input))
        return llvm::createStringError("'" + options.input + "': No such file or directory");
      if (!StringRef(options.input).ends_with(".mlir") && options.input != "-")
        return llvm::createStringError("'" + options.input +
                                       "' is neither a model folder nor a file that ends in .mlir");
      llvm::Expected<OwningOpRef<ModuleOp>> loaded = loadMlir(context, options.input);
      if (!loaded)
        return loaded.takeError();
      module = std::move(*loaded);
    }
    externalsBase = isFolder ? "" : options.input;
    report.model = modelName();
    report.isModel = (*module)->hasAttr("halftone.model");
    Stage stage = stageOf(*module);
    if (stage == Stage::LLVM)
      return llvm::createStringError("'" + options.input +
                                     "' is in the LLVM dialect already; use mlir-translate and clang for it");
    if (stage > Stage::Float && options.choosesFormats)
      llvm::WithColor::warning(llvm::errs(), "quant-compile")
          << "'" << options.input << "' is at stage " << stageName(stage)
          << ": its formats, activations and strategies are settled, options for them have no effect\n";
    if (!options.activationRanges.empty()) {
      llvm::Expected<OutlierReport> outliers = readActivationRanges(*module, options.activationRanges);
      if (!outliers)
        return outliers.takeError();
      report.outliers = std::move(*outliers);
    } else {
      setActivationRanges(*module, options);
      report.outliers = findOutliers(options.activationStatistics);
    }
    return llvm::Error::success();
  }

  /// Exact rewrites of the float model.
  llvm::Error rewrite() {
    if (!options.equalize && !options.rotate)
      return llvm::Error::success();
    if (stageOf(*module) != Stage::Float)
      return llvm::createStringError("'" + options.input + "' is at stage " + stageName(stageOf(*module)) +
                                     ": its formats are settled; --equalize and --rotate need the float model");
    bool searches = options.equalize && options.equalize->search && !options.channelMagnitudes.empty();
    OwningOpRef<ModuleOp> before = searches ? module->clone() : OwningOpRef<ModuleOp>();
    PassManager pm(&context);
    addRewrites(pm, *module, options);
    if (failed(pm.run(*module)))
      return takeErrors("'" + options.input + "' could not be rewritten");
    return searches ? searchExponents(*before) : llvm::Error::success();
  }

  /// Gives the equalizers of the module the exponents that are best on calibration text.
  llvm::Error searchExponents(ModuleOp before) {
    std::vector<EqualizedChannels> classes;
    module->walk([&](lowbit::EqualizerOp op) {
      classes.push_back({weightName(op.getWeights().front()), int64_t(op.getRepeat()), int64_t(op.getBlock())});
    });
    llvm::Expected<OwningOpRef<ModuleOp>> lowbit = lowbitClone();
    if (!lowbit)
      return lowbit.takeError();
    llvm::StringMap<Format> formats;
    (*lowbit)->walk([&](lowbit::QuantizeOp op) { formats[weightName(op.getSource())] = op.getFormat(); });
    llvm::Expected<TensorStore> store = openExternals(before, externalsBase);
    if (!store)
      return store.takeError();
    llvm::Expected<llvm::StringMap<double>> exponents =
        searchEqualization(before, &*store, classes, formats, calibrationSequences(before), options.threads);
    if (!exponents) {
      std::string text = llvm::toString(exponents.takeError());
      return takeErrors(text); // MLIR's diagnostics say more
    }
    module->walk([&](lowbit::EqualizerOp op) {
      auto found = exponents->find(weightName(op.getWeights().front()));
      if (found != exponents->end())
        op.setAlpha(llvm::APFloat(found->second));
    });
    return llvm::Error::success();
  }

  /// The module at stage lowbit, without warnings, which come when the module itself gets there.
  llvm::Expected<OwningOpRef<ModuleOp>> lowbitClone() {
    OwningOpRef<ModuleOp> lowbit = module->clone();
    std::swap(module, lowbit);
    muted = true;
    llvm::Error error = advance(Stage::Lowbit);
    muted = false;
    std::swap(module, lowbit);
    if (error)
      return std::move(error);
    return std::move(lowbit);
  }

  /// The name that the model goes by, or that of the input file.
  std::string modelName() {
    if (auto model = (*module)->getAttrOfType<DictionaryAttr>("halftone.model"))
      if (auto name = model.getAs<StringAttr>("name"))
        return name.str();
    return options.input == "-" ? "module" : llvm::sys::path::stem(options.input).str();
  }

  /// Runs the pipelines that lead from the module's stage to `stage`, for the CPU that is `current`.
  llvm::Error advance(Stage stage) {
    if (stage > Stage::Planned && stageOf(*module) <= Stage::Planned) {
      if (llvm::Error error = advance(Stage::Planned))
        return error;
      noteActivations(*module); // what later stages no longer tell
    }
    Stage from = stageOf(*module);
    PassManager pm(&context);
    auto needs = [&](Stage to) { return from < to && to <= stage; };
    if (options.observe && needs(Stage::Lowbit))
      addObservers(pm, *options.observe);
    if (needs(Stage::Lowbit)) {
      ToLowbitOptions lowbit;
      lowbit.format = options.format;
      lowbit.embeddingFormat = options.embeddingFormat;
      lowbit.headFormat = options.headFormat;
      for (const std::string &rule : options.tensorFormats)
        lowbit.tensorFormats.push_back(rule);
      lowbit.weightRange = options.weightRange;
      lowbit.activations = options.activations;
      for (const std::string &rule : options.activationPolicy)
        lowbit.activationPolicy.push_back(rule);
      lowbit.strategy = options.strategy;
      buildToLowbitPipeline(pm, lowbit);
    }
    if (needs(Stage::Planned)) {
      ToPlannedOptions planned;
      planned.cpu = targets[current].name;
      planned.triple = options.triple;
      planned.tuning = options.tuningFile;
      for (size_t i = 0; i < targets.size(); ++i)
        if (i != current)
          planned.sharedWith.push_back(targets[i].name);
      planned.ternaryPacking = options.ternaryPacking;
      planned.lutTables = options.lutTables;
      planned.redzone = options.sanitize.empty() ? 0 : kRedzone;
      buildToPlannedPipeline(pm, planned);
    }
    if (needs(Stage::Loops)) {
      ToLoopsOptions loops;
      loops.chunk = options.chunk;
      loops.separateBuffers = !options.sanitize.empty();
      buildToLoopsPipeline(pm, loops);
    }
    if (needs(Stage::LLVM)) {
      ToLLVMOptions llvmOptions;
      llvmOptions.cpu = targets[current].name;
      llvmOptions.triple = options.triple;
      buildToLLVMPipeline(pm, llvmOptions);
    }
    if (failed(pm.run(*module)))
      return takeErrors("'" + options.input + "' could not be compiled");
    return llvm::Error::success();
  }

  llvm::Expected<CompileReport> writeMlir() {
    Stage from = stageOf(*module);
    Stage stage = options.compileTo.empty() ? std::max(from, Stage::Lowbit) : *stageByName(options.compileTo);
    if (stage < from)
      return llvm::createStringError("'" + options.input + "' is at stage " + stageName(from) +
                                     " already; it cannot go back to " + stageName(stage));
    llvm::Expected<AtomicFile> file = AtomicFile::create(options.output);
    if (!file)
      return file.takeError();
    if (llvm::Error error = advance(stage))
      return std::move(error);
    std::string weights = resolveExternals(*module, externalsBase);
    if (!weights.empty()) {
      llvm::Expected<std::string> path = externalsPathFor(weights, options.output);
      if (!path)
        return path.takeError();
      (*module)->setAttr(externalsAttrName, StringAttr::get(&context, *path));
    }
    (*module)->print(file->os());
    file->os() << '\n';
    if (llvm::Error error = file->commit())
      return std::move(error);
    return std::move(report);
  }

  /// The sequences to calibrate on, none of them longer than the model's context.
  std::vector<std::vector<int32_t>> calibrationSequences(ModuleOp floatModule) const {
    std::vector<std::vector<int32_t>> sequences = options.calibrationTokens;
    llvm::Expected<LanguageModel> language = LanguageModel::describe(floatModule);
    if (!language)
      llvm::consumeError(language.takeError()); // compensateModel() reports it
    else
      for (std::vector<int32_t> &sequence : sequences)
        if (int64_t(sequence.size()) > language->context)
          sequence.resize(language->context);
    return sequences;
  }

  /// Adds biases to all products whose weights will be quantized.
  llvm::Error addBiases() {
    llvm::Expected<OwningOpRef<ModuleOp>> lowbit = lowbitClone();
    if (!lowbit)
      return lowbit.takeError();
    HalftoneAddBiasesOptions biases;
    std::vector<std::string> names = correctedWeights(*module, **lowbit);
    biases.weights.assign(names.begin(), names.end());
    PassManager pm(&context);
    pm.addPass(createHalftoneAddBiases(biases));
    if (failed(pm.run(*module)))
      return takeErrors("'" + options.input + "' could not be given biases");
    return llvm::Error::success();
  }

  /// Finds codes, scales and biases on calibration text, for what `module` (planned) quantizes.
  llvm::Error compensate(ModuleOp floatModule) {
    llvm::Expected<TensorStore> store = openExternals(floatModule, externalsBase);
    if (!store)
      return store.takeError();
    llvm::StringMap<Format> formats = compensatedFormats(floatModule, *module);
    CompensateModelOptions compensation;
    compensation.threads = options.threads;
    compensation.biases = options.biasCorrection;
    compensation.floatOutputs = options.compensate != "plain";
    if (options.compensate.empty()) {
      compensation.plain = *parseWeightRange(options.weightRange); // checked
      compensation.tuneGains = compensation.floatOutputs = false;
    }
    if (options.compensate == "adaround") {
      compensation.adaRound.emplace();
      if (options.weightRange != "minmax")
        compensation.adaRound->range = *parseWeightRange(options.weightRange); // checked
      compensation.tuneGains = false;
    }
    if (options.compensate == "plain") {
      compensation.numerics.groupRounds = compensation.numerics.sweeps = 0;
      compensation.tuneGains = false;
    }
    Progress progress;
    if (options.progress)
      compensation.progress = [&](size_t done, size_t total, StringRef name) { progress.update(done, total, name); };
    llvm::Expected<CompensatedModel> model =
        compensateModel(floatModule, &*store, formats, calibrationSequences(floatModule), compensation);
    if (!model) {
      std::string text = llvm::toString(model.takeError());
      return takeErrors(text); // MLIR's diagnostics say more
    }
    compensated = std::move(*model);
    return llvm::Error::success();
  }

  llvm::Error evaluate(TemporaryFile &weights) {
    llvm::Expected<TensorStore> store = openExternals(*module, externalsBase);
    if (!store)
      return store.takeError();
    if (llvm::Error error = weights.create(options.output))
      return error;
    llvm::raw_fd_ostream os(weights.fd, /*shouldClose=*/true);
    EvaluateOptions evaluateOptions;
    evaluateOptions.threads = options.threads;
    evaluateOptions.replacements = compensated.replacements();
    Progress progress;
    if (options.progress)
      evaluateOptions.progress = [&](size_t done, size_t total, const WeightRecord &record) {
        progress.update(done, total, record.name);
      };
    auto records = evaluateWeights(*module, &*store, os, evaluateOptions);
    os.close();
    std::error_code status = os.error();
    os.clear_error();
    if (!records)
      return records.takeError();
    if (status)
      return llvm::createStringError("cannot write the weights of '" + options.output + "': " + status.message());
    report.tensors = std::move(*records);
    for (WeightRecord &record : report.tensors) {
      auto found = compensated.tensors.find(record.name);
      if (found == compensated.tensors.end() || found->second.format != record.format)
        continue;
      record.plainOutputError = found->second.plainError;
      record.outputError = found->second.error;
    }
    report.activations = describeActivations(*module);
    return llvm::Error::success();
  }

  llvm::Error build() {
    ArtifactOptions artifact;
    artifact.target = targets.front().target;
    llvm::Expected<std::optional<ModelDescription>> described = describeModel(*module);
    if (!described)
      return described.takeError();
    artifact.model = std::move(*described);
    if (!artifact.model)
      artifact.functions = describeFunctions(*module);

    OwningOpRef<ModuleOp> floatModule;
    bool calibrates = !options.compensate.empty() || options.biasCorrection;
    if (calibrates && stageOf(*module) != Stage::Float)
      return llvm::createStringError(
          "'" + options.input + "' is at stage " + stageName(stageOf(*module)) + ": its formats are settled; " +
          (options.compensate.empty() ? "--bias-correction" : "--compensate") + " needs the float model");
    if (options.biasCorrection)
      if (llvm::Error error = addBiases())
        return error;
    if (calibrates)
      floatModule = module->clone();
    std::vector<OwningOpRef<ModuleOp>> others;
    if (targets.size() > 1)
      if (llvm::Error error = advance(Stage::Lowbit))
        return error;
    for (size_t i = 1; i < targets.size(); ++i)
      others.push_back(module->clone());
    if (llvm::Error error = advance(Stage::Planned))
      return error;
    if (options.observe)
      recordObserved(*module, report);
    report.activationKinds = countActivations(*module);
    if (floatModule)
      if (llvm::Error error = compensate(*floatModule))
        return error;
    TemporaryFile weights;
    if (llvm::Error error = evaluate(weights))
      return error;
    artifact.weightsFile = std::string(weights.path);
    if (auto bytes = (*module)->getAttrOfType<IntegerAttr>("lowbit.weight_bytes"))
      artifact.weightBytes = bytes.getInt();
    if (artifact.weightBytes == 0)
      artifact.weightsFile.clear();
    artifact.sanitizeAddress = !options.sanitize.empty();
    if (artifact.sanitizeAddress)
      artifact.weightTensors = weightTensors();

    std::string packed = weightsPlan();
    if (llvm::Error error = advance(Stage::Loops))
      return error;
    if (artifact.model)
      completeModel(*artifact.model);
    llvm::LLVMContext llvmContext;
    llvm::Expected<std::unique_ptr<llvm::Module>> translated = translate(llvmContext);
    if (!translated)
      return translated.takeError();
    if (!others.empty())
      markFunctions(**translated, *artifact.model, "");
    for (current = 1; current < targets.size(); ++current) {
      module = std::move(others[current - 1]);
      if (llvm::Error error = addVariant(**translated, packed, artifact))
        return error;
    }
    module = nullptr;
    return writeArtifact(**translated, options.output, artifact);
  }

  /// The module, at stage loops or earlier, as LLVM IR.
  llvm::Expected<std::unique_ptr<llvm::Module>> translate(llvm::LLVMContext &llvmContext) {
    if (llvm::Error error = advance(Stage::LLVM))
      return std::move(error);
    std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(*module, llvmContext, report.model);
    if (!translated)
      return takeErrors("'" + options.input + "' could not be translated to LLVM IR");
    return translated;
  }

  /// Where the planned module has its weights.
  std::vector<WeightTensor> weightTensors() {
    std::vector<WeightTensor> tensors;
    for (auto global : module->getOps<lowbit::GlobalOp>()) {
      RankedTensorType type = global.getTensorType();
      uint64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
      tensors.push_back({weightNameOf(global), uint64_t(*global.getOffset()), bytes});
    }
    return tensors;
  }

  /// How the planned module packs weights, as text.
  std::string weightsPlan() {
    std::string text;
    llvm::raw_string_ostream os(text);
    for (auto global : module->getOps<lowbit::GlobalOp>())
      os << global << '\n';
    return text;
  }

  /// Marks a module's functions with the current CPU and gives those of the model names that end in `suffix`.
  ModelVariant markFunctions(llvm::Module &code, const ModelDescription &model, const std::string &suffix) {
    const NamedTarget &named = targets[current];
    ModelVariant variant{named.target, model.decode + suffix, model.prefill + suffix, model.head + suffix};
    const std::pair<std::string, std::string> names[] = {
        {model.decode, variant.decode}, {model.prefill, variant.prefill}, {model.head, variant.head}};
    for (const auto &[from, to] : names)
      if (llvm::Function *function = code.getFunction(from))
        function->setName(to);
    setTarget(code, named.target, [&](StringRef name) {
      return name == variant.decode || name == variant.prefill || name == variant.head;
    });
    return variant;
  }

  /// Adds code for the current CPU, made of the module at stage lowbit, to that for the first one.
  llvm::Error addVariant(llvm::Module &code, const std::string &packed, ArtifactOptions &artifact) {
    if (llvm::Error error = advance(Stage::Planned))
      return error;
    if (weightsPlan() != packed)
      return llvm::createStringError("the kernels for " + targets[current].target.cpu +
                                     " want other packed weights than "
                                     "those for " +
                                     targets.front().target.cpu + "; compile for each alone");
    if (llvm::Error error = advance(Stage::Loops))
      return error;
    int64_t scratch = scratchBytes(*module);
    llvm::Expected<std::unique_ptr<llvm::Module>> translated = translate(code.getContext());
    if (!translated)
      return translated.takeError();
    artifact.variants.push_back(markFunctions(**translated, *artifact.model, "_cpu" + std::to_string(current)));
    artifact.variants.back().scratchBytes = scratch;
    if (llvm::Linker::linkModules(code, std::move(*translated)))
      return llvm::createStringError("the code for " + targets[current].target.cpu + " could not be added");
    return llvm::Error::success();
  }

  void completeModel(ModelDescription &model) {
    model.chunk = options.chunk;
    model.scratchBytes = scratchBytes(*module);
    model.report = llvm::formatv("{0}", report.toJson()).str();
    auto attributes = (*module)->getAttrOfType<DictionaryAttr>("halftone.model");
    if (auto tokenizer = attributes.getAs<StringAttr>("tokenizer")) {
      SmallString<128> path(resolveExternals(*module, externalsBase));
      if (!llvm::sys::fs::is_directory(path))
        llvm::sys::path::remove_filename(path);
      llvm::sys::path::append(path, tokenizer.getValue());
      model.tokenizerFile = std::string(path);
    }
  }

  const CompileOptions &options;
  std::string errors; ///< text of the diagnostics so far, without warnings
  bool muted = false; ///< no warnings: a clone is compiled
  MLIRContext context;
  ScopedDiagnosticHandler diagnostics;
  std::vector<NamedTarget> targets; ///< best first
  size_t current = 0;               ///< the one that `module` is compiled for
  OwningOpRef<ModuleOp> module;
  std::string externalsBase;
  CompensatedModel compensated;
  CompileReport report;
};

} // namespace

llvm::Expected<std::vector<ProductShape>> halftone::listProducts(const CompileOptions &options) {
  CompileOptions quiet = options;
  quiet.warnings = quiet.progress = false;
  return Compilation(quiet).products();
}

llvm::Expected<CompileReport> halftone::compile(const CompileOptions &options) { return Compilation(options).run(); }
