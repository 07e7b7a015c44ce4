//===- Synthetic.h - Checkpoints with random weights ------------*- C++ -*-===//
//
// Models of any size for benchmarks and tests, in the layout of a Hugging Face
// folder, without a tokenizer. A function of the description and its seed alone.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_IMPORT_SYNTHETIC_H
#define HALFTONE_IMPORT_SYNTHETIC_H

#include "halftone/Import/LlamaConfig.h"
#include "halftone/Support/SafeTensors.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace halftone {

/// A Llama to make up.
struct SyntheticLlama {
  LlamaConfig config;
  uint64_t seed = 1;
  ElementKind kind = ElementKind::F32; ///< F32, F16 or BF16
  std::string spec;                    ///< the description it was parsed from

  /// Number of weights; a tied head counts once.
  int64_t parameters() const;
};

/// Parses `llama(hidden=768,layers=12,...)`. Errors say which keys and values there are.
llvm::Expected<SyntheticLlama> parseSyntheticLlama(llvm::StringRef spec);

/// One paragraph per key, for --help.
llvm::StringRef syntheticHelp();

/// Writes config.json and model.safetensors into `folder`, which is made if its parent exists. A folder that holds
/// anything is refused, unless what it holds is a synthetic model. An error leaves no partial model behind.
/// `progress(done, total)` is called after each tensor. `threads`: 0 for all cores; the bytes do not depend on it.
llvm::Error writeSyntheticLlama(const SyntheticLlama &model, llvm::StringRef folder, unsigned threads = 0,
                                llvm::function_ref<void(size_t done, size_t total)> progress = {});

} // namespace halftone

#endif // HALFTONE_IMPORT_SYNTHETIC_H
