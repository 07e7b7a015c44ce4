//===- ContiguousOperands.cpp - halftone-contiguous-operands --------------===//

#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "dialects/Nn/IR/NnDialect.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONECONTIGUOUSOPERANDS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// True for memory with gaps, or whose start is not that of its buffer.
bool isStrided(Value value) {
  auto type = dyn_cast<MemRefType>(value.getType());
  return type && !type.getLayout().isIdentity();
}

/// New memory of the shape of `strided`.
Value allocateLike(OpBuilder &builder, Location loc, Value strided) {
  auto type = cast<MemRefType>(strided.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(memref::DimOp::create(builder, loc, strided, dim));
  return memref::AllocOp::create(builder, loc, MemRefType::get(type.getShape(), type.getElementType()), sizes);
}

/// True if `op` reads from or writes to (`Effect`) the memory of `operand`.
template <typename Effect>
bool hasEffect(Operation *op, OpOperand &operand) {
  SmallVector<MemoryEffects::EffectInstance> effects;
  cast<MemoryEffectOpInterface>(op).getEffects(effects);
  return llvm::any_of(effects, [&](const MemoryEffects::EffectInstance &effect) {
    return isa<Effect>(effect.getEffect()) && effect.getEffectValue<OpOperand *>() == &operand;
  });
}

/// Puts copies around `op`: before it of what it reads, after it of what it writes.
void makeContiguous(DestinationStyleOpInterface op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  for (OpOperand &operand : op->getOpOperands()) {
    Value strided = operand.get();
    // What is updated in place, a cache, cannot be copied.
    if (!isStrided(strided) || (op.isDpsInput(&operand) && hasEffect<MemoryEffects::Write>(op, operand)))
      continue;
    builder.setInsertionPoint(op);
    Value contiguous = allocateLike(builder, loc, strided);
    // Most of our operations overwrite their outputs.
    if (hasEffect<MemoryEffects::Read>(op, operand))
      linalg::CopyOp::create(builder, loc, strided, contiguous);
    if (!op.isDpsInput(&operand)) {
      builder.setInsertionPointAfter(op);
      linalg::CopyOp::create(builder, loc, contiguous, strided);
    }
    operand.set(contiguous);
  }
}

struct ContiguousOperands : halftone::impl::HalftoneContiguousOperandsBase<ContiguousOperands> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops) {
      if (auto copy = dyn_cast<memref::CopyOp>(op)) {
        if (!isStrided(copy.getSource()) && !isStrided(copy.getTarget()))
          continue;
        OpBuilder builder(copy);
        linalg::CopyOp::create(builder, copy.getLoc(), copy.getSource(), copy.getTarget());
        copy.erase();
      } else if (isa<lowbit::LowbitDialect, nn::NnDialect>(op->getDialect())) {
        if (auto destinationStyle = dyn_cast<DestinationStyleOpInterface>(op))
          makeContiguous(destinationStyle);
      }
    }
  }
};

} // namespace
