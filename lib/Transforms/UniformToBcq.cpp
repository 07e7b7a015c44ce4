//===- UniformToBcq.cpp - lowbit-uniform-to-bcq ---------------------------===//

#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Quantize/Convert.h"
#include "halftone/Transforms/Passes.h"

namespace halftone {
#define GEN_PASS_DEF_LOWBITUNIFORMTOBCQ
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

struct UniformToBcq : halftone::impl::LowbitUniformToBcqBase<UniformToBcq> {
  using Base::Base;

  void runOnOperation() override {
    llvm::DenseMap<Value, Value> known;
    getOperation().walk([&](Operation *op) {
      if (!isa<lowbit::MatmulOp, lowbit::GatherOp, lowbit::DequantizeOp>(op))
        return;
      OpOperand &operand = op->getOpOperand(isa<lowbit::DequantizeOp>(op) ? 0 : 1);
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      if (!type || !isa<lowbit::IntType>(type.getElementType()))
        return;
      Format from = *lowbit::typeToFormat(type.getElementType()), to;
      to.kind = FormatKind::Bcq;
      to.bits = from.bits;
      to.group = from.group;
      to.offset = true;
      if (!canConvert(from, to)) {
        op->emitWarning("weights of ") << type.getElementType()
                                       << " stay: only integers of up to 7 bits with "
                                          "half-precision scales are binary codes with multipliers of 127 in all";
        return;
      }
      Value &converted = known[operand.get()];
      if (!converted) {
        OpBuilder builder(&getContext());
        builder.setInsertionPointAfterValue(operand.get());
        converted = lowbit::ConvertOp::create(builder, operand.get().getLoc(),
                                              type.clone(lowbit::formatToType(&getContext(), to)), operand.get());
      }
      operand.set(converted);
    });
  }
};

} // namespace
