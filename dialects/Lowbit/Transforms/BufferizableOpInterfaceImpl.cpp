//===- BufferizableOpInterfaceImpl.cpp - Bufferization of lowbit ----------===//

#include "dialects/Lowbit/Transforms/BufferizableOpInterfaceImpl.h"

#include "dialects/Common/DestinationStyleBufferization.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace halftone;
using namespace halftone::lowbit;

namespace {

/// %t = lowbit.get_global @w : tensor<..>  ->  %m = lowbit.get_global @w : memref<..>, which nobody may write.
struct GetGlobalModel : BufferizableOpInterface::ExternalModel<GetGlobalModel, GetGlobalOp> {
  AliasingOpOperandList getAliasingOpOperands(Operation *, Value, const AnalysisState &) const { return {}; }
  bool isWritable(Operation *, Value, const AnalysisState &) const { return false; }
  FailureOr<BufferLikeType> getBufferType(Operation *, Value value, const BufferizationOptions &,
                                          const BufferizationState &, SmallVector<Value> &) const {
    auto type = cast<RankedTensorType>(value.getType());
    return cast<BufferLikeType>(MemRefType::get(type.getShape(), type.getElementType()));
  }
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter, const BufferizationOptions &,
                          BufferizationState &) const {
    auto get = cast<GetGlobalOp>(op);
    auto type = cast<RankedTensorType>(get.getResult().getType());
    replaceOpWithNewBufferizedOp<GetGlobalOp>(rewriter, op, MemRefType::get(type.getShape(), type.getElementType()),
                                              get.getNameAttr());
    return success();
  }
};

/// Ops that compute weights have no buffer form: they belong in a lowbit.global, where bufferization leaves them.
template <typename OpTy>
struct WeightChainModel : BufferizableOpInterface::ExternalModel<WeightChainModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &, const AnalysisState &) const { return true; }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &, const AnalysisState &) const { return false; }
  AliasingValueList getAliasingValues(Operation *, OpOperand &, const AnalysisState &) const { return {}; }
  LogicalResult bufferize(Operation *op, RewriterBase &, const BufferizationOptions &, BufferizationState &) const {
    return op->emitOpError("has no form on buffers; outline weights into lowbit.global before bufferization");
  }
};

} // namespace

void halftone::lowbit::registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, LowbitDialect *) {
    GetGlobalOp::attachInterface<GetGlobalModel>(*context);
    ExternalOp::attachInterface<WeightChainModel<ExternalOp>>(*context);
    PermuteOp::attachInterface<WeightChainModel<PermuteOp>>(*context);
    EqualizerOp::attachInterface<WeightChainModel<EqualizerOp>>(*context);
    ScaleOp::attachInterface<WeightChainModel<ScaleOp>>(*context);
    RotateOp::attachInterface<WeightChainModel<RotateOp>>(*context);
    QuantizeOp::attachInterface<WeightChainModel<QuantizeOp>>(*context);
    DequantizeOp::attachInterface<WeightChainModel<DequantizeOp>>(*context);
    AssembleOp::attachInterface<WeightChainModel<AssembleOp>>(*context);
    DisassembleOp::attachInterface<WeightChainModel<DisassembleOp>>(*context);
    PackOp::attachInterface<WeightChainModel<PackOp>>(*context);
    YieldOp::attachInterface<WeightChainModel<YieldOp>>(*context);
    MatmulOp::attachInterface<dps::BufferizableModel<MatmulOp>>(*context);
    GatherOp::attachInterface<dps::BufferizableModel<GatherOp>>(*context);
    QuantizeActivationsOp::attachInterface<dps::BufferizableModel<QuantizeActivationsOp>>(*context);
    RequantizeOp::attachInterface<dps::BufferizableModel<RequantizeOp>>(*context);
    RequantizeTokensOp::attachInterface<dps::BufferizableModel<RequantizeTokensOp>>(*context);
    SumTokenRowsOp::attachInterface<dps::BufferizableModel<SumTokenRowsOp>>(*context);
    QuantizeActivationsStaticOp::attachInterface<dps::BufferizableModel<QuantizeActivationsStaticOp>>(*context);
    QuantizeActivationVectorsOp::attachInterface<dps::BufferizableModel<QuantizeActivationVectorsOp>>(*context);
    MatmulVectorDotOp::attachInterface<dps::BufferizableModel<MatmulVectorDotOp>>(*context);
    BuildTablesOp::attachInterface<dps::BufferizableModel<BuildTablesOp>>(*context);
    BuildPlanesOp::attachInterface<dps::BufferizableModel<BuildPlanesOp>>(*context);
    MatmulDotOp::attachInterface<dps::BufferizableModel<MatmulDotOp>>(*context);
    MatmulLutOp::attachInterface<dps::BufferizableModel<MatmulLutOp>>(*context);
    MatmulPopcountOp::attachInterface<dps::BufferizableModel<MatmulPopcountOp>>(*context);
    MatmulDequantOp::attachInterface<dps::BufferizableModel<MatmulDequantOp>>(*context);
    GatherPackedOp::attachInterface<dps::BufferizableModel<GatherPackedOp>>(*context);
    // The bufferized ops need these.
    context->loadDialect<bufferization::BufferizationDialect, memref::MemRefDialect>();
  });
}

void halftone::lowbit::keepWeightChains(BufferizationOptions &options) {
  options.opFilter.denyOperation([](Operation *op) { return op->getParentOfType<GlobalOp>() != nullptr; });
}
