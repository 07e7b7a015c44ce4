//===- CodeGen.cpp - LLVM modules to machine code -------------------------===//

#include "Internal.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/Analysis/RuntimeLibcallInfo.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

using namespace halftone;
using namespace halftone::artifact;
using namespace llvm;

Error artifact::failure(const Twine &message) { return createStringError(inconvertibleErrorCode(), message); }

//===----------------------------------------------------------------------===//
// Target
//===----------------------------------------------------------------------===//

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmParsers();
    InitializeAllAsmPrinters();
  });
}

Expected<std::unique_ptr<TargetMachine>> artifact::createMachine(const TargetInfo &target, unsigned optLevel) {
  initializeTargets();
  Triple triple(target.triple);
  if (!triple.isOSBinFormatELF() || !triple.isArch64Bit() || !triple.isLittleEndian())
    return failure("the target '" + target.triple + "' is not supported: it must be a 64-bit little-endian ELF target");
  std::string error;
  const Target *backend = TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return failure("LLVM has no target '" + target.triple + "': " + error);
  TargetOptions options;
  // The same sums on every CPU: a multiplication and an addition become one only where the IR says fma.
  options.AllowFPOpFusion = FPOpFusion::Strict;
  CodeGenOptLevel levels[] = {CodeGenOptLevel::None, CodeGenOptLevel::Less, CodeGenOptLevel::Default,
                              CodeGenOptLevel::Aggressive};
  std::unique_ptr<TargetMachine> machine(backend->createTargetMachine(
      triple, target.cpu, target.features, options, Reloc::PIC_, CodeModel::Small, levels[std::min(optLevel, 3u)]));
  if (!machine)
    return failure("LLVM cannot generate code for '" + target.triple + "'");
  return std::move(machine);
}

//===----------------------------------------------------------------------===//
// Diagnostics
//===----------------------------------------------------------------------===//

namespace {
/// Collects LLVM's errors; without it the context prints them and ends the program.
class ErrorCollector {
  struct Handler : DiagnosticHandler {
    explicit Handler(std::string &text) : text(text) {}
    bool handleDiagnostics(const DiagnosticInfo &info) override {
      if (info.getSeverity() == DS_Error) {
        raw_string_ostream os(text);
        DiagnosticPrinterRawOStream printer(os);
        os << (text.empty() ? "" : "; ");
        info.print(printer);
      }
      return true;
    }
    std::string &text;
  };

public:
  explicit ErrorCollector(LLVMContext &context) : context(context), previous(context.getDiagnosticHandler()) {
    context.setDiagnosticHandler(std::make_unique<Handler>(text));
  }
  ~ErrorCollector() { context.setDiagnosticHandler(std::move(previous)); }
  Error take() {
    if (text.empty())
      return Error::success();
    return failure("LLVM cannot generate code: " + text);
  }

private:
  LLVMContext &context;
  std::unique_ptr<DiagnosticHandler> previous;
  std::string text;
};
} // namespace

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

/// Whether C programs can call a function of that name.
static Error checkCName(StringRef name, const TargetLibraryInfo &library) {
  LibFunc known;
  bool valid = !name.empty() && (isAlpha(name[0]) || name[0] == '_') &&
               all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
  if (!valid)
    return failure("the public function '" + name + "' cannot be called from C; rename it");
  if (name == "main" || library.getLibFunc(name, known))
    return failure("the public function '" + name + "' has the name of a C library function; rename it");
  return Error::success();
}

static Error checkPublicFunctions(Module &module, const ArtifactOptions &options) {
  if (!options.model && options.functions.empty())
    return failure("the module has no public function");
  TargetLibraryInfoImpl libraryImpl(module.getTargetTriple());
  TargetLibraryInfo library(libraryImpl);
  for (const CFunction &function : options.functions) {
    if (Error error = checkCName(function.name, library))
      return error;
    Function *definition = module.getFunction(function.name);
    if (!definition || definition->isDeclaration())
      return failure("the module does not define the public function '" + function.name + "'");
    size_t wanted = function.parameters.size() + 1;
    if (definition->arg_size() != wanted || !definition->getReturnType()->isIntegerTy(32))
      return failure("the public function '" + function.name + "' has " + Twine(definition->arg_size()) +
                     " arguments; its C function has " + Twine(wanted) + " and a 32-bit result");
  }
  return Error::success();
}

/// Everything that is not `isPublic` can be called from inside only.
static void hideDefinitions(Module &module, function_ref<bool(StringRef)> isPublic) {
  for (GlobalValue &value : module.global_values()) {
    if (value.isDeclaration() || value.hasLocalLinkage() || value.getName().starts_with("llvm."))
      continue;
    value.setVisibility(GlobalValue::DefaultVisibility);
    if (isPublic(value.getName()))
      value.setLinkage(GlobalValue::ExternalLinkage);
    else
      value.setLinkage(GlobalValue::InternalLinkage);
  }
}

/// Gives `@halftone_weights_base` its value. `externally_initialized` keeps optimizers from replacing loads of the
/// pointer by the symbol behind it, whose 32-bit relative relocations would not reach across a large section.
static Error defineWeightsBase(Module &module, const ArtifactOptions &options) {
  GlobalVariable *base = module.getNamedGlobal("halftone_weights_base");
  if (!base || base->use_empty()) {
    if (base)
      base->eraseFromParent();
    return Error::success();
  }
  if (!base->isDeclaration())
    return failure("the module defines 'halftone_weights_base' itself");
  if (!base->getValueType()->isPointerTy())
    return failure("'halftone_weights_base' is no pointer");
  if (!options.weightBytes || options.weightsFile.empty())
    return failure("the module reads weights, but it was given none");
  base->setInitializer(declareBlob(module, "halftone_weights"));
  base->setConstant(true);
  base->setExternallyInitialized(true);
  base->setLinkage(GlobalValue::InternalLinkage);
  base->setAlignment(Align(8));
  return Error::success();
}

static void setAttributes(Module &module, const TargetInfo &target, bool sanitizeAddress) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr(Attribute::NoUnwind);
    if (sanitizeAddress)
      function.addFnAttr(Attribute::SanitizeAddress);
    if (function.hasFnAttribute("target-cpu"))
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
  }
}

void halftone::setTarget(Module &module, const TargetInfo &target, function_ref<bool(StringRef)> isPublic) {
  for (Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    // Even if empty: otherwise the machine's would hold.
    function.addFnAttr("target-features", target.features);
  }
  hideDefinitions(module, isPublic);
}

static Error verify(Module &module) {
  std::string text;
  raw_string_ostream os(text);
  if (!verifyModule(module, &os))
    return Error::success();
  return failure("invalid LLVM IR: " + StringRef(text).trim());
}

static void optimize(Module &module, TargetMachine &machine, unsigned level, bool sanitizeAddress) {
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.LoopInterleaving = tuning.SLPVectorization = level >= 2;
  PassBuilder builder(&machine, tuning);
  if (sanitizeAddress)
    addAddressSanitizer(builder);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  const OptimizationLevel levels[] = {OptimizationLevel::O0, OptimizationLevel::O1, OptimizationLevel::O2,
                                      OptimizationLevel::O3};
  OptimizationLevel chosen = levels[std::min(level, 3u)];
  ModulePassManager passes =
      level == 0 ? builder.buildO0DefaultPipeline(chosen) : builder.buildPerModuleDefaultPipeline(chosen);
  passes.run(module, modules);
}

Error artifact::prepareModule(Module &module, TargetMachine &machine, StringRef prefix, ArtifactKind kind,
                              const ArtifactOptions &options) {
  ErrorCollector errors(module.getContext());
  if (Error error = verify(module))
    return error;
  // The names of the module appear in objects.
  module.setModuleIdentifier(prefix);
  module.setSourceFileName(prefix);
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  if (!module.getModuleFlag("PIC Level"))
    module.setPICLevel(PICLevel::BigPIC);
  StripDebugInfo(module);

  if (Error error = checkPublicFunctions(module, options))
    return error;
  StringSet<> names;
  for (const CFunction &function : options.functions)
    names.insert(function.name);
  hideDefinitions(module, [&](StringRef name) { return !options.model && names.contains(name); });
  if (Error error = defineWeightsBase(module, options))
    return error;
  if (options.model)
    if (Error error = addDescription(module, modelSymbol(prefix, kind), options))
      return error;
  setAttributes(module, options.target, options.sanitizeAddress);
  if (Error error = verify(module))
    return error;
  optimize(module, machine, options.optLevel, options.sanitizeAddress);
  return errors.take();
}

/// As TargetMachine::addPassesToEmitFile, but on x86 without two passes that change the order of a kernel's
/// instructions: the machine combiner makes trees of its chains of additions, the scheduler moves half of a vector's
/// products behind the other half. Both keep more values than there are registers. Kernels have several chains, and
/// CPUs execute out of order.
static bool addCodeGenPasses(legacy::PassManager &passes, TargetMachine &machine, bool assembly,
                             raw_pwrite_stream &os) {
  TargetPassConfig *config = machine.createPassConfig(passes);
  if (!config)
    return false;
  config->setDisableVerify(true);
  if (machine.getTargetTriple().isX86())
    for (AnalysisID pass : {&MachineCombinerID, &MachineSchedulerID})
      config->disablePass(pass);
  auto *info = new MachineModuleInfoWrapperPass(&machine);
  passes.add(config);
  passes.add(info);
  if (config->addISelPasses())
    return false;
  config->addMachinePasses();
  config->setInitialized();
  CodeGenFileType type = assembly ? CodeGenFileType::AssemblyFile : CodeGenFileType::ObjectFile;
  if (machine.addAsmPrinter(passes, os, nullptr, type, info->getMMI().getContext()))
    return false;
  passes.add(createFreeMachineFunctionPass());
  return true;
}

Error artifact::emitModule(Module &module, TargetMachine &machine, bool assembly, SmallVectorImpl<char> &out) {
  ErrorCollector errors(module.getContext());
  raw_svector_ostream os(out);
  legacy::PassManager passes;
  const TargetOptions &options = machine.Options;
  passes.add(new TargetLibraryInfoWrapperPass(machine.getTargetTriple()));
  // Without it LLVM takes memcpy and memset for unavailable, and copies byte by byte.
  passes.add(new RuntimeLibraryInfoWrapper(machine.getTargetTriple(), options.ExceptionModel, options.FloatABIType,
                                           options.EABIVersion, options.MCOptions.ABIName, options.VecLib));
  if (!addCodeGenPasses(passes, machine, assembly, os))
    return failure("LLVM cannot write code for '" + machine.getTargetTriple().str() + "'");
  passes.run(module);
  return errors.take();
}

//===----------------------------------------------------------------------===//
// The object
//===----------------------------------------------------------------------===//

/// Whether libc or libm has a function.
static bool isLibraryFunction(StringRef name, const TargetLibraryInfo &library) {
  // LLVM calls these but does not list them; and it lists C++ and OpenMP entry points, too.
  if (name == "fma" || name == "fmaf")
    return true;
  LibFunc known;
  return !name.starts_with("_Z") && !name.starts_with("__kmpc") && library.getLibFunc(name, known);
}

Error artifact::checkUndefinedSymbols(ArrayRef<char> object, const Triple &triple, bool sanitized) {
  auto file = object::ELFFile<object::ELF64LE>::create(StringRef(object.data(), object.size()));
  if (!file)
    return file.takeError();
  Expected<object::ELF64LE::ShdrRange> sections = file->sections();
  if (!sections)
    return sections.takeError();
  TargetLibraryInfoImpl libraryImpl(triple);
  TargetLibraryInfo library(libraryImpl);
  SmallVector<StringRef> unknown;
  for (const auto &section : *sections) {
    if (section.sh_type != ELF::SHT_SYMTAB)
      continue;
    Expected<object::ELF64LE::SymRange> symbols = file->symbols(&section);
    Expected<StringRef> strings = file->getStringTableForSymtab(section);
    if (!symbols || !strings)
      return joinErrors(symbols.takeError(), strings.takeError());
    for (const auto &symbol : *symbols) {
      Expected<StringRef> name = symbol.getName(*strings);
      if (!name)
        return name.takeError();
      if (symbol.st_shndx != ELF::SHN_UNDEF || name->empty() || *name == "_GLOBAL_OFFSET_TABLE_")
        continue;
      if (sanitized && name->starts_with("__asan_"))
        continue;
      if (!isLibraryFunction(*name, library))
        unknown.push_back(*name);
    }
  }
  if (unknown.empty())
    return Error::success();
  llvm::sort(unknown);
  return failure("the code needs '" + join(unknown, "', '") + "', which is in neither libc nor libm");
}
