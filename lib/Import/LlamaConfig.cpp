//===- LlamaConfig.cpp - config.json of a Llama checkpoint ----------------===//
#include "halftone/Import/LlamaConfig.h"

#include "Json.h"

using namespace llvm;

namespace halftone {

// Caps far above every known model; the largest product, the elements of a KV cache, stays below 2^55.
static constexpr int64_t maxWidth = 1 << 20;
static constexpr int64_t maxLayers = 1 << 12;
static constexpr int64_t maxVocabulary = 1 << 24;
static constexpr int64_t maxContext = 1 << 22;
static constexpr double maxTheta = 1e18;

/// bos_token_id or eos_token_id: an integer, null (none), or a list whose first element counts.
static int64_t readToken(const json::Object &config, JsonFields &fields, StringRef key, int64_t vocabulary,
                         int64_t fallback) {
  const json::Value *value = config.get(key);
  if (!value)
    return fallback < vocabulary ? fallback : -1;
  if (value->kind() == json::Value::Null)
    return -1;
  const json::Array *list = value->getAsArray();
  if (list && !list->empty())
    value = &list->front();
  std::optional<int64_t> id = value->getAsInteger();
  if (id && *id >= 0 && *id < vocabulary)
    return *id;
  fields.fail("\"" + key + "\" must be a token of the vocabulary (0 to " + Twine(vocabulary - 1) +
              "), a list of them, or null, but is " + describeJson(*value));
  return -1;
}

/// True if the object only says that positions are not scaled.
static bool isDefaultRope(const json::Value &value) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return false;
  std::optional<StringRef> type = object->getString("rope_type");
  if (!type)
    type = object->getString("type");
  return type && *type == "default";
}

/// Refuses rope scaling under both of its keys and finds the base of the frequencies.
static double readTheta(JsonFields &fields) {
  double theta = fields.positive("rope_theta", maxTheta, 10000.0);
  for (StringRef key : {"rope_scaling", "rope_parameters"}) {
    const json::Value *value = fields.get(key);
    if (!value)
      continue;
    if (!isDefaultRope(*value)) {
      fields.fail("rope scaling is not supported, but \"" + key + "\" is " + describeJson(*value) +
                  "; set it to null to compile the model for its unscaled context");
      continue;
    }
    JsonFields nested(*value->getAsObject(), key);
    theta = nested.positive("rope_theta", maxTheta, theta);
    if (Error error = nested.takeError())
      fields.fail(toString(std::move(error)));
  }
  return theta;
}

/// Refuses what would compute something else than the Llama that Halftone builds.
static void refuseVariants(JsonFields &fields) {
  for (StringRef key : {"attention_bias", "mlp_bias"})
    if (fields.boolean(key, false))
      fields.fail("\"" + key + "\": true is not supported; only Llamas without biases are");
  std::string activation = fields.string("hidden_act", "silu");
  if (activation != "silu" && activation != "swish")
    fields.fail("\"hidden_act\" must be \"silu\", but is " + describeJson(activation));
  if (fields.positive("partial_rotary_factor", 1.0, 1.0) != 1.0)
    fields.fail("\"partial_rotary_factor\" other than 1 is not supported");
  if (fields.get("quantization_config"))
    fields.fail("the checkpoint is already quantized (\"quantization_config\"); import the float checkpoint "
                "that it was made from");
}

/// Checks that the numbers agree with each other, after each of them is in range.
static void checkConsistency(const LlamaConfig &config, JsonFields &fields) {
  if (config.heads % config.kvHeads != 0)
    fields.fail("\"num_attention_heads\" (" + Twine(config.heads) + ") is not a multiple of \"num_key_value_heads\" (" +
                Twine(config.kvHeads) + ")");
  if (config.headSize % 2 != 0)
    fields.fail("the head size must be even for rotary embedding, but is " + Twine(config.headSize));
  if (config.queryWidth() > maxWidth)
    fields.fail("\"num_attention_heads\" times the head size is " + Twine(config.queryWidth()) + ", more than " +
                Twine(maxWidth));
}

/// head_dim, or the hidden size divided among the heads.
static int64_t readHeadSize(const LlamaConfig &config, JsonFields &fields) {
  if (fields.get("head_dim"))
    return fields.integer("head_dim", 2, maxWidth);
  if (config.hidden % config.heads != 0)
    fields.fail("\"hidden_size\" (" + Twine(config.hidden) + ") is not a multiple of \"num_attention_heads\" (" +
                Twine(config.heads) + "), and \"head_dim\" is not given");
  return config.hidden / config.heads;
}

Expected<LlamaConfig> parseLlamaConfig(const json::Object &object, StringRef path) {
  JsonFields fields(object, path);
  refuseVariants(fields);
  LlamaConfig config;
  config.hidden = fields.integer("hidden_size", 1, maxWidth);
  config.ffn = fields.integer("intermediate_size", 1, maxWidth);
  config.layers = fields.integer("num_hidden_layers", 1, maxLayers);
  config.heads = fields.integer("num_attention_heads", 1, maxWidth);
  config.kvHeads = fields.integer("num_key_value_heads", 1, maxWidth, config.heads);
  config.headSize = readHeadSize(config, fields);
  config.vocabulary = fields.integer("vocab_size", 1, maxVocabulary);
  config.context = fields.integer("max_position_embeddings", 1, maxContext, 2048);
  config.epsilon = fields.positive("rms_norm_eps", 1.0, 1e-6);
  config.theta = readTheta(fields);
  config.tiedHead = fields.boolean("tie_word_embeddings", false);
  config.bos = readToken(object, fields, "bos_token_id", config.vocabulary, 1);
  config.eos = readToken(object, fields, "eos_token_id", config.vocabulary, 2);
  if (!fields.failed())
    checkConsistency(config, fields);
  if (Error error = fields.takeError())
    return std::move(error);
  return config;
}

} // namespace halftone
