//===- Artifact.h - LLVM IR to files that programs use ----------*- C++ -*-===//
//
// The last stage of the compiler: an LLVM module, a file with the packed
// weights and a description of the model become LLVM IR text, assembly, an
// object with its C header, a shared object, or an executable.
//
// What the module must look like:
//  - Weights are read through `@halftone_weights_base`, an external `ptr` that this
//    library defines; the bytes themselves never become LLVM IR.
//  - The public functions of `ArtifactOptions` are defined in it. Every other
//    function becomes internal.
//
// Outputs are byte-for-byte reproducible (no time, path or user in them), written
// under a temporary name and renamed at the end; on an error nothing is left.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_TARGET_ARTIFACT_H
#define HALFTONE_TARGET_ARTIFACT_H

#include "halftone/Target/TargetInfo.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class Module;
} // namespace llvm

namespace halftone {

/// A language model: what `halftone_model` of halftone/abi.h says of it, in the same units.
struct ModelDescription {
  std::string name; ///< for people
  int64_t vocabulary = 0, hidden = 0, layers = 0, heads = 0, kvHeads = 0, headSize = 0;
  int64_t context = 0; ///< tokens that the KV cache holds
  int64_t chunk = 0;   ///< most tokens in one call of prefill or head
  int64_t keyCacheBytes = 0, valueCacheBytes = 0, scratchBytes = 0;
  int32_t bos = -1, eos = -1; ///< -1: none
  /// Functions of the module, with the signatures of `halftone_body_fn` (decode, prefill) and `halftone_head_fn`.
  std::string decode = "decode", prefill = "prefill", head = "head";
  std::string tokenizerFile; ///< a SentencePiece model to put inside; empty: none
  std::string report;        ///< the compile report, JSON text; empty: none
};

/// A parameter of a C function.
struct CParameter {
  std::string name;    ///< a C identifier
  std::string element; ///< C type of the element behind the pointer, or of the number: "float", "int32_t", "int64_t"
  std::string shape;   ///< for the comment: "[n][64]"; empty for a number
  bool isPointer = true, isConst = true;
};

/// A public function `int32_t name(const halftone_exec *exec, parameters...)` of a module that is no model.
struct CFunction {
  std::string name;                   ///< of the function in the module; a C identifier
  std::string comment;                ///< one sentence for the header; may be empty
  std::vector<CParameter> parameters; ///< after `exec`
};

/// The same model for another CPU of the same architecture, with functions of its own in the module; they are
/// marked with their CPU (`setTarget`).
struct ModelVariant {
  TargetInfo target;
  std::string decode, prefill, head;
  int64_t scratchBytes = 0;
};

/// A tensor in the packed weights, in bytes from their start.
struct WeightTensor {
  std::string name;
  uint64_t offset = 0, bytes = 0;
};

struct ArtifactOptions {
  TargetInfo target;
  /// Of a model: what a host whose CPU cannot run `target` tries next, in this order.
  std::vector<ModelVariant> variants;
  /// Prefix of the C names of a model; empty: `cPrefix` of the output's path.
  std::string baseName;
  /// The packed weights, exactly `weightBytes` bytes. Empty when there are none.
  std::string weightsFile;
  uint64_t weightBytes = 0;
  std::optional<ModelDescription> model;
  std::vector<CFunction> functions; ///< of a module that is no model
  unsigned optLevel = 2;            ///< 0 to 3
  /// Instrument the code for AddressSanitizer, whose runtime the program must have then.
  bool sanitizeAddress = false;
  /// For `sanitizeAddress`: what the weights consist of, in ascending order at multiples of 8 bytes. What lies between
  /// two of them must not be touched. Empty: one thing, all of which may be.
  std::vector<WeightTensor> weightTensors;
  /// Folder of libhalftone_{main,runtime,tokenizer}.a for executables; empty: $HALFTONE_LIBRARY_DIR, or ../lib from
  /// the folder of the running program.
  std::string libraryDir;
};

enum class ArtifactKind { LLVMIR, Assembly, Object, SharedObject, Executable };

/// By suffix: `.ll`, `.s`, `.o`, `.so`; everything else is an executable.
ArtifactKind artifactKind(llvm::StringRef path);

/// A C identifier made of a path's stem: "out/my-model.o" gives "my_model".
std::string cPrefix(llvm::StringRef path);

/// Optimizes `module` (which is changed) and writes what the suffix of `path` asks for.
///
/// `.ll`, `.s`: weights and tokenizer, if any, lie beside the text as STEM.weights and STEM.tokenizer, where its
///   `.incbin` finds them.
/// `.o`: also writes the header STEM.h. A model's description is the symbol PREFIX_halftone_model, its only public one.
/// `.so`: exports only `halftone_model_v1`, or the public functions. Needs ld.lld or cc.
/// none: an executable that runs the model's command line; needs cc and the runtime's libraries.
///
/// Errors: an invalid module, a public function that is absent or has the wrong number of arguments, a call of a
/// function that neither libc nor libm has, files that cannot be read or written, no linker, and the linker's own.
llvm::Error writeArtifact(llvm::Module &module, llvm::StringRef path, const ArtifactOptions &options);

/// As above for a kind that is not the suffix's; text may go to "-", standard output, then without the files beside it.
llvm::Error writeArtifact(llvm::Module &module, llvm::StringRef path, ArtifactKind kind,
                          const ArtifactOptions &options);

/// Marks all functions that the module defines with a CPU and hides them from other modules, so that modules for
/// several CPUs can be linked into one. `isPublic` ones stay visible.
void setTarget(llvm::Module &module, const TargetInfo &target, llvm::function_ref<bool(llvm::StringRef)> isPublic);

/// The text of the header of an object; `prefix` as in `cPrefix`.
std::string headerText(llvm::StringRef prefix, const ArtifactOptions &options);

} // namespace halftone

#endif // HALFTONE_TARGET_ARTIFACT_H
