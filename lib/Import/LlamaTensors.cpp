//===- LlamaTensors.cpp - The tensors of a Llama checkpoint ---------------===//
#include "LlamaTensors.h"

#include "Json.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace halftone {

static constexpr size_t maxNamedTensors = 3;

std::string LlamaNames::layer(int64_t index, StringRef part) const {
  return (prefix + "layers." + Twine(index) + "." + part + ".weight").str();
}

static void addLayer(std::vector<LlamaTensor> &tensors, const LlamaConfig &config, const LlamaNames &names,
                     int64_t layer) {
  auto add = [&](StringRef part, std::vector<int64_t> shape) {
    LlamaRole role = shape.size() == 1 ? LlamaRole::Norm : LlamaRole::Projection;
    tensors.push_back({names.layer(layer, part), std::move(shape), role});
  };
  add("input_layernorm", {config.hidden});
  add("self_attn.q_proj", {config.queryWidth(), config.hidden});
  add("self_attn.k_proj", {config.keyWidth(), config.hidden});
  add("self_attn.v_proj", {config.keyWidth(), config.hidden});
  add("self_attn.o_proj", {config.hidden, config.queryWidth()});
  add("post_attention_layernorm", {config.hidden});
  add("mlp.gate_proj", {config.ffn, config.hidden});
  add("mlp.up_proj", {config.ffn, config.hidden});
  add("mlp.down_proj", {config.hidden, config.ffn});
}

std::vector<LlamaTensor> llamaTensors(const LlamaConfig &config, const LlamaNames &names) {
  std::vector<LlamaTensor> tensors;
  tensors.push_back({names.embedding(), {config.vocabulary, config.hidden}, LlamaRole::Embedding});
  for (int64_t layer = 0; layer < config.layers; ++layer)
    addLayer(tensors, config, names, layer);
  tensors.push_back({names.finalNorm(), {config.hidden}, LlamaRole::Norm});
  if (!config.tiedHead)
    tensors.push_back({names.head(), {config.vocabulary, config.hidden}, LlamaRole::Head});
  return tensors;
}

static StringRef roleName(LlamaRole role) {
  switch (role) {
  case LlamaRole::Embedding:
    return "the token embedding";
  case LlamaRole::Norm:
    return "the gain of a norm";
  case LlamaRole::Projection:
    return "the weights of a linear layer";
  case LlamaRole::Head:
    return "the weights of the head";
  }
  llvm_unreachable("unknown role");
}

static std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  raw_string_ostream os(text);
  os << '[';
  interleaveComma(shape, os);
  os << ']';
  return text;
}

static bool holdsFloats(ElementKind kind) {
  return kind == ElementKind::F32 || kind == ElementKind::F16 || kind == ElementKind::BF16 || kind == ElementKind::F64;
}

static Error checkTensor(const LlamaTensor &tensor, const TensorStore &store, StringRef folder) {
  const TensorEntry *entry = store.find(tensor.name);
  if (!entry)
    return fileError(folder, "tensor '" + tensor.name + "' is missing (" + roleName(tensor.role) + ", shape " +
                                 shapeText(tensor.shape) + ")");
  StringRef file = entry->file < store.files().size() ? StringRef(store.files()[entry->file]) : folder;
  if (entry->shape != tensor.shape)
    return fileError(file, "tensor '" + tensor.name + "' has shape " + shapeText(entry->shape) + ", but config.json " +
                               "asks for " + shapeText(tensor.shape));
  if (!holdsFloats(entry->kind))
    return fileError(file, "tensor '" + tensor.name + "' has element type " + elementName(entry->kind) +
                               "; supported are F32, F16, BF16 and F64");
  return Error::success();
}

/// Warns about tensors that are not used. Tables of rotary frequencies, which old checkpoints carry, and the
/// second copy of a tied head are no news.
static void reportUnused(ArrayRef<LlamaTensor> used, const LlamaConfig &config, const LlamaNames &names,
                         const TensorStore &store, const std::function<void(StringRef)> &warn) {
  StringSet<> known;
  for (const LlamaTensor &tensor : used)
    known.insert(tensor.name);
  if (config.tiedHead)
    known.insert(names.head());
  std::vector<std::string> unused;
  size_t count = 0;
  for (const TensorEntry &entry : store.entries()) {
    if (known.contains(entry.name) || StringRef(entry.name).ends_with("rotary_emb.inv_freq"))
      continue;
    if (++count <= maxNamedTensors)
      unused.push_back("'" + entry.name + "'");
  }
  if (count == 0 || !warn)
    return;
  std::string rest = count > unused.size() ? (", and " + Twine(count - unused.size()) + " more").str() : "";
  warn((Twine(count) + (count == 1 ? " tensor is" : " tensors are") +
        " not part of this Llama and ignored: " + join(unused, ", ") + rest)
           .str());
}

Expected<LlamaNames> checkLlamaTensors(LlamaConfig &config, const TensorStore &store, StringRef folder,
                                       const std::function<void(StringRef)> &warn) {
  LlamaNames names, bare;
  bare.prefix = "";
  if (!store.find(names.embedding()) && store.find(bare.embedding()))
    names = bare;
  if (!config.tiedHead && !store.find(names.head())) {
    config.tiedHead = true;
    if (warn)
      warn("there is no tensor '" + names.head() + "'; the head uses the weights of the embedding");
  }
  std::vector<LlamaTensor> tensors = llamaTensors(config, names);
  for (const LlamaTensor &tensor : tensors)
    if (Error error = checkTensor(tensor, store, folder))
      return std::move(error);
  reportUnused(tensors, config, names, store, warn);
  return names;
}

} // namespace halftone
