//===- NnOps.cpp - Operations of the nn dialect ---------------------------===//

#include "dialects/Nn/IR/NnOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace halftone;
using namespace halftone::nn;

//===----------------------------------------------------------------------===//
// Shared rules
//===----------------------------------------------------------------------===//

static int64_t sizeOf(Value value, unsigned dim) { return cast<ShapedType>(value.getType()).getDimSize(dim); }

/// `input` and `output` have the same shape, with a static width.
static LogicalResult verifyElementwise(Operation *op, StringRef name, Value input, Value output) {
  if (failed(dps::verifySize(op, "tokens (T)", name, input, 0, "output", output, 0)) ||
      failed(dps::verifySize(op, "widths", name, input, 1, "output", output, 1)))
    return failure();
  return dps::verifyStaticSize(op, "width", name, input, 1);
}

static LogicalResult verifyEvenHeadSize(Operation *op, int64_t headSize) {
  if (headSize % 2 == 0)
    return success();
  return op->emitOpError() << "head size must be even, not " << headSize;
}

//===----------------------------------------------------------------------===//
// EmbedOp, RmsNormOp, LayerNormOp, GatedActivationOp, GeluOp
//===----------------------------------------------------------------------===//

LogicalResult EmbedOp::verify() {
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(dps::verifyStaticSize(*this, "rows (V)", "table", getTable(), 0)) ||
      failed(dps::verifyStaticSize(*this, "columns (D)", "table", getTable(), 1)) ||
      failed(dps::verifySize(*this, "columns (D)", "table", getTable(), 1, "output", getOutput(), 1)))
    return failure();
  return dps::verifySize(*this, "tokens (T)", "ids", getIds(), 0, "output", getOutput(), 0);
}

LogicalResult RmsNormOp::verify() {
  if (!(getEpsilon().convertToFloat() >= 0.0f))
    return emitOpError("epsilon must not be negative");
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(verifyElementwise(*this, "input", getInput(), getOutput())))
    return failure();
  return dps::verifyExpectedSize(*this, "size", "gain", getGain(), 0, sizeOf(getInput(), 1));
}

LogicalResult LayerNormOp::verify() {
  if (!(getEpsilon().convertToFloat() >= 0.0f))
    return emitOpError("epsilon must not be negative");
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(verifyElementwise(*this, "input", getInput(), getOutput())) ||
      failed(dps::verifyExpectedSize(*this, "size", "gain", getGain(), 0, sizeOf(getInput(), 1))))
    return failure();
  return dps::verifyExpectedSize(*this, "size", "bias", getBias(), 0, sizeOf(getInput(), 1));
}

LogicalResult GeluOp::verify() {
  if (failed(dps::verifyNoMix(*this, getOperands())))
    return failure();
  return verifyElementwise(*this, "input", getInput(), getOutput());
}

LogicalResult GatedActivationOp::verify() {
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(verifyElementwise(*this, "gate", getGate(), getOutput())))
    return failure();
  return verifyElementwise(*this, "up", getUp(), getOutput());
}

//===----------------------------------------------------------------------===//
// RopeTableOp, RopeOp
//===----------------------------------------------------------------------===//

LogicalResult RopeTableOp::verify() {
  if (!(getTheta().convertToDouble() > 0.0))
    return emitOpError("theta must be positive");
  auto type = cast<RankedTensorType>(getResult().getType());
  if (type.getRank() != 2 || type.getNumElements() == 0)
    return emitOpError() << "must be a table of positions x head size, not " << type;
  return verifyEvenHeadSize(*this, type.getDimSize(1));
}

LogicalResult RopeOp::verify() {
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(verifyElementwise(*this, "input", getInput(), getOutput())) ||
      failed(dps::verifyStaticSize(*this, "positions (C)", "table", getTable(), 0)) ||
      failed(dps::verifyStaticSize(*this, "head size (HS)", "table", getTable(), 1)) ||
      failed(verifyEvenHeadSize(*this, sizeOf(getTable(), 1))))
    return failure();
  if (sizeOf(getInput(), 1) % sizeOf(getTable(), 1) != 0)
    return emitOpError() << "width of input (" << sizeOf(getInput(), 1) << ") is not a multiple of the head size ("
                         << sizeOf(getTable(), 1) << ")";
  return success();
}

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

/// Besides the data operands, the cache is always read and written.
void AttentionOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  dps::getEffects(*this, effects);
  for (OpOperand *cache : {&getKeysMutable(), &getValuesMutable()})
    effects.emplace_back(MemoryEffects::Write::get(), cache, SideEffects::DefaultResource::get());
}

/// The cache against the widths of query, key and value.
static LogicalResult verifyCache(AttentionOp op) {
  MemRefType keys = cast<MemRefType>(op.getKeys().getType()), values = cast<MemRefType>(op.getValues().getType());
  if (!keys.hasStaticShape() || !values.hasStaticShape() || keys.getNumElements() == 0)
    return op.emitOpError("the cache must have static and positive sizes");
  int64_t layers = keys.getDimSize(0), kvHeads = keys.getDimSize(1), headSize = keys.getDimSize(2);
  int64_t context = keys.getDimSize(3);
  if (values.getShape() != ArrayRef<int64_t>({layers, kvHeads, context, headSize}))
    return op.emitOpError() << "keys of " << keys << " (L x KV x HS x C) go with values of " << layers << "x" << kvHeads
                            << "x" << context << "x" << headSize << " (L x KV x C x HS), not with " << values;
  int64_t heads = op.getHeads(), layer = op.getLayer();
  if (layer < 0 || layer >= layers)
    return op.emitOpError() << "layer " << layer << " is not in the cache of " << layers << " layers";
  if (heads <= 0 || heads % kvHeads != 0)
    return op.emitOpError() << "heads must be a positive multiple of the " << kvHeads << " key-value heads, not "
                            << heads;
  if (failed(dps::verifyExpectedSize(op, "width", "query", op.getQuery(), 1, heads * headSize)) ||
      failed(dps::verifyExpectedSize(op, "width", "key", op.getKey(), 1, kvHeads * headSize)))
    return failure();
  return dps::verifyExpectedSize(op, "width", "value", op.getValue(), 1, kvHeads * headSize);
}

LogicalResult AttentionOp::verify() {
  if (failed(dps::verifyNoMix(*this, {getQuery(), getKey(), getValue(), getOutput()})) ||
      failed(verifyElementwise(*this, "query", getQuery(), getOutput())) ||
      failed(dps::verifyStaticSize(*this, "width", "key", getKey(), 1)) ||
      failed(dps::verifyStaticSize(*this, "width", "value", getValue(), 1)) || failed(verifyCache(*this)) ||
      failed(dps::verifySize(*this, "tokens (T)", "query", getQuery(), 0, "key", getKey(), 0)))
    return failure();
  return dps::verifySize(*this, "tokens (T)", "query", getQuery(), 0, "value", getValue(), 0);
}

//===----------------------------------------------------------------------===//
// ObserveOp
//===----------------------------------------------------------------------===//

/// What the host does with the values is out of sight: an effect of its own, also among tensors.
void ObserveOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  if (isa<BaseMemRefType>(getValues().getType()))
    effects.emplace_back(MemoryEffects::Read::get(), &getValuesMutable(), SideEffects::DefaultResource::get());
  dps::getEffects(*this, effects);
  effects.emplace_back(MemoryEffects::Write::get(), SideEffects::DefaultResource::get());
}

LogicalResult ObserveOp::verify() {
  if (getWeights().empty())
    return emitOpError("names no weight that the values belong to");
  return success();
}

#define GET_OP_CLASSES
#include "dialects/Nn/IR/NnOps.cpp.inc"
