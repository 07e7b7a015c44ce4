//===- DestinationStyleBufferization.cpp - One model for all ops ----------===//

#include "dialects/Common/DestinationStyleBufferization.h"

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::bufferization;

namespace halftone::dps {

LogicalResult bufferize(DestinationStyleOpInterface op, RewriterBase &rewriter, const BufferizationOptions &options,
                        BufferizationState &state) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  SmallVector<Value> operands, outputs;
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    if (tensor) {
      if (!isa<IntegerType, FloatType, IndexType>(tensor.getElementType()))
        return op->emitOpError() << "has an operand of type " << tensor
                                 << " that has no buffer; pack the weights and select kernels before bufferization";
      FailureOr<Value> buffer = getBuffer(rewriter, value, options, state);
      if (failed(buffer))
        return failure();
      value = *buffer;
      if (op.isDpsInit(&operand))
        outputs.push_back(value);
    }
    operands.push_back(value);
  }
  Operation *copy = clone(rewriter, op, /*newResultTypes=*/TypeRange{}, operands);
  copy->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  replaceOpWithBufferizedValues(rewriter, op, outputs);
  return success();
}

} // namespace halftone::dps
