//===- Llama.h - Stage-0 IR of a Llama --------------------------*- C++ -*-===//
#ifndef HALFTONE_LIB_IMPORT_LLAMA_H
#define HALFTONE_LIB_IMPORT_LLAMA_H

#include "LlamaTensors.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace halftone {

/// Builds the module of a Llama: `@body` from tokens to the hidden states behind the final norm, `@head` from
/// these to logits. T, the number of tokens of a call, is dynamic.
///
///   @body(tokens: [T] i32, position: index, keys: [layers, kvHeads, headSize, context] memref,
///         values: [layers, kvHeads, context, headSize] memref) -> [T, hidden]
///   @head(hidden: [T, hidden]) -> [T, vocabulary]
mlir::OwningOpRef<mlir::ModuleOp> buildLlama(mlir::MLIRContext &context, const LlamaConfig &config,
                                             const LlamaNames &names);

} // namespace halftone

#endif // HALFTONE_LIB_IMPORT_LLAMA_H
