//===- Describe.cpp - What artefacts say about a module -------------------===//

#include "Describe.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Quantize/ActivationKind.h"
#include "halftone/Transforms/IntegerProduct.h"
#include "halftone/Weights/Evaluate.h"
#include "lib/Transforms/Rewrites.h"
#include "lib/Transforms/Weights.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringSwitch.h"
#include <set>

using namespace mlir;
using namespace halftone;

std::optional<Stage> halftone::stageByName(StringRef name) {
  return llvm::StringSwitch<std::optional<Stage>>(name)
      .Case("float", Stage::Float)
      .Case("lowbit", Stage::Lowbit)
      .Case("planned", Stage::Planned)
      .Case("loops", Stage::Loops)
      .Case("llvm", Stage::LLVM)
      .Default(std::nullopt);
}

std::string halftone::stageName(Stage stage) {
  static constexpr const char *names[] = {"float", "lowbit", "planned", "loops", "llvm"};
  return names[unsigned(stage)];
}

Stage halftone::stageOf(ModuleOp module) {
  Stage stage = Stage::Float;
  module.walk([&](Operation *op) {
    Stage seen = Stage::Float;
    if (isa<LLVM::LLVMFuncOp>(op))
      seen = Stage::LLVM;
    else if (auto function = dyn_cast<func::FuncOp>(op); function && function->hasAttr("halftone.scratch_bytes"))
      seen = Stage::Loops;
    else if (isa<lowbit::GlobalOp>(op))
      seen = Stage::Planned;
    else if (isa<lowbit::MatmulOp, lowbit::GatherOp>(op))
      seen = Stage::Lowbit;
    stage = std::max(stage, seen);
  });
  return stage;
}

/// A memref or tensor argument's shape as C reads it, dynamic sizes as "n".
static std::string shapeText(ShapedType type) {
  std::string text;
  for (int64_t size : type.getShape())
    text += "[" + (ShapedType::isDynamic(size) ? "n" : std::to_string(size)) + "]";
  return text.empty() ? "[1]" : text;
}

static std::string cType(Type type) {
  if (type.isF32())
    return "float";
  if (type.isF64())
    return "double";
  unsigned bits = type.isIndex() ? 64 : type.isIntOrFloat() ? type.getIntOrFloatBitWidth() : 0;
  return bits == 8 || bits == 16 || bits == 32 || bits == 64 ? "int" + std::to_string(bits) + "_t" : "void";
}

std::vector<CFunction> halftone::describeFunctions(ModuleOp module) {
  std::vector<CFunction> functions;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    CFunction c;
    c.name = function.getSymName().str();
    bool hasDynamic = false;
    auto add = [&](Type type, const std::string &name, bool isConst) {
      auto shaped = dyn_cast<ShapedType>(type);
      if (!shaped)
        return c.parameters.push_back({name, cType(type), "", /*isPointer=*/false, /*isConst=*/false});
      hasDynamic |= !shaped.hasStaticShape();
      c.parameters.push_back({name, cType(shaped.getElementType()), shapeText(shaped), true, isConst});
    };
    ArrayRef<Type> inputs = function.getArgumentTypes();
    if (!inputs.empty() && isa<simd::ExecType>(inputs.front()))
      inputs = inputs.drop_front();
    // After halftone-results-to-arguments results are memref arguments, after halftone-plan-memory the last is scratch.
    bool planned = function->hasAttr("halftone.scratch_bytes");
    if (planned)
      inputs = inputs.drop_back();
    for (auto [i, type] : llvm::enumerate(inputs))
      add(type, "arg" + std::to_string(i), /*isConst=*/!planned && isa<TensorType>(type));
    for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
      add(type, "result" + std::to_string(i), /*isConst=*/false);
    if (hasDynamic)
      c.parameters.push_back({"n", "int64_t", "", false, false});
    functions.push_back(std::move(c));
  }
  return functions;
}

llvm::StringMap<Format> halftone::compensatedFormats(ModuleOp floatModule, ModuleOp planned) {
  llvm::StringMap<Format> formats;
  for (auto global : planned.getOps<lowbit::GlobalOp>())
    global.walk([&](lowbit::QuantizeOp op) { formats[weightNameOf(global)] = op.getFormat(); });
  // A table that is read by tokens, too, keeps the codes that are best for that.
  floatModule.walk([&](nn::EmbedOp embed) { formats.erase(weightName(embed.getTable())); });
  return formats;
}

std::vector<std::string> halftone::correctedWeights(ModuleOp floatModule, ModuleOp lowbit) {
  llvm::StringMap<int> products;
  lowbit.walk([&](lowbit::QuantizeOp op) { products[weightName(op.getSource())]; });
  floatModule.walk([&](nn::EmbedOp embed) { products.erase(weightName(embed.getTable())); });
  std::vector<std::string> names;
  for (const Product &product : findProducts(floatModule))
    if (auto found = products.find(weightName(product.weights)); found != products.end()) {
      ++found->second;
      names.push_back(found->first().str());
    }
  llvm::erase_if(names, [&](const std::string &name) { return products[name] != 1; });
  return names;
}

std::vector<ProductShape> halftone::openProducts(ModuleOp module, unsigned tableBits) {
  std::vector<ProductShape> products;
  module.walk([&](lowbit::MatmulOp op) {
    std::optional<ProductShape> product = integerProduct(op, tableBits);
    if (product && !llvm::is_contained(products, *product))
      products.push_back(*product);
  });
  return products;
}

static std::string staticName(unsigned bits, int64_t groups) {
  return ActivationKind{ActivationKind::Static, bits, groups, /*sorted=*/false, {}}.name();
}

std::string halftone::describeActivations(ModuleOp module) {
  std::set<int64_t> bits;
  std::set<std::string> vectors;
  module.walk([&](lowbit::QuantizeActivationsOp op) { bits.insert(op.getBits()); });
  module.walk([&](lowbit::MatmulVectorDotOp op) { vectors.insert(op.getVectors().name()); });
  module.walk([&](lowbit::QuantizeActivationsStaticOp op) {
    auto format = cast<lowbit::GroupedType>(op.getFormat());
    vectors.insert(staticName(format.getBits(), format.getGroups()));
  });
  // In stage 3 the kernels' names tell: "quantize_64g32_t1" is 8 bits, "quantize4_64g32_t1" 4,
  // "vdot_vsq4v16s6_by_vsq4v16s4_64x64_t1_b2_c8" vsq4v16s4, "static8_64k6d2g32_t1" grouped6.
  for (auto function : module.getOps<func::FuncOp>()) {
    StringRef name = function.getSymName();
    auto isUnderscore = [](char c) { return c == '_'; };
    if (function.isPrivate() && name.starts_with("vdot_"))
      vectors.insert(name.split("_by_").second.take_until(isUnderscore).str());
    unsigned staticBits;
    int64_t groups;
    if (StringRef rest = name; function.isPrivate() && rest.consume_front("static") &&
                               !rest.consumeInteger(10, staticBits) &&
                               !rest.split('k').second.consumeInteger(10, groups))
      vectors.insert(staticName(staticBits, groups));
    if (!function.isPrivate() || !name.consume_front("quantize"))
      continue;
    int64_t number = 8;
    if (!name.take_until(isUnderscore).getAsInteger(10, number) || name.starts_with("_"))
      bits.insert(number);
  }
  std::string text = llvm::join(vectors, "+");
  for (int64_t number : bits)
    text += (text.empty() ? "" : "+") + std::string(number >= 8 ? "i" : "b") + std::to_string(number);
  return text.empty() ? "f32" : text;
}

int64_t halftone::scratchBytes(ModuleOp module) {
  int64_t bytes = 0;
  for (auto function : module.getOps<func::FuncOp>())
    if (auto attr = function->getAttrOfType<IntegerAttr>("halftone.scratch_bytes"))
      bytes = std::max(bytes, attr.getInt());
  return bytes;
}

/// Bytes of the two 4D memref arguments of `function`: the KV cache.
static std::pair<int64_t, int64_t> cacheBytes(func::FuncOp function) {
  SmallVector<int64_t> bytes;
  for (Type type : function.getArgumentTypes())
    if (auto memref = dyn_cast<MemRefType>(type); memref && memref.getRank() == 4 && memref.hasStaticShape())
      bytes.push_back(memref.getNumElements() * memref.getElementTypeBitWidth() / 8);
  return bytes.size() == 2 ? std::make_pair(bytes[0], bytes[1]) : std::make_pair(int64_t(0), int64_t(0));
}

llvm::Expected<std::optional<ModelDescription>> halftone::describeModel(ModuleOp module) {
  auto attributes = module->getAttrOfType<DictionaryAttr>("halftone.model");
  if (!attributes)
    return std::nullopt;
  std::string missing;
  auto integer = [&](StringRef name) -> int64_t {
    auto attr = attributes.getAs<IntegerAttr>(name);
    if (!attr && missing.empty())
      missing = name.str();
    return attr ? attr.getInt() : 0;
  };
  ModelDescription model;
  if (auto name = attributes.getAs<StringAttr>("name"))
    model.name = name.str();
  model.vocabulary = integer("vocabulary");
  model.hidden = integer("hidden");
  model.layers = integer("layers");
  model.heads = integer("heads");
  model.kvHeads = integer("kv_heads");
  model.headSize = integer("head_size");
  model.context = integer("context");
  model.bos = integer("bos");
  model.eos = integer("eos");
  if (!missing.empty())
    return llvm::createStringError("the module's attribute 'halftone.model' has no integer '" + missing + "'");
  for (auto function : module.getOps<func::FuncOp>())
    if (auto [keys, values] = cacheBytes(function); keys > 0) {
      model.keyCacheBytes = keys;
      model.valueCacheBytes = values;
    }
  return model;
}
