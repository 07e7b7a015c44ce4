//===- PlanMemory.cpp - halftone-plan-memory ------------------------------===//

#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/Support/MathExtras.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONEPLANMEMORY
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

constexpr int64_t kAlignment = 64;

/// A buffer with its bytes, its life as positions of ops in the block, and its place.
struct Buffer {
  memref::AllocOp alloc;
  int64_t bytes, first, last, offset = 0;
};

/// Position of the last op of `block` that uses `value` or anything derived from it.
int64_t lastUse(Value value, Block &block, const llvm::DenseMap<Operation *, int64_t> &positions) {
  int64_t last = 0;
  for (Operation *user : value.getUsers()) {
    Operation *inBlock = block.findAncestorOpInBlock(*user);
    last = std::max(last, positions.lookup(inBlock));
    for (Value result : user->getResults())
      if (isa<BaseMemRefType>(result.getType()))
        last = std::max(last, lastUse(result, block, positions));
  }
  return last;
}

/// Gives each buffer the lowest offset that no living buffer overlaps; returns the total size.
int64_t placeBuffers(MutableArrayRef<Buffer> buffers) {
  int64_t total = 0;
  for (size_t i = 0; i < buffers.size(); ++i) {
    Buffer &buffer = buffers[i];
    SmallVector<Buffer *> alive;
    for (Buffer &other : buffers.take_front(i))
      if (other.last >= buffer.first && buffer.last >= other.first)
        alive.push_back(&other);
    llvm::sort(alive, [](Buffer *a, Buffer *b) { return a->offset < b->offset; });
    for (Buffer *other : alive) {
      if (buffer.offset + buffer.bytes <= other->offset)
        break;
      buffer.offset = std::max(buffer.offset, other->offset + other->bytes);
    }
    total = std::max(total, buffer.offset + buffer.bytes);
  }
  return total;
}

struct PlanMemory : halftone::impl::HalftonePlanMemoryBase<PlanMemory> {
  using Base::Base;

  void runOnOperation() override {
    bool isModel = getOperation()->hasAttr("halftone.model");
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        plan(function, isModel);
  }

  void plan(func::FuncOp function, bool isModel) {
    Block &block = function.front();
    llvm::DenseMap<Operation *, int64_t> positions;
    for (auto [position, op] : llvm::enumerate(block))
      positions[&op] = position;

    SmallVector<Buffer> buffers;
    SmallVector<memref::AllocOp> others;
    function.walk([&](memref::AllocOp alloc) {
      bool isDynamic = !alloc.getType().hasStaticShape();
      if (alloc->getBlock() != &block || (isDynamic && !isModel))
        others.push_back(alloc);
      else
        buffers.push_back({alloc, bytesOf(alloc.getType()), positions[alloc],
                           lastUse(alloc.getResult(), block, positions)});
    });
    int64_t total = std::max(placeBuffers(buffers), kAlignment);

    OpBuilder builder(function.getContext());
    auto scratchType = MemRefType::get({total}, builder.getI8Type());
    (void)function.insertArgument(function.getNumArguments(), scratchType, {}, function.getLoc());
    Value scratch = function.getArguments().back();
    for (Buffer &buffer : buffers) {
      builder.setInsertionPoint(buffer.alloc);
      Location loc = buffer.alloc.getLoc();
      Value offset = arith::ConstantIndexOp::create(builder, loc, buffer.offset);
      Value view = memref::ViewOp::create(builder, loc, buffer.alloc.getType(), scratch, offset,
                                          buffer.alloc.getDynamicSizes());
      buffer.alloc.replaceAllUsesWith(view);
      buffer.alloc.erase();
    }
    // What could not be placed lives as long as its block.
    for (memref::AllocOp alloc : others) {
      builder.setInsertionPoint(alloc->getBlock()->getTerminator());
      memref::DeallocOp::create(builder, alloc.getLoc(), alloc.getResult());
    }
    function->setAttr("halftone.scratch_bytes", builder.getI64IntegerAttr(total));
  }

  int64_t bytesOf(MemRefType type) const {
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    for (int64_t size : type.getShape())
      bytes *= ShapedType::isDynamic(size) ? maxDynamic : size;
    return llvm::alignTo(std::max<int64_t>(bytes, 1), kAlignment);
  }
};

} // namespace
