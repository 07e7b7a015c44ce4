//===- LlamaConfig.h - config.json of a Llama checkpoint --------*- C++ -*-===//
//
// The hyperparameters of a Hugging Face `LlamaForCausalLM` folder, checked:
// every number is in range and the numbers agree with each other, so that no
// product of them that is formed later can overflow 64 bits.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_IMPORT_LLAMACONFIG_H
#define HALFTONE_IMPORT_LLAMACONFIG_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <cstdint>

namespace halftone {

/// Hyperparameters of a Llama. Names as in lowbit and nn; the comment gives the key in config.json.
struct LlamaConfig {
  int64_t hidden = 0;     ///< hidden_size
  int64_t ffn = 0;        ///< intermediate_size
  int64_t layers = 0;     ///< num_hidden_layers
  int64_t heads = 0;      ///< num_attention_heads
  int64_t kvHeads = 0;    ///< num_key_value_heads, default: heads
  int64_t headSize = 0;   ///< head_dim, default: hidden / heads; always even
  int64_t vocabulary = 0; ///< vocab_size
  int64_t context = 0;    ///< max_position_embeddings, default 2048
  double epsilon = 1e-6;  ///< rms_norm_eps
  double theta = 10000.0; ///< rope_theta
  bool tiedHead = false;  ///< tie_word_embeddings: the head uses the embedding's weights
  int64_t bos = 1;        ///< bos_token_id, -1: none
  int64_t eos = 2;        ///< eos_token_id, -1: none; of a list the first

  /// Width of the queries and of the attention's output, heads * headSize.
  int64_t queryWidth() const { return heads * headSize; }
  /// Width of the keys and of the values, kvHeads * headSize.
  int64_t keyWidth() const { return kvHeads * headSize; }
};

/// Reads the hyperparameters from the parsed text of a config.json. `path` is only for messages.
/// Errors name the key, what it may be and what it is; variants of Llama that Halftone cannot compute
/// (rope scaling, biases, other activations) are refused.
llvm::Expected<LlamaConfig> parseLlamaConfig(const llvm::json::Object &config, llvm::StringRef path);

} // namespace halftone

#endif // HALFTONE_IMPORT_LLAMACONFIG_H
