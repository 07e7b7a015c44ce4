//===- Synthetic.cpp - Checkpoints with random weights --------------------===//
#include "halftone/Import/Synthetic.h"

#include "Json.h"
#include "LlamaTensors.h"
#include "halftone/Support/AtomicFile.h"
#include "halftone/Support/Half.h"
#include "halftone/Support/Parallel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"
#include <cmath>
#include <cstring>

using namespace llvm;

namespace halftone {

static_assert(endianness::native == endianness::little, "safetensors files are little-endian");

static constexpr StringLiteral markerKey = "halftone_synthetic";
static constexpr uint64_t maxConfigBytes = 1 << 20;
static constexpr int64_t chunkElements = 1 << 20;
static constexpr double embeddingDeviation = 0.02;

int64_t SyntheticLlama::parameters() const {
  int64_t count = 0;
  for (const LlamaTensor &tensor : llamaTensors(config, LlamaNames())) {
    int64_t elements = 1;
    for (int64_t size : tensor.shape)
      elements *= size;
    count += elements;
  }
  return count;
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

/// The finalizer of splitmix64: a bijection of 64-bit numbers whose outputs for consecutive inputs look random.
static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// Sum of the four 16-bit numbers in x.
static int32_t sumOfQuarters(uint64_t x) {
  return int32_t((x & 0xffff) + ((x >> 16) & 0xffff) + ((x >> 32) & 0xffff) + (x >> 48));
}

/// Element `index` of the stream `key`: the sum of eight uniform numbers, which is normal for all practical purposes,
/// with mean 0 and standard deviation deviationOfSum. An exact integer, hence the same everywhere.
static int32_t normalInteger(uint64_t key, uint64_t index) {
  uint64_t a = mix(key + 2 * index), b = mix(key + 2 * index + 1);
  return sumOfQuarters(a) + sumOfQuarters(b) - 8 * 65535 / 2;
}

/// sqrt(8 * (65536^2 - 1) / 12)
static constexpr double deviationOfSum = 53509.91;

/// Standard deviation of a tensor's weights; 0 for norms, whose gains are 1.
static double deviation(const LlamaTensor &tensor) {
  if (tensor.role == LlamaRole::Norm)
    return 0;
  if (tensor.role == LlamaRole::Projection)
    return 1 / std::sqrt(double(tensor.shape.back()));
  return embeddingDeviation;
}

/// The nearest bfloat16, ties to even, of a finite float.
static uint16_t floatToBfloatBits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static void store(float value, ElementKind kind, char *to) {
  uint16_t bits = 0;
  if (kind == ElementKind::F32) {
    std::memcpy(to, &value, sizeof value);
    return;
  }
  bits = kind == ElementKind::F16 ? doubleToHalfBits(value) : floatToBfloatBits(value);
  std::memcpy(to, &bits, sizeof bits);
}

/// Appends a tensor's bytes to the stream, in pieces of a few MB whatever the tensor's size.
static void writeWeights(const LlamaTensor &tensor, uint64_t seed, ElementKind kind, unsigned threads,
                         raw_ostream &os) {
  int64_t elements = 1, bytes = elementBytes(kind);
  for (int64_t size : tensor.shape)
    elements *= size;
  uint64_t key = mix(mix(seed) ^ xxh3_64bits(tensor.name));
  float scale = float(deviation(tensor) / deviationOfSum);
  float mean = tensor.role == LlamaRole::Norm ? 1.0f : 0.0f;
  std::vector<char> buffer(std::min(elements, chunkElements) * bytes);
  for (int64_t start = 0; start < elements; start += chunkElements) {
    int64_t count = std::min(chunkElements, elements - start);
    parallelFor(count, threads, 1 << 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        store(mean + scale * float(normalInteger(key, start + i)), kind, &buffer[i * bytes]);
    });
    os.write(buffer.data(), count * bytes);
  }
}

//===----------------------------------------------------------------------===//
// The folder
//===----------------------------------------------------------------------===//

static StringRef torchName(ElementKind kind) {
  return kind == ElementKind::F16 ? "float16" : kind == ElementKind::BF16 ? "bfloat16" : "float32";
}

static std::string configText(const SyntheticLlama &model) {
  const LlamaConfig &config = model.config;
  auto token = [](int64_t id) { return id < 0 ? json::Value(nullptr) : json::Value(id); };
  json::Object object{{"architectures", json::Array{"LlamaForCausalLM"}},
                      {"model_type", "llama"},
                      {"hidden_size", config.hidden},
                      {"intermediate_size", config.ffn},
                      {"num_hidden_layers", config.layers},
                      {"num_attention_heads", config.heads},
                      {"num_key_value_heads", config.kvHeads},
                      {"head_dim", config.headSize},
                      {"vocab_size", config.vocabulary},
                      {"max_position_embeddings", config.context},
                      {"rms_norm_eps", config.epsilon},
                      {"rope_theta", config.theta},
                      {"hidden_act", "silu"},
                      {"tie_word_embeddings", config.tiedHead},
                      {"bos_token_id", token(config.bos)},
                      {"eos_token_id", token(config.eos)},
                      {"torch_dtype", torchName(model.kind)},
                      {markerKey, model.spec}};
  return formatv("{0:2}\n", json::Value(std::move(object)));
}

static std::string inFolder(StringRef folder, StringRef name) {
  SmallString<256> path(folder);
  sys::path::append(path, name);
  return std::string(path);
}

/// True if the folder's config.json says that a synthetic model is what it holds.
static bool holdsSyntheticModel(StringRef folder) {
  Expected<json::Object> config = readJsonObject(inFolder(folder, "config.json"), maxConfigBytes);
  if (config)
    return config->get(markerKey) != nullptr;
  consumeError(config.takeError());
  return false;
}

/// Makes the folder if need be; true if it was made. Whatever is of value in it is protected.
static Expected<bool> prepareFolder(StringRef folder) {
  sys::fs::file_status status;
  std::error_code missing = sys::fs::status(folder, status);
  if (missing == std::errc::no_such_file_or_directory) {
    if (std::error_code ec = sys::fs::create_directory(folder, /*IgnoreExisting=*/true, sys::fs::all_all))
      return fileError(folder, "cannot create the folder: " + ec.message());
    return true;
  }
  if (missing)
    return fileError(folder, missing.message());
  if (!sys::fs::is_directory(status))
    return fileError(folder, "exists and is not a folder");
  std::error_code ec;
  sys::fs::directory_iterator entry(folder, ec);
  if (ec)
    return fileError(folder, ec.message());
  if (entry != sys::fs::directory_iterator() && !holdsSyntheticModel(folder))
    return fileError(folder, "the folder is not empty and holds no synthetic model; name another folder");
  return false;
}

Error writeSyntheticLlama(const SyntheticLlama &model, StringRef folder, unsigned threads,
                          function_ref<void(size_t, size_t)> progress) {
  Expected<bool> created = prepareFolder(folder);
  if (!created)
    return created.takeError();
  std::vector<LlamaTensor> tensors = llamaTensors(model.config, LlamaNames());
  std::vector<TensorToWrite> writes;
  for (auto [index, tensor] : enumerate(tensors))
    writes.push_back({tensor.name, model.kind, tensor.shape, [&, index = index](raw_ostream &os) {
                        writeWeights(tensors[index], model.seed, model.kind, threads, os);
                        if (progress)
                          progress(index + 1, tensors.size());
                        return Error::success();
                      }});
  std::string weightsPath = inFolder(folder, "model.safetensors"), configPath = inFolder(folder, "config.json");
  Error error = writeSafeTensors(weightsPath, writes);
  if (!error) {
    // Weights without their configuration are no model.
    error = writeFileAtomically(configPath, configText(model));
    if (error) {
      (void)sys::fs::remove(weightsPath);
      (void)sys::fs::remove(configPath);
    }
  }
  if (error && *created)
    (void)sys::fs::remove(folder);
  return error;
}

} // namespace halftone
