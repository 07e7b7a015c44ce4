//===- Description.cpp - The constant that describes a model --------------===//
//
// Lays `halftone_model` of halftone/abi.h out as an LLVM constant. Every field is
// placed by `offsetof`, so that the two cannot disagree unnoticed.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"
#include "halftone/abi.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Module.h"

#include <cstddef>

using namespace halftone;
using namespace halftone::artifact;
using namespace llvm;

namespace {
/// Collects the fields of the struct in order.
class Fields {
public:
  explicit Fields(Module &module) : module(module) {}

  void number(size_t offset, unsigned bits, uint64_t value) {
    add(offset, ConstantInt::get(IntegerType::get(module.getContext(), bits), value));
  }
  void integer(size_t offset, int64_t value) { number(offset, 64, value); }
  void address(size_t offset, Constant *value) {
    add(offset, value ? value : ConstantPointerNull::get(PointerType::getUnqual(module.getContext())));
  }
  void text(size_t offset, StringRef value) {
    Constant *bytes = ConstantDataArray::getString(module.getContext(), value);
    auto *global = new GlobalVariable(module, bytes->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, bytes,
                                      "halftone_text");
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    global->setAlignment(Align(1));
    address(offset, global);
  }
  /// Null when there is something between two fields, or after the last.
  Constant *build(size_t size) const {
    Constant *value = ConstantStruct::getAnon(module.getContext(), values);
    const StructLayout *layout = module.getDataLayout().getStructLayout(cast<StructType>(value->getType()));
    for (auto [index, offset] : enumerate(offsets))
      if (layout->getElementOffset(index) != offset)
        return nullptr;
    return layout->getSizeInBytes() == size ? value : nullptr;
  }

private:
  void add(size_t offset, Constant *value) {
    offsets.push_back(offset);
    values.push_back(value);
  }
  Module &module;
  SmallVector<Constant *> values;
  SmallVector<size_t> offsets;
};
} // namespace

std::string artifact::modelSymbol(StringRef prefix, ArtifactKind kind) {
  if (kind == ArtifactKind::SharedObject || kind == ArtifactKind::Executable)
    return HALFTONE_MODEL_SYMBOL;
  return (prefix + "_halftone_model").str();
}

Constant *artifact::declareBlob(Module &module, StringRef symbol) {
  if (GlobalVariable *global = module.getNamedGlobal(symbol))
    return global;
  auto *global = new GlobalVariable(module, Type::getInt8Ty(module.getContext()), /*isConstant=*/true,
                                    GlobalValue::ExternalLinkage, nullptr, symbol);
  global->setDSOLocal(true);
  return global;
}

static Expected<Constant *> modelFunction(Module &module, StringRef name, unsigned arguments) {
  Function *function = module.getFunction(name);
  if (!function || function->isDeclaration())
    return failure("the module does not define the model's function '" + name + "'");
  if (function->arg_size() != arguments || !function->getReturnType()->isIntegerTy(32))
    return failure("the model's function '" + name + "' has " + Twine(function->arg_size()) +
                   " arguments; the model ABI wants " + Twine(arguments) + " and a 32-bit result");
  return function;
}

static Error addFunctions(Fields &fields, Module &module, const ModelVariant &model) {
  struct {
    size_t offset;
    StringRef name;
    unsigned arguments;
  } table[] = {{offsetof(halftone_model, decode), model.decode, 8},
               {offsetof(halftone_model, prefill), model.prefill, 8},
               {offsetof(halftone_model, head), model.head, 5}};
  for (const auto &row : table) {
    Expected<Constant *> function = modelFunction(module, row.name, row.arguments);
    if (!function)
      return function.takeError();
    fields.address(row.offset, *function);
  }
  return Error::success();
}

#define FIELD(name) offsetof(halftone_model, name)

static void addNumbers(Fields &fields, const ModelDescription &model, int64_t scratchBytes) {
  fields.integer(FIELD(vocabulary), model.vocabulary);
  fields.integer(FIELD(hidden), model.hidden);
  fields.integer(FIELD(layers), model.layers);
  fields.integer(FIELD(heads), model.heads);
  fields.integer(FIELD(kv_heads), model.kvHeads);
  fields.integer(FIELD(head_size), model.headSize);
  fields.integer(FIELD(context), model.context);
  fields.integer(FIELD(chunk), model.chunk);
  fields.integer(FIELD(key_cache_bytes), model.keyCacheBytes);
  fields.integer(FIELD(value_cache_bytes), model.valueCacheBytes);
  fields.integer(FIELD(scratch_bytes), scratchBytes);
  fields.number(FIELD(bos), 32, uint32_t(model.bos));
  fields.number(FIELD(eos), 32, uint32_t(model.eos));
}

/// Adds the description of one variant, which points to `next`, as a constant without a name; null with `error` set.
static Expected<GlobalVariable *> addVariant(Module &module, const ArtifactOptions &options,
                                             const ModelVariant &variant, Constant *next) {
  const ModelDescription &model = *options.model;
  Fields fields(module);
  fields.number(FIELD(magic), 32, HALFTONE_MODEL_MAGIC);
  fields.number(FIELD(abi_version), 32, HALFTONE_ABI_VERSION);
  fields.integer(FIELD(struct_bytes), sizeof(halftone_model));
  fields.text(FIELD(name), model.name);
  fields.text(FIELD(triple), variant.target.triple);
  fields.text(FIELD(cpu), variant.target.cpu);
  fields.text(FIELD(features), join(variant.target.requiredFeatures, ","));
  addNumbers(fields, model, variant.scratchBytes);

  Expected<SmallVector<Blob, 2>> blobs = collectBlobs(options);
  if (!blobs)
    return blobs.takeError();
  auto addBlob = [&](StringRef name, size_t address, size_t size) {
    const Blob *blob = find_if(*blobs, [&](const Blob &candidate) { return candidate.symbol == name; });
    bool present = blob != blobs->end();
    fields.address(address, present ? declareBlob(module, name) : nullptr);
    fields.integer(size, present ? blob->bytes : 0);
  };
  addBlob("halftone_weights", FIELD(weights), FIELD(weight_bytes));
  addBlob("halftone_tokenizer", FIELD(tokenizer), FIELD(tokenizer_bytes));
  if (model.report.empty())
    fields.address(FIELD(report), nullptr);
  else
    fields.text(FIELD(report), model.report);
  if (Error error = addFunctions(fields, module, variant))
    return std::move(error);
  fields.address(FIELD(next), next);

  Constant *value = fields.build(sizeof(halftone_model));
  if (!value)
    return failure("the target '" + options.target.triple + "' lays the model description out differently");
  auto *global = new GlobalVariable(module, value->getType(), /*isConstant=*/true, GlobalValue::InternalLinkage, value,
                                    "halftone_model_variant");
  global->setAlignment(Align(8));
  return global;
}

Error artifact::addDescription(Module &module, StringRef symbol, const ArtifactOptions &options) {
  if (module.getNamedValue(symbol))
    return failure("the module already defines '" + symbol + "'");
  const ModelDescription &model = *options.model;
  std::vector<ModelVariant> variants{{options.target, model.decode, model.prefill, model.head, model.scratchBytes}};
  variants.insert(variants.end(), options.variants.begin(), options.variants.end());
  GlobalVariable *next = nullptr;
  for (const ModelVariant &variant : reverse(variants)) {
    Expected<GlobalVariable *> added = addVariant(module, options, variant, next);
    if (!added)
      return added.takeError();
    next = *added;
  }
  next->setName(symbol);
  next->setLinkage(GlobalValue::ExternalLinkage);
  return Error::success();
}
