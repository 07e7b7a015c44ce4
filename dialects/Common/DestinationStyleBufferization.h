//===- DestinationStyleBufferization.h - One model for all ops --*- C++ -*-===//
//
// The external model with which one-shot bufferization turns the tensor form of
// an `ins(...) outs(...)` op into its memref form.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_DIALECTS_COMMON_DESTINATIONSTYLEBUFFERIZATION_H
#define HALFTONE_DIALECTS_COMMON_DESTINATIONSTYLEBUFFERIZATION_H

#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

namespace halftone::dps {

/// Re-creates `op` with buffers for its tensor operands and without results:
///   %r = op ins(%x : tensor<..>) outs(%y : tensor<..>) -> tensor<..>
///   op ins(%x' : memref<..>) outs(%y' : memref<..>)
llvm::LogicalResult bufferize(mlir::DestinationStyleOpInterface op, mlir::RewriterBase &rewriter,
                              const mlir::bufferization::BufferizationOptions &options,
                              mlir::bufferization::BufferizationState &state);

/// Outputs are overwritten entirely, so only inputs are read.
template <typename OpTy>
struct BufferizableModel : mlir::bufferization::DstBufferizableOpInterfaceExternalModel<BufferizableModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(mlir::Operation *op, mlir::OpOperand &operand,
                              const mlir::bufferization::AnalysisState &state) const {
    return !llvm::cast<mlir::DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }
  llvm::LogicalResult bufferize(mlir::Operation *op, mlir::RewriterBase &rewriter,
                                const mlir::bufferization::BufferizationOptions &options,
                                mlir::bufferization::BufferizationState &state) const {
    return dps::bufferize(llvm::cast<mlir::DestinationStyleOpInterface>(op), rewriter, options, state);
  }
};

} // namespace halftone::dps

#endif // HALFTONE_DIALECTS_COMMON_DESTINATIONSTYLEBUFFERIZATION_H
