//===- LlamaConfigTest.cpp - Which config.json is accepted ----------------===//
#include "halftone/Import/LlamaConfig.h"

#include "gtest/gtest.h"

using namespace halftone;
using namespace llvm;

namespace {

constexpr StringLiteral valid = R"({"hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 5,
                                    "num_attention_heads": 8, "vocab_size": 512})";

/// The valid configuration with fields of `changes` put in; a null there removes the field's value.
Expected<LlamaConfig> parseWith(StringRef changes) {
  json::Object config = *cantFail(json::parse(valid)).getAsObject();
  json::Value changed = cantFail(json::parse(changes));
  for (auto &[key, value] : *changed.getAsObject())
    config[key] = value;
  return parseLlamaConfig(config, "config.json");
}

/// The error message for a configuration, or "accepted".
std::string errorWith(StringRef changes) {
  Expected<LlamaConfig> config = parseWith(changes);
  return config ? "accepted" : toString(config.takeError());
}

TEST(LlamaConfig, DefaultsAreThoseOfHuggingFace) {
  LlamaConfig config = cantFail(parseWith("{}"));
  EXPECT_EQ(config.hidden, 64);
  EXPECT_EQ(config.ffn, 172);
  EXPECT_EQ(config.layers, 5);
  EXPECT_EQ(config.kvHeads, 8);
  EXPECT_EQ(config.headSize, 8);
  EXPECT_EQ(config.context, 2048);
  EXPECT_EQ(config.epsilon, 1e-6);
  EXPECT_EQ(config.theta, 10000.0);
  EXPECT_FALSE(config.tiedHead);
  EXPECT_EQ(config.bos, 1);
  EXPECT_EQ(config.eos, 2);
}

TEST(LlamaConfig, ReadsWhatIsGiven) {
  LlamaConfig config = cantFail(parseWith(R"({"num_key_value_heads": 2, "head_dim": 32, "rope_theta": 500000,
      "max_position_embeddings": 77, "rms_norm_eps": 1e-5, "tie_word_embeddings": true,
      "bos_token_id": 7, "eos_token_id": [9, 11], "rope_scaling": null})"));
  EXPECT_EQ(config.kvHeads, 2);
  EXPECT_EQ(config.headSize, 32);
  EXPECT_EQ(config.queryWidth(), 256);
  EXPECT_EQ(config.keyWidth(), 64);
  EXPECT_EQ(config.theta, 500000.0);
  EXPECT_EQ(config.context, 77);
  EXPECT_EQ(config.epsilon, 1e-5);
  EXPECT_TRUE(config.tiedHead);
  EXPECT_EQ(config.bos, 7);
  EXPECT_EQ(config.eos, 9);
}

TEST(LlamaConfig, TokensMayBeAbsent) {
  LlamaConfig config = cantFail(parseWith(R"({"bos_token_id": null, "eos_token_id": null})"));
  EXPECT_EQ(config.bos, -1);
  EXPECT_EQ(config.eos, -1);
}

TEST(LlamaConfig, HeadSizeIsNeededWhereItCannotBeDerived) {
  EXPECT_EQ(errorWith(R"({"num_attention_heads": 7, "num_key_value_heads": 7})"),
            "'config.json': \"hidden_size\" (64) is not a multiple of \"num_attention_heads\" (7), and \"head_dim\" "
            "is not given");
  EXPECT_EQ(cantFail(parseWith(R"({"num_attention_heads": 7, "head_dim": 10})")).queryWidth(), 70);
}

TEST(LlamaConfig, NumbersAreChecked) {
  EXPECT_EQ(errorWith(R"({"hidden_size": null})"), "'config.json': \"hidden_size\" is missing");
  EXPECT_EQ(errorWith(R"({"hidden_size": "64"})"),
            "'config.json': \"hidden_size\" must be an integer from 1 to 1048576, but is \"64\"");
  for (StringRef key : {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                        "num_key_value_heads", "head_dim", "vocab_size", "max_position_embeddings"})
    for (StringRef value : {"0", "-1", "1.5", "1e30", "9223372036854775807", "[]", "true"})
      EXPECT_NE(errorWith(("{\"" + key + "\": " + value + "}").str()).find(("\"" + key + "\" must be").str()),
                std::string::npos)
          << key.str() << " " << value.str();
  for (StringRef key : {"rms_norm_eps", "rope_theta"})
    for (StringRef value : {"0", "-1e-5", "1e300", "\"1e-5\""})
      EXPECT_NE(errorWith(("{\"" + key + "\": " + value + "}").str()).find(("\"" + key + "\" must be").str()),
                std::string::npos)
          << key.str() << " " << value.str();
}

TEST(LlamaConfig, NumbersMustAgree) {
  EXPECT_EQ(errorWith(R"({"num_key_value_heads": 3})"),
            "'config.json': \"num_attention_heads\" (8) is not a multiple of \"num_key_value_heads\" (3)");
  EXPECT_EQ(errorWith(R"({"head_dim": 9})"),
            "'config.json': the head size must be even for rotary embedding, but is 9");
  EXPECT_NE(errorWith(R"({"head_dim": 1048576})").find("more than 1048576"), std::string::npos);
  EXPECT_NE(errorWith(R"({"bos_token_id": 512})").find("\"bos_token_id\" must be a token of the vocabulary (0 to 511)"),
            std::string::npos);
}

TEST(LlamaConfig, VariantsAreRefused) {
  EXPECT_NE(errorWith(R"({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}})")
                .find("rope scaling is not supported, but \"rope_scaling\" is"),
            std::string::npos);
  EXPECT_NE(errorWith(R"({"rope_scaling": 2})").find("rope scaling is not supported"), std::string::npos);
  EXPECT_NE(errorWith(R"({"attention_bias": true})").find("\"attention_bias\": true is not supported"),
            std::string::npos);
  EXPECT_NE(errorWith(R"({"mlp_bias": true})").find("\"mlp_bias\": true is not supported"), std::string::npos);
  EXPECT_NE(errorWith(R"({"hidden_act": "gelu"})").find("\"hidden_act\" must be \"silu\", but is \"gelu\""),
            std::string::npos);
  EXPECT_NE(errorWith(R"({"quantization_config": {}})").find("already quantized"), std::string::npos);
}

TEST(LlamaConfig, DefaultRopeUnderItsNewKeyIsNoScaling) {
  LlamaConfig config = cantFail(parseWith(R"({"rope_parameters": {"rope_type": "default", "rope_theta": 5000}})"));
  EXPECT_EQ(config.theta, 5000.0);
}

} // namespace
