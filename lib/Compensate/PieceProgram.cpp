//===- PieceProgram.cpp - A model that runs piece by piece ----------------===//

#include "halftone/Compensate/PieceProgram.h"
#include "halftone/Pipelines/Pipelines.h"
#include "halftone/Support/Parallel.h"
#include "halftone/Target/InProcess.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

using namespace mlir;
using namespace halftone;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::Twine;

/// Tokens of one call.
static constexpr int64_t chunkTokens = 64;
/// Arguments of a compiled piece at most, the first for threads.
static constexpr size_t maxArguments = 16;

namespace {

/// Memory for all weights that takes real memory only where it was written.
class WeightMemory {
public:
  ~WeightMemory() {
    if (data)
      munmap(data, bytes);
  }
  Error reserve(uint64_t size) {
    bytes = std::max<uint64_t>(size, 64);
    void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
      return createStringError("not enough address space for " + Twine(bytes) + " bytes of weights");
    data = static_cast<uint8_t *>(memory);
    return Error::success();
  }
  /// Everything is zero again and takes no memory.
  void clear() { madvise(data, bytes, MADV_DONTNEED); }
  uint8_t *data = nullptr;
  uint64_t bytes = 0;
};

template <size_t... I>
int32_t callWith(void *function, const uint64_t *arguments, std::index_sequence<I...>) {
  return reinterpret_cast<int32_t (*)(decltype(uint64_t(I))...)>(function)(arguments[I]...);
}

} // namespace

struct PieceProgram::Implementation {
  std::vector<Piece> pieces;
  std::vector<SmallVector<lowbit::GlobalOp>> globals; ///< of each piece
  std::vector<void *> functions;
  std::vector<int64_t> cacheBytes; ///< of the memref arguments
  std::vector<bool> takesState;    ///< whether the piece takes the position and the caches
  OwningOpRef<ModuleOp> planned;   ///< owns the globals
  const TensorStore *store = nullptr;
  unsigned threads = 0;
  WeightMemory memory;
  std::unique_ptr<InProcessCode> code;

  Error readPiece(func::FuncOp function);
  Error generate(ModuleOp module, StringRef name);
  Error runSequence(size_t piece, int64_t begin, int64_t length, ArrayRef<const void *> inputs,
                    ArrayRef<float *> results) const;
};

PieceProgram::PieceProgram() : implementation(std::make_unique<Implementation>()) {}
PieceProgram::~PieceProgram() = default;

ArrayRef<Piece> PieceProgram::pieces() const { return implementation->pieces; }

Expected<LanguageModel> LanguageModel::describe(ModuleOp model) {
  auto attributes = model->getAttrOfType<DictionaryAttr>("halftone.model");
  auto integer = [&](StringRef name) {
    auto attr = attributes ? attributes.getAs<IntegerAttr>(name) : IntegerAttr();
    return attr ? attr.getInt() : 0;
  };
  LanguageModel language{integer("context"), integer("vocabulary")};
  if (language.context <= 0 || language.vocabulary <= 0)
    return createStringError("calibration needs a language model: the module has no attribute 'halftone.model'");
  return language;
}

/// The attribute and the types of a piece, before they are lowered.
Error PieceProgram::Implementation::readPiece(func::FuncOp function) {
  Piece piece;
  auto fields = function->getAttrOfType<DictionaryAttr>("halftone.piece");
  auto numbers = [&](StringRef name) {
    auto attr = fields.getAs<DenseI64ArrayAttr>(name);
    return attr ? std::vector<int64_t>(attr.asArrayRef()) : std::vector<int64_t>();
  };
  if (auto weights = fields.getAs<ArrayAttr>("weights"))
    for (auto name : weights.getAsRange<StringAttr>())
      piece.weights.push_back(name.str());
  if (auto input = fields.getAs<IntegerAttr>("input"))
    piece.input = input.getInt();
  if (auto gain = fields.getAs<StringAttr>("gain"))
    piece.gain = gain.str();
  piece.residuals = numbers("residuals");
  piece.next = numbers("next");
  bool state = false;
  std::vector<int64_t> caches;
  for (Type type : function.getArgumentTypes()) {
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      piece.inputWidths.push_back(tensor.getRank() == 2 ? tensor.getDimSize(1) : 0);
    state |= type.isIndex();
    if (auto cache = dyn_cast<MemRefType>(type))
      caches.push_back(cache.getNumElements() * cache.getElementTypeBitWidth() / 8);
  }
  for (Type type : function.getResultTypes())
    piece.resultWidths.push_back(cast<RankedTensorType>(type).getDimSize(1));
  if (2 + piece.inputWidths.size() + caches.size() + 1 + piece.resultWidths.size() > maxArguments)
    return createStringError("function '" + function.getSymName() + "' has too many arguments to be called");
  if (!caches.empty())
    cacheBytes = caches;
  takesState.push_back(state);
  pieces.push_back(std::move(piece));
  return Error::success();
}

/// Stage 2 to code in this process.
Error PieceProgram::Implementation::generate(ModuleOp module, StringRef name) {
  MLIRContext *context = module.getContext();
  PassManager pm(context);
  ToLoopsOptions loops;
  loops.chunk = chunkTokens;
  buildToLoopsPipeline(pm, loops);
  buildToLLVMPipeline(pm, ToLLVMOptions());
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> translated;
  if (succeeded(pm.run(module)))
    translated = translateModuleToLLVMIR(module, llvmContext, name);
  if (!translated)
    return createStringError("the float model could not be compiled for calibration");
  ArtifactOptions options;
  Expected<TargetInfo> target = TargetInfo::get("native");
  if (!target)
    return target.takeError();
  options.target = *target;
  for (size_t i = 0; i < pieces.size(); ++i) {
    CFunction function{("piece" + Twine(i)).str(), "", {}};
    if (llvm::Function *definition = translated->getFunction(function.name))
      function.parameters.resize(definition->arg_size() - 1);
    options.functions.push_back(std::move(function));
  }
  Expected<std::unique_ptr<InProcessCode>> loaded = InProcessCode::load(*translated, options, memory.data);
  if (!loaded)
    return loaded.takeError();
  code = std::move(*loaded);
  for (const CFunction &function : options.functions) {
    Expected<void *> address = code->lookup(function.name);
    if (!address)
      return address.takeError();
    functions.push_back(*address);
  }
  return Error::success();
}

Expected<std::unique_ptr<PieceProgram>> PieceProgram::compile(ModuleOp model, const TensorStore *store,
                                                              unsigned threads) {
  std::unique_ptr<PieceProgram> program(new PieceProgram());
  Implementation &self = *program->implementation;
  self.store = store;
  self.threads = threads;
  OwningOpRef<ModuleOp> module = model.clone();
  PassManager pm(model.getContext());
  pm.addPass(createHalftoneCutAtProducts());
  ToLowbitOptions lowbit;
  lowbit.format = lowbit.embeddingFormat = lowbit.headFormat = "float";
  lowbit.activations = "f32";
  buildToLowbitPipeline(pm, lowbit);
  buildToPlannedPipeline(pm, ToPlannedOptions());
  if (failed(pm.run(*module)))
    return createStringError("the float model could not be cut for calibration");

  self.planned = module->clone();
  for (size_t i = 0;; ++i) {
    auto function = self.planned->lookupSymbol<func::FuncOp>(("piece" + Twine(i)).str());
    if (!function)
      break;
    if (Error error = self.readPiece(function))
      return std::move(error);
    SmallVector<lowbit::GlobalOp> &globals = self.globals.emplace_back();
    function.walk([&](lowbit::GetGlobalOp get) {
      auto global = self.planned->lookupSymbol<lowbit::GlobalOp>(get.getName());
      if (!llvm::is_contained(globals, global))
        globals.push_back(global);
    });
  }
  auto bytes = (*module)->getAttrOfType<IntegerAttr>("lowbit.weight_bytes");
  if (Error error = self.memory.reserve(bytes ? bytes.getInt() : 0))
    return std::move(error);
  if (Error error = self.generate(*module, "pieces"))
    return std::move(error);
  return std::move(program);
}

Expected<PieceProgram::Weight> PieceProgram::weight(size_t piece, StringRef name) const {
  for (lowbit::GlobalOp global : implementation->globals[piece]) {
    auto pack = dyn_cast<lowbit::PackOp>(global.getYielded().getDefiningOp());
    if (!pack || weightNameOf(global) != name)
      continue;
    auto type = cast<RankedTensorType>(pack.getSource().getType());
    Expected<std::vector<float>> values = evaluateFloats(global, implementation->store);
    if (!values)
      return values.takeError();
    return Weight{type.getDimSize(0), type.getDimSize(1), std::move(*values)};
  }
  return createStringError("tensor '" + name + "' is not a weight of a product of the piece");
}

Expected<std::vector<float>> PieceProgram::vector(size_t piece, StringRef name) const {
  for (lowbit::GlobalOp global : implementation->globals[piece])
    if (weightNameOf(global) == name && global.getTensorType().getRank() == 1 &&
        global.getTensorType().getElementType().isF32())
      return evaluateFloats(global, implementation->store);
  return createStringError("tensor '" + name + "' is not read by the piece");
}

Error PieceProgram::load(size_t piece, const WeightReplacements &replacements) {
  EvaluateOptions options;
  options.threads = implementation->threads;
  options.replacements = replacements;
  implementation->memory.clear();
  for (lowbit::GlobalOp global : implementation->globals[piece]) {
    Expected<std::vector<uint8_t>> bytes = evaluateWeight(global, implementation->store, options);
    if (!bytes)
      return bytes.takeError();
    std::memcpy(implementation->memory.data + *global.getOffset(), bytes->data(), bytes->size());
  }
  return Error::success();
}

Error PieceProgram::Implementation::runSequence(size_t index, int64_t begin, int64_t length,
                                                ArrayRef<const void *> inputs, ArrayRef<float *> results) const {
  const Piece &piece = pieces[index];
  struct Free {
    void operator()(void *memory) const { std::free(memory); }
  };
  SmallVector<std::unique_ptr<void, Free>> caches;
  for (int64_t bytes : cacheBytes) {
    void *memory = takesState[index] ? std::aligned_alloc(64, llvm::alignTo(bytes, 64)) : nullptr;
    if (takesState[index] && !memory)
      return createStringError("not enough memory for the keys and values of a sequence");
    if (memory)
      std::memset(memory, 0, bytes);
    caches.emplace_back(memory);
  }
  for (int64_t position = 0; position < length; position += chunkTokens) {
    int64_t first = begin + position;
    SmallVector<uint64_t> arguments{0};
    auto add = [&](const void *pointer) { arguments.push_back(reinterpret_cast<uintptr_t>(pointer)); };
    for (auto [input, width] : llvm::zip_equal(inputs, piece.inputWidths))
      add(static_cast<const char *>(input) + first * std::max<int64_t>(width, 1) * 4);
    if (takesState[index]) {
      arguments.push_back(uint64_t(position));
      for (const auto &cache : caches)
        add(cache.get());
    }
    for (auto [result, width] : llvm::zip_equal(results, piece.resultWidths))
      add(result + first * width);
    arguments.push_back(uint64_t(std::min(chunkTokens, length - position)));
    // All arguments are integers or pointers: those that a piece does not have are not read.
    arguments.resize(maxArguments);
    if (callWith(functions[index], arguments.data(), std::make_index_sequence<maxArguments>()) != 0)
      return createStringError("not enough memory to run the model for calibration");
  }
  return Error::success();
}

Error PieceProgram::run(size_t piece, ArrayRef<int64_t> sequences, ArrayRef<const void *> inputs,
                        ArrayRef<float *> results) const {
  std::vector<int64_t> begins(1, 0);
  for (int64_t length : sequences)
    begins.push_back(begins.back() + length);
  std::atomic<bool> failed{false};
  parallelFor(int64_t(sequences.size()), implementation->threads, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      if (Error error = implementation->runSequence(piece, begins[i], sequences[i], inputs, results)) {
        llvm::consumeError(std::move(error));
        failed = true;
      }
  });
  if (failed)
    return createStringError("not enough memory to run the model for calibration");
  return Error::success();
}
