//===- Import.cpp - From a model folder to stage-0 IR ---------------------===//
#include "halftone/Import/Import.h"

#include "Json.h"
#include "Llama.h"
#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "dialects/Nn/IR/NnDialect.h"
#include "halftone/Import/Externals.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
namespace json = llvm::json;

namespace halftone {
namespace {

constexpr uint64_t maxConfigBytes = 1 << 20;
constexpr llvm::StringLiteral tokenizerName = "tokenizer.model";

/// A model folder whose config.json has been read.
struct ModelFolder {
  std::string dir, configPath;
  json::Object config;

  std::string file(StringRef name) const {
    llvm::SmallString<256> path(dir);
    llvm::sys::path::append(path, name);
    return std::string(path);
  }
};

using Importer = Expected<OwningOpRef<ModuleOp>> (*)(MLIRContext &, const ModelFolder &, const ImportOptions &);

/// What a compiled model says about itself, as `halftone.model` on the module.
DictionaryAttr describeLlama(Builder b, const LlamaConfig &config, const ModelFolder &folder) {
  llvm::SmallString<256> real;
  StringRef name = llvm::sys::fs::real_path(folder.dir, real) ? StringRef("llama") : llvm::sys::path::filename(real);
  SmallVector<NamedAttribute> fields{b.getNamedAttr("architecture", b.getStringAttr("llama")),
                                     b.getNamedAttr("name", b.getStringAttr(name))};
  const std::pair<StringRef, int64_t> numbers[] = {
      {"vocabulary", config.vocabulary}, {"hidden", config.hidden},    {"layers", config.layers},
      {"heads", config.heads},           {"kv_heads", config.kvHeads}, {"head_size", config.headSize},
      {"context", config.context},       {"bos", config.bos},          {"eos", config.eos}};
  for (auto [key, number] : numbers)
    fields.push_back(b.getNamedAttr(key, b.getI64IntegerAttr(number)));
  if (llvm::sys::fs::exists(folder.file(tokenizerName)))
    fields.push_back(b.getNamedAttr("tokenizer", b.getStringAttr(tokenizerName)));
  return b.getDictionaryAttr(fields);
}

Expected<OwningOpRef<ModuleOp>> importLlama(MLIRContext &context, const ModelFolder &folder,
                                            const ImportOptions &options) {
  Expected<LlamaConfig> config = parseLlamaConfig(folder.config, folder.configPath);
  if (!config)
    return config.takeError();
  if (options.context > 0)
    config->context = std::min(config->context, options.context);
  Expected<TensorStore> store = TensorStore::openFolder(folder.dir);
  if (!store)
    return store.takeError();
  Expected<LlamaNames> names = checkLlamaTensors(*config, *store, folder.dir, options.warn);
  if (!names)
    return names.takeError();
  OwningOpRef<ModuleOp> module = buildLlama(context, *config, *names);
  (*module)->setAttr("halftone.model", describeLlama(Builder(&context), *config, folder));
  return std::move(module);
}

struct Architecture {
  llvm::StringLiteral name, modelType;
  Importer importer;
};

constexpr Architecture architectures[] = {{"LlamaForCausalLM", "llama", importLlama}};

std::string knownArchitectures() {
  return llvm::join(llvm::map_range(architectures, [](const Architecture &a) { return a.name; }), ", ");
}

/// The entry for a config.json: by "architectures", or, where that is absent, by "model_type".
Expected<const Architecture *> findArchitecture(const ModelFolder &folder) {
  JsonFields fields(folder.config, folder.configPath);
  const json::Value *named = fields.get("architectures");
  const json::Array *list = named ? named->getAsArray() : nullptr;
  const json::Value *found = list && !list->empty() ? &list->front() : named ? named : fields.get("model_type");
  if (!found)
    return fileError(folder.configPath,
                     "neither \"architectures\" nor \"model_type\" says what model this is; known: " +
                         knownArchitectures());
  StringRef text = found->getAsString().value_or("");
  for (const Architecture &architecture : architectures)
    if (text == (named ? architecture.name : architecture.modelType))
      return &architecture;
  return fileError(folder.configPath,
                   "unknown architecture " + describeJson(*found) + "; known: " + knownArchitectures());
}

Expected<ModelFolder> readFolder(StringRef dir) {
  llvm::sys::fs::file_status status;
  if (std::error_code ec = llvm::sys::fs::status(dir, status))
    return fileError(dir, ec.message());
  if (!llvm::sys::fs::is_directory(status))
    return fileError(dir, "not a folder; expected a model folder with config.json and safetensors files");
  ModelFolder folder;
  folder.dir = dir.str();
  folder.configPath = folder.file("config.json");
  if (!llvm::sys::fs::exists(folder.configPath))
    return fileError(dir, "no config.json in the folder; expected a model in the layout of Hugging Face");
  Expected<json::Object> config = readJsonObject(folder.configPath, maxConfigBytes);
  if (!config)
    return config.takeError();
  folder.config = std::move(*config);
  return std::move(folder);
}

} // namespace

Expected<OwningOpRef<ModuleOp>> importModel(MLIRContext &context, StringRef dir, const ImportOptions &options) {
  Expected<ModelFolder> folder = readFolder(dir);
  if (!folder)
    return folder.takeError();
  Expected<const Architecture *> architecture = findArchitecture(*folder);
  if (!architecture)
    return architecture.takeError();
  context.loadDialect<arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect, tensor::TensorDialect,
                      lowbit::LowbitDialect, nn::NnDialect>();
  Expected<OwningOpRef<ModuleOp>> module = (*architecture)->importer(context, *folder, options);
  if (!module)
    return module.takeError();
  (**module)->setAttr(externalsAttrName,
                      StringAttr::get(&context, options.externals.empty() ? dir : StringRef(options.externals)));
  if (failed(verify(**module)))
    return fileError(dir, "the imported module does not verify, which is a bug of the importer");
  return module;
}

} // namespace halftone
