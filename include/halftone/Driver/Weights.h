//===- Weights.h - The weight files behind an input -------------*- C++ -*-===//
#ifndef HALFTONE_DRIVER_WEIGHTS_H
#define HALFTONE_DRIVER_WEIGHTS_H

#include "halftone/Support/SafeTensors.h"

namespace halftone {

/// Opens the weights of a model folder, or of the module in an .mlir file. Errors: those of reading them.
llvm::Expected<TensorStore> openWeights(llvm::StringRef input);

} // namespace halftone

#endif // HALFTONE_DRIVER_WEIGHTS_H
