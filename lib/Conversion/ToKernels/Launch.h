//===- Launch.h - Replacing an operation by a kernel launch -----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_TOKERNELS_LAUNCH_H
#define HALFTONE_LIB_CONVERSION_TOKERNELS_LAUNCH_H

#include "lib/Conversion/Kernels/Kernels.h"
#include "mlir/IR/Builders.h"

namespace halftone {

/// On a launch whose units are tokens: a unit reads and writes rows of its token only, and otherwise constants.
constexpr llvm::StringLiteral kPerTokenAttr = "halftone.per_token";

/// Fails with a message on `op` unless it is in memref form with identity layouts.
llvm::LogicalResult checkBuffers(mlir::Operation *op);

/// The function's first argument, of type `!simd.exec`, which is added if need be.
mlir::Value getExec(mlir::func::FuncOp function);

/// Calls `kernel` on `args` over all its units: a launch on the function's
/// `!simd.exec` argument, which is added if need be, or a plain call for a single
/// unit. `tokens` is a memref whose first dimension counts the tokens.
void launch(mlir::OpBuilder &builder, mlir::Location loc, const Kernel &kernel, mlir::ValueRange args,
            mlir::Value tokens);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_TOKERNELS_LAUNCH_H
