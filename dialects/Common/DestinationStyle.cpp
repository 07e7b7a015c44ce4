//===- DestinationStyle.cpp - Shared parts of tensor-or-buffer ops --------===//

#include "dialects/Common/DestinationStyle.h"

#include "mlir/IR/Operation.h"

using namespace mlir;

namespace halftone::dps {

void getEffects(DestinationStyleOpInterface op, MemoryEffectList &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<BaseMemRefType>(operand.get().getType()))
      continue;
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand, SideEffects::DefaultResource::get());
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand, SideEffects::DefaultResource::get());
  }
}

SmallVector<Type> resultTypes(ValueRange inits) {
  SmallVector<Type> types;
  for (Type type : inits.getTypes())
    if (isa<TensorType>(type))
      types.push_back(type);
  return types;
}

LogicalResult verifyNoMix(Operation *op, ValueRange operands) {
  bool tensors = llvm::any_of(operands.getTypes(), llvm::IsaPred<TensorType>);
  bool buffers = llvm::any_of(operands.getTypes(), llvm::IsaPred<BaseMemRefType>);
  if (tensors && buffers)
    return op->emitOpError("mixes tensors and memrefs; bufferize all operands or none");
  return success();
}

bool sizesAgree(int64_t a, int64_t b) { return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b; }

static int64_t sizeOf(Value value, unsigned dim) { return cast<ShapedType>(value.getType()).getDimSize(dim); }

LogicalResult verifySize(Operation *op, StringRef what, StringRef nameA, Value a, unsigned dimA, StringRef nameB,
                         Value b, unsigned dimB) {
  int64_t sizeA = sizeOf(a, dimA), sizeB = sizeOf(b, dimB);
  if (sizesAgree(sizeA, sizeB))
    return success();
  return op->emitOpError() << what << " differ: " << sizeA << " in " << nameA << ", " << sizeB << " in " << nameB;
}

LogicalResult verifyStaticSize(Operation *op, StringRef what, StringRef name, Value value, unsigned dim) {
  int64_t size = sizeOf(value, dim);
  if (!ShapedType::isDynamic(size) && size > 0)
    return success();
  return op->emitOpError() << what << " (dimension " << dim << " of " << name << ") must be static and positive";
}

LogicalResult verifyExpectedSize(Operation *op, StringRef what, StringRef name, Value value, unsigned dim,
                                 int64_t expected) {
  int64_t size = sizeOf(value, dim);
  if (sizesAgree(size, expected))
    return success();
  return op->emitOpError() << what << " of " << name << " must be " << expected << ", not " << size;
}

} // namespace halftone::dps
