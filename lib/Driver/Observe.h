//===- Observe.h - Programs that show their values --------------*- C++ -*-===//
#ifndef HALFTONE_LIB_DRIVER_OBSERVE_H
#define HALFTONE_LIB_DRIVER_OBSERVE_H

#include "halftone/Driver/Compile.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir {
class OpPassManager;
}

namespace halftone {

/// Adds the passes that make a module of stage 0 an observed program.
void addObservers(mlir::OpPassManager &pm, const ObservedValues &values);

/// Fills in the sites and the places of weights of a planned module.
void recordObserved(mlir::ModuleOp module, CompileReport &report);

} // namespace halftone

#endif // HALFTONE_LIB_DRIVER_OBSERVE_H
