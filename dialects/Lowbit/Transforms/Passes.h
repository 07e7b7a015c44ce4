//===- Passes.h - Passes that belong to the lowbit dialect ------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_TRANSFORMS_PASSES_H
#define HALFTONE_DIALECTS_LOWBIT_TRANSFORMS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace halftone::lowbit {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dialects/Lowbit/Transforms/Passes.h.inc"

} // namespace halftone::lowbit

#endif // HALFTONE_DIALECTS_LOWBIT_TRANSFORMS_PASSES_H
