//===- BufferizableOpInterfaceImpl.h - Bufferization of lowbit --*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define HALFTONE_DIALECTS_LOWBIT_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/DialectRegistry.h"

namespace halftone::lowbit {

/// Registers how the ops of `lowbit` become ops on buffers.
void registerBufferizableOpInterfaceExternalModels(mlir::DialectRegistry &registry);

/// Keeps bufferization out of the regions of lowbit.global: weight chains stay on tensors, they are evaluated at
/// compile time. Without it, one-shot bufferization rewrites the arith.constant in a chain.
void keepWeightChains(mlir::bufferization::BufferizationOptions &options);

} // namespace halftone::lowbit

#endif // HALFTONE_DIALECTS_LOWBIT_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
