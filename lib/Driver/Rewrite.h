//===- Rewrite.h - Exact rewrites of float models ---------------*- C++ -*-===//
#ifndef HALFTONE_LIB_DRIVER_REWRITE_H
#define HALFTONE_LIB_DRIVER_REWRITE_H

#include "halftone/Driver/Compile.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir {
class OpPassManager;
}

namespace halftone {

/// Adds the passes that `options` ask for, rotation first, and gives the module the magnitudes that they read.
void addRewrites(mlir::OpPassManager &pm, mlir::ModuleOp module, const CompileOptions &options);

} // namespace halftone

#endif // HALFTONE_LIB_DRIVER_REWRITE_H
