//===- PlanMemory.cpp - halftone-plan-memory ------------------------------===//

#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/ADT/SetVector.h"
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

/// All uses of `value` and of the memrefs made from it: views, results of regions that yield it, arguments of regions.
void collectUsers(Value value, llvm::SetVector<Operation *> &users) {
  for (Operation *user : value.getUsers()) {
    if (!users.insert(user))
      continue;
    auto follow = [&](ValueRange values) {
      for (Value next : values)
        if (isa<BaseMemRefType>(next.getType()))
          collectUsers(next, users);
    };
    follow(user->getResults());
    for (Region &region : user->getRegions())
      follow(region.getArguments());
    if (user->hasTrait<OpTrait::IsTerminator>() && !isa<func::ReturnOp>(user))
      follow(user->getParentOp()->getResults());
  }
}

/// Positions of the first and the last op of `block` that is one of `users` or holds one.
std::pair<int64_t, int64_t> lifeOf(const llvm::SetVector<Operation *> &users, Block &block,
                                   const llvm::DenseMap<Operation *, int64_t> &positions) {
  int64_t first = std::numeric_limits<int64_t>::max(), last = 0;
  for (Operation *user : users) {
    int64_t position = positions.lookup(block.findAncestorOpInBlock(*user));
    first = std::min(first, position);
    last = std::max(last, position);
  }
  return {first, last};
}

/// Gives each buffer the lowest offset that no living buffer overlaps; returns the total size.
int64_t placeBuffers(MutableArrayRef<Buffer> buffers) {
  int64_t total = 0;
  llvm::stable_sort(buffers, [](const Buffer &a, const Buffer &b) { return a.first < b.first; });
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
      if (function.isPublic() && !function.isExternal() && failed(plan(function, isModel)))
        return signalPassFailure();
  }

  LogicalResult plan(func::FuncOp function, bool isModel) {
    if (!llvm::hasSingleElement(function.getBody()))
      return function.emitError("function '") << function.getSymName() << "' has more than one block";
    Block &block = function.front();
    llvm::DenseMap<Operation *, int64_t> positions;
    for (auto [position, op] : llvm::enumerate(block))
      positions[&op] = position;

    SmallVector<Buffer> buffers;
    SmallVector<memref::AllocOp> others;
    WalkResult result = function.walk([&](memref::AllocOp alloc) {
      llvm::SetVector<Operation *> users;
      collectUsers(alloc.getResult(), users);
      bool isDynamic = !alloc.getType().hasStaticShape();
      if (separate)
        alloc.removeAlignmentAttr(); // would be room at its end
      else if (alloc->getBlock() == &block && (!isDynamic || isModel)) {
        auto [first, last] = lifeOf(users, block, positions);
        buffers.push_back({alloc, bytesOf(alloc), first, last});
        return WalkResult::advance();
      }
      if (users.contains(alloc->getBlock()->getTerminator())) {
        alloc.emitOpError("leaves the block that it is in; such memory cannot be planned");
        return WalkResult::interrupt();
      }
      others.push_back(alloc);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
    placeInScratch(function, buffers);
    for (memref::AllocOp alloc : others)
      freeAtEnd(alloc);
    return success();
  }

  /// Makes the buffers views of a new argument, and forgets who freed them.
  static void placeInScratch(func::FuncOp function, MutableArrayRef<Buffer> buffers) {
    int64_t total = std::max(placeBuffers(buffers), kAlignment);
    OpBuilder builder(function.getContext());
    auto scratchType = MemRefType::get({total}, builder.getI8Type());
    (void)function.insertArgument(function.getNumArguments(), scratchType, {}, function.getLoc());
    Value scratch = function.getArguments().back();
    for (Buffer &buffer : buffers) {
      for (Operation *user : llvm::make_early_inc_range(buffer.alloc->getUsers()))
        if (isa<memref::DeallocOp>(user))
          user->erase();
      builder.setInsertionPoint(buffer.alloc);
      Location loc = buffer.alloc.getLoc();
      Value offset = arith::ConstantIndexOp::create(builder, loc, buffer.offset);
      Value view =
          memref::ViewOp::create(builder, loc, buffer.alloc.getType(), scratch, offset, buffer.alloc.getDynamicSizes());
      buffer.alloc.replaceAllUsesWith(view);
      buffer.alloc.erase();
    }
    function->setAttr("halftone.scratch_bytes", builder.getI64IntegerAttr(total));
  }

  /// What could not be placed lives as long as its block.
  static void freeAtEnd(memref::AllocOp alloc) {
    if (llvm::any_of(alloc->getUsers(), llvm::IsaPred<memref::DeallocOp>))
      return;
    OpBuilder builder(alloc->getBlock()->getTerminator());
    memref::DeallocOp::create(builder, alloc.getLoc(), alloc.getResult());
  }

  /// The largest value of a size: products of tokens and constants are known.
  int64_t boundOf(Value size) const {
    if (std::optional<int64_t> constant = getConstantIntValue(size))
      return *constant;
    if (auto product = size.getDefiningOp<arith::MulIOp>())
      return boundOf(product.getLhs()) * boundOf(product.getRhs());
    return maxDynamic;
  }

  int64_t bytesOf(memref::AllocOp alloc) const {
    MemRefType type = alloc.getType();
    int64_t bytes = DataLayout::closest(alloc).getTypeSize(type.getElementType()).getFixedValue();
    for (int64_t size : type.getShape())
      bytes *= ShapedType::isDynamic(size) ? 1 : size;
    for (Value size : alloc.getDynamicSizes())
      bytes *= boundOf(size);
    return llvm::alignTo(std::max<int64_t>(bytes, 1), kAlignment);
  }
};

} // namespace
