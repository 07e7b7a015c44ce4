//===- LoopsInPlace.cpp - halftone-loops-in-place -------------------------===//

#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONELOOPSINPLACE
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// The tensor whose memory `value` is computed in if nothing is copied: what is first written to, and so on.
Value destination(Value value) {
  while (auto result = dyn_cast<OpResult>(value)) {
    Operation *op = result.getOwner();
    if (auto destinationStyle = dyn_cast<DestinationStyleOpInterface>(op))
      value = destinationStyle.getTiedOpOperand(result)->get();
    else if (auto insert = dyn_cast<tensor::InsertOp>(op))
      value = insert.getDest();
    else if (auto loop = dyn_cast<scf::ForOp>(op))
      value = loop.getInitArgs()[result.getResultNumber()];
    else
      break;
  }
  return value;
}

/// Ends `yield` with its operand `index` in the memory of `place`.
void yieldIn(Operation *yield, unsigned index, Value place) {
  OpBuilder builder(yield);
  auto copy = bufferization::MaterializeInDestinationOp::create(builder, yield->getLoc(), place.getType(),
                                                                yield->getOperand(index), place);
  yield->setOperand(index, copy.getResult());
}

void carryInPlace(scf::ForOp loop) {
  Operation *yield = loop.getBody()->getTerminator();
  auto carried = loop.getRegionIterArgs();
  // Tensors that change places are saved before any place is written to.
  OpBuilder builder(yield);
  for (OpOperand &operand : yield->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    Value place = destination(operand.get());
    if (type && place != carried[operand.getOperandNumber()] && llvm::is_contained(carried, place))
      operand.set(bufferization::AllocTensorOp::create(builder, yield->getLoc(), type, /*dynamicSizes=*/ValueRange(),
                                                       /*copy=*/operand.get()));
  }
  for (auto [index, place] : llvm::enumerate(carried))
    if (isa<RankedTensorType>(place.getType()) && destination(yield->getOperand(index)) != place)
      yieldIn(yield, index, place);
}

/// Both branches write to one place, made before. A dynamic size is not known there.
void chooseInPlace(scf::IfOp choice) {
  OpBuilder builder(choice);
  for (OpResult result : choice->getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type || !type.hasStaticShape())
      continue;
    Value place = tensor::EmptyOp::create(builder, choice.getLoc(), type.getShape(), type.getElementType());
    yieldIn(choice.thenYield(), result.getResultNumber(), place);
    yieldIn(choice.elseYield(), result.getResultNumber(), place);
  }
}

struct LoopsInPlace : halftone::impl::HalftoneLoopsInPlaceBase<LoopsInPlace> {
  using Base::Base;

  void runOnOperation() override {
    getOperation().walk([](scf::ForOp loop) { carryInPlace(loop); });
    getOperation().walk([](scf::IfOp choice) { chooseInPlace(choice); });
  }
};

} // namespace
