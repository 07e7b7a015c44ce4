//===- BufferizableOpInterfaceImpl.h - Bufferization of nn ------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_NN_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define HALFTONE_DIALECTS_NN_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

#include "mlir/IR/DialectRegistry.h"

namespace halftone::nn {

/// Registers how the ops of `nn` become ops on buffers.
void registerBufferizableOpInterfaceExternalModels(mlir::DialectRegistry &registry);

} // namespace halftone::nn

#endif // HALFTONE_DIALECTS_NN_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
