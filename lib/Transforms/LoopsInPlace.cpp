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

struct LoopsInPlace : halftone::impl::HalftoneLoopsInPlaceBase<LoopsInPlace> {
  using Base::Base;

  void runOnOperation() override {
    getOperation().walk([](scf::ForOp loop) {
      Operation *yield = loop.getBody()->getTerminator();
      OpBuilder builder(yield);
      // Tensors that change places are saved before any place is written to.
      for (auto [operand, carried] : llvm::zip(yield->getOpOperands(), loop.getRegionIterArgs())) {
        auto type = dyn_cast<RankedTensorType>(carried.getType());
        Value place = destination(operand.get());
        if (type && place != carried && llvm::is_contained(loop.getRegionIterArgs(), place))
          operand.set(bufferization::AllocTensorOp::create(builder, yield->getLoc(), type,
                                                           /*dynamicSizes=*/ValueRange(),
                                                           /*copy=*/operand.get()));
      }
      for (auto [operand, carried] : llvm::zip(yield->getOpOperands(), loop.getRegionIterArgs())) {
        if (!isa<RankedTensorType>(carried.getType()) || destination(operand.get()) == carried)
          continue;
        auto copy = bufferization::MaterializeInDestinationOp::create(builder, yield->getLoc(), carried.getType(),
                                                                      operand.get(), carried);
        operand.set(copy.getResult());
      }
    });
  }
};

} // namespace
