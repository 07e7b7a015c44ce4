//===- BufferizableOpInterfaceImpl.cpp - Bufferization of nn --------------===//

#include "dialects/Nn/Transforms/BufferizableOpInterfaceImpl.h"

#include "dialects/Common/DestinationStyleBufferization.h"
#include "dialects/Nn/IR/NnOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace halftone;
using namespace halftone::nn;

namespace {

/// A weight like any other: it belongs in a lowbit.global, where bufferization leaves it.
struct RopeTableModel : BufferizableOpInterface::ExternalModel<RopeTableModel, RopeTableOp> {
  AliasingOpOperandList getAliasingOpOperands(Operation *, Value, const AnalysisState &) const { return {}; }
  LogicalResult bufferize(Operation *op, RewriterBase &, const BufferizationOptions &, BufferizationState &) const {
    return op->emitOpError("has no form on buffers; outline weights into lowbit.global before bufferization");
  }
};

/// Unlike the outputs of other operations, the values are read.
struct ObserveModel : DstBufferizableOpInterfaceExternalModel<ObserveModel, ObserveOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &, const AnalysisState &) const { return true; }
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &options,
                          BufferizationState &state) const {
    return dps::bufferize(cast<DestinationStyleOpInterface>(op), rewriter, options, state);
  }
};

} // namespace

void halftone::nn::registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, NnDialect *) {
    EmbedOp::attachInterface<dps::BufferizableModel<EmbedOp>>(*context);
    RmsNormOp::attachInterface<dps::BufferizableModel<RmsNormOp>>(*context);
    LayerNormOp::attachInterface<dps::BufferizableModel<LayerNormOp>>(*context);
    GeluOp::attachInterface<dps::BufferizableModel<GeluOp>>(*context);
    RopeTableOp::attachInterface<RopeTableModel>(*context);
    RopeOp::attachInterface<dps::BufferizableModel<RopeOp>>(*context);
    AttentionOp::attachInterface<dps::BufferizableModel<AttentionOp>>(*context);
    GatedActivationOp::attachInterface<dps::BufferizableModel<GatedActivationOp>>(*context);
    ObserveOp::attachInterface<ObserveModel>(*context);
    // The bufferized ops need these.
    context->loadDialect<bufferization::BufferizationDialect, memref::MemRefDialect>();
  });
}
