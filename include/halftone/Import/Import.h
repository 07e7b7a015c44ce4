//===- Import.h - From a model folder to stage-0 IR -------------*- C++ -*-===//
//
// Reads the folder of a trained model and describes its computation as stage-0
// IR: linalg and nn on tensors, weights as `lowbit.external` that name tensors of
// the checkpoint. No weight is read, only names, shapes and element types.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_IMPORT_IMPORT_H
#define HALFTONE_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <string>

namespace halftone {

struct ImportOptions {
  /// Most tokens of a sequence (size of the KV cache); 0, or more than the model was made for: as the model says.
  int64_t context = 0;
  /// What the module's `lowbit.externals` says; empty: the folder as given. See Externals.h.
  std::string externals;
  /// Called with a sentence about everything that is odd but no error, such as tensors that are ignored.
  std::function<void(llvm::StringRef)> warn;
};

/// Imports the model in folder `dir` (Hugging Face layout: config.json, safetensors in one file or in shards).
/// The module holds `@body` and `@head` and verifies. `context` gets the dialects it needs.
/// Errors name the file, the key or the tensor: unknown architecture (with the known ones), a missing tensor,
/// a wrong shape (with both), an element type that holds no floats.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> importModel(mlir::MLIRContext &context, llvm::StringRef dir,
                                                              const ImportOptions &options = {});

} // namespace halftone

#endif // HALFTONE_IMPORT_IMPORT_H
