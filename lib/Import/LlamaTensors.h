//===- LlamaTensors.h - The tensors of a Llama checkpoint -------*- C++ -*-===//
#ifndef HALFTONE_LIB_IMPORT_LLAMATENSORS_H
#define HALFTONE_LIB_IMPORT_LLAMATENSORS_H

#include "halftone/Import/LlamaConfig.h"
#include "halftone/Support/SafeTensors.h"
#include <functional>

namespace halftone {

/// What a tensor is for.
enum class LlamaRole { Embedding, Norm, Projection, Head };

/// A tensor that a checkpoint must hold.
struct LlamaTensor {
  std::string name;
  std::vector<int64_t> shape; ///< matrices are [outputs, inputs]
  LlamaRole role;
};

/// Names of tensors in one checkpoint.
struct LlamaNames {
  /// "model." in checkpoints of LlamaForCausalLM, empty in those of the bare LlamaModel.
  std::string prefix = "model.";

  std::string embedding() const { return prefix + "embed_tokens.weight"; }
  std::string finalNorm() const { return prefix + "norm.weight"; }
  std::string head() const { return "lm_head.weight"; }
  /// E.g. layer(3, "mlp.up_proj").
  std::string layer(int64_t index, llvm::StringRef part) const;
};

/// All tensors of the model, in the order of their use; the head only if it is not tied.
std::vector<LlamaTensor> llamaTensors(const LlamaConfig &config, const LlamaNames &names);

/// Finds out how the checkpoint names its tensors and whether it has a head of its own (sets config.tiedHead), then
/// checks that every tensor is there, has its shape and holds floats. `warn` is told about tensors of no use.
llvm::Expected<LlamaNames> checkLlamaTensors(LlamaConfig &config, const TensorStore &store, llvm::StringRef folder,
                                             const std::function<void(llvm::StringRef)> &warn);

} // namespace halftone

#endif // HALFTONE_LIB_IMPORT_LLAMATENSORS_H
