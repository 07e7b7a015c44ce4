//===- SyntheticSpec.cpp - Descriptions of synthetic models ---------------===//
#include "halftone/Import/Synthetic.h"

#include "Json.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace halftone {

static constexpr StringLiteral allKeys[] = {"hidden", "layers",  "heads", "kv_heads", "head_size", "ffn",
                                            "vocab",  "context", "seed",  "tied",     "dtype"};

StringRef syntheticHelp() {
  return R"(keys of --synthetic 'llama(key=value,...)', all optional:
  hidden=768      width of the residual stream
  layers=12       number of layers
  heads=12        query heads
  kv_heads=HEADS  key and value heads; divides heads
  head_size=N     width of a head, even; default hidden / heads
  ffn=N           width of the gated FFN; default 8/3 hidden, up to a multiple of 64
  vocab=32000     words of the vocabulary
  context=1024    longest sequence
  seed=1          another seed gives other weights
  tied=false      true: the head uses the embedding's weights
  dtype=f32       element type in the file: f32, f16 or bf16
)";
}

static Error specError(StringRef spec, const Twine &message) { return createStringError("'" + spec + "': " + message); }

static std::string keyList() { return join(std::begin(allKeys), std::end(allKeys), ", "); }

/// The key that is nearest to a wrong one, as ", did you mean 'x'?", or nothing.
static std::string suggestion(StringRef wrong) {
  StringRef best;
  unsigned bestDistance = 3;
  for (StringRef key : allKeys) {
    unsigned distance = wrong.edit_distance(key, /*AllowReplacements=*/true, bestDistance);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = key;
    }
  }
  return best.empty() ? "" : (" (did you mean '" + best + "'?)").str();
}

using SpecValues = StringMap<StringRef>;

/// Splits "llama(a=1,b=2)" into its keys and values.
static Expected<SpecValues> splitSpec(StringRef spec) {
  StringRef rest = spec.trim();
  if (!rest.consume_front("llama"))
    return specError(spec, "unknown architecture; known: llama, as in 'llama(hidden=768,layers=12)'");
  rest = rest.trim();
  if (!rest.empty() && (!rest.consume_front("(") || !rest.consume_back(")")))
    return specError(spec, "expected 'llama(key=value,...)'");
  SpecValues values;
  while (!rest.trim().empty()) {
    auto [item, tail] = rest.split(',');
    rest = tail;
    auto [key, value] = item.split('=');
    key = key.trim();
    value = value.trim();
    if (value.empty())
      return specError(spec, "expected 'key=value', but found '" + item.trim() + "'");
    if (!is_contained(allKeys, key))
      return specError(spec, "unknown key '" + key + "'" + suggestion(key) + "; known: " + keyList());
    if (!values.try_emplace(key, value).second)
      return specError(spec, "key '" + key + "' is given twice");
  }
  return values;
}

/// Puts the integer `key` into a config.json under its name there. Ranges are left to the config's reader.
static Error setInteger(const SpecValues &values, StringRef spec, StringRef key, StringRef configKey,
                        json::Object &config) {
  auto it = values.find(key);
  if (it == values.end())
    return Error::success();
  int64_t number;
  if (it->second.getAsInteger(10, number))
    return specError(spec, "'" + key + "' must be an integer, but is '" + it->second + "'");
  config[configKey] = number;
  return Error::success();
}

/// The default width of the FFN: 8/3 of the hidden size, rounded up to a multiple of 64.
static int64_t defaultFfn(int64_t hidden) { return (8 * hidden / 3 + 63) / 64 * 64; }

static Expected<json::Object> specConfig(const SpecValues &values, StringRef spec) {
  json::Object config{{"hidden_size", 768},   {"num_hidden_layers", 12},         {"num_attention_heads", 12},
                      {"vocab_size", 32000},  {"max_position_embeddings", 1024}, {"rms_norm_eps", 1e-5},
                      {"rope_theta", 10000.0}};
  const std::pair<StringRef, StringRef> integers[] = {
      {"hidden", "hidden_size"}, {"layers", "num_hidden_layers"},       {"heads", "num_attention_heads"},
      {"head_size", "head_dim"}, {"kv_heads", "num_key_value_heads"},   {"ffn", "intermediate_size"},
      {"vocab", "vocab_size"},   {"context", "max_position_embeddings"}};
  for (auto [key, configKey] : integers)
    if (Error error = setInteger(values, spec, key, configKey, config))
      return std::move(error);
  int64_t hidden = config.getInteger("hidden_size").value_or(0);
  if (!config.get("intermediate_size") && hidden > 0 && hidden <= (int64_t(1) << 40))
    config["intermediate_size"] = defaultFfn(hidden);
  StringRef tied = values.lookup("tied");
  if (!tied.empty() && tied != "true" && tied != "false")
    return specError(spec, "'tied' must be true or false, but is '" + tied + "'");
  config["tie_word_embeddings"] = tied == "true";
  return config;
}

Expected<SyntheticLlama> parseSyntheticLlama(StringRef spec) {
  Expected<SpecValues> values = splitSpec(spec);
  if (!values)
    return values.takeError();
  Expected<json::Object> object = specConfig(*values, spec);
  if (!object)
    return object.takeError();
  SyntheticLlama model;
  Expected<LlamaConfig> config = parseLlamaConfig(*object, spec);
  if (!config)
    return config.takeError();
  model.config = *config;
  model.spec = spec.str();
  StringRef seed = values->lookup("seed"), kind = values->lookup("dtype");
  if (!seed.empty() && seed.getAsInteger(10, model.seed))
    return specError(spec, "'seed' must be an integer from 0 to 2^64-1, but is '" + seed + "'");
  std::optional<ElementKind> parsed = StringSwitch<std::optional<ElementKind>>(kind)
                                          .Cases({"", "f32"}, ElementKind::F32)
                                          .Case("f16", ElementKind::F16)
                                          .Case("bf16", ElementKind::BF16)
                                          .Default(std::nullopt);
  if (!parsed)
    return specError(spec, "'dtype' must be f32, f16 or bf16, but is '" + kind + "'");
  model.kind = *parsed;
  return model;
}

} // namespace halftone
