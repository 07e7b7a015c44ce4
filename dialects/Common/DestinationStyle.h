//===- DestinationStyle.h - Shared parts of tensor-or-buffer ops -*- C++ -*-===//
//
// Effects, result types and verification that all `ins(...) outs(...)` ops of
// `lowbit` and `nn` share.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_DIALECTS_COMMON_DESTINATIONSTYLE_H
#define HALFTONE_DIALECTS_COMMON_DESTINATIONSTYLE_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace halftone::dps {

using MemoryEffectList = llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>>;

/// Reads every input buffer and writes every output buffer; none on tensors.
void getEffects(mlir::DestinationStyleOpInterface op, MemoryEffectList &effects);

/// The result types that go with `inits`: the types of its tensors.
llvm::SmallVector<mlir::Type> resultTypes(mlir::ValueRange inits);

/// Fails when `operands` mixes tensors and buffers. Values of other types are ignored.
llvm::LogicalResult verifyNoMix(mlir::Operation *op, mlir::ValueRange operands);

/// True when two sizes can be equal at run time: equal, or one is dynamic.
bool sizesAgree(int64_t a, int64_t b);

/// Fails unless dimension `dimA` of `a` and `dimB` of `b` agree. The message
/// calls the size `what` and the operands by their names.
llvm::LogicalResult verifySize(mlir::Operation *op, llvm::StringRef what, llvm::StringRef nameA, mlir::Value a,
                               unsigned dimA, llvm::StringRef nameB, mlir::Value b, unsigned dimB);

/// Fails unless dimension `dim` of `value` is static and positive.
llvm::LogicalResult verifyStaticSize(mlir::Operation *op, llvm::StringRef what, llvm::StringRef name, mlir::Value value,
                                     unsigned dim);

/// Fails unless dimension `dim` of `value` is dynamic or `expected`.
llvm::LogicalResult verifyExpectedSize(mlir::Operation *op, llvm::StringRef what, llvm::StringRef name,
                                       mlir::Value value, unsigned dim, int64_t expected);

} // namespace halftone::dps

#endif // HALFTONE_DIALECTS_COMMON_DESTINATIONSTYLE_H
