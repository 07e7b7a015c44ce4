//===- LaunchEffects.cpp - What launches read and write -------------------===//

#include "LaunchEffects.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace halftone;

/// The buffer that a memref is a view of.
static Value rootOf(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

static bool isBuffer(Value value) { return isa<BaseMemRefType>(value.getType()); }

/// An allocation or a global: nothing else is made of its memory but views.
static bool standsAlone(Value root) {
  return isa_and_nonnull<memref::AllocOp, memref::AllocaOp, memref::GetGlobalOp, lowbit::GetGlobalOp>(
      root.getDefiningOp());
}

static bool isParameter(Value root) {
  auto argument = dyn_cast<BlockArgument>(root);
  return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp());
}

static bool mayOverlap(Value a, Value b) {
  bool known = (standsAlone(a) || isParameter(a)) && (standsAlone(b) || isParameter(b));
  return a == b || !known || (isParameter(a) && isParameter(b));
}

llvm::BitVector LaunchEffects::writtenArguments(func::FuncOp kernel) {
  auto found = kernels.find(kernel);
  if (found != kernels.end())
    return found->second;
  llvm::BitVector written(kernel.getNumArguments());
  if (kernel.isExternal())
    return kernels[kernel] = written.set();
  auto write = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(rootOf(value));
    if (argument && argument.getOwner() == &kernel.front())
      written.set(argument.getArgNumber());
  };
  kernel.walk([&](Operation *op) {
    if (op == kernel || op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() || isMemoryEffectFree(op))
      return;
    if (auto call = dyn_cast<func::CallOp>(op))
      if (auto callee = module.lookupSymbol<func::FuncOp>(call.getCallee())) {
        for (unsigned i : writtenArguments(callee).set_bits())
          write(call.getOperand(i));
        return;
      }
    auto interface = dyn_cast<MemoryEffectOpInterface>(op);
    SmallVector<MemoryEffects::EffectInstance> effects;
    if (interface)
      interface.getEffects(effects);
    for (Value operand : op->getOperands())
      if (isBuffer(operand) && (!interface || llvm::any_of(effects, [&](const MemoryEffects::EffectInstance &effect) {
            return !isa<MemoryEffects::Read>(effect.getEffect()) &&
                   (!effect.getValue() || effect.getValue() == operand);
          })))
        write(operand);
  });
  return kernels[kernel] = written;
}

const LaunchEffects::Touched &LaunchEffects::touchedBy(Operation *op) {
  auto found = cache.find(op);
  if (found != cache.end())
    return found->second;
  Touched touched;
  auto touch = [&](Value value, bool written) {
    if (!isBuffer(value))
      return;
    touched.read.insert(rootOf(value));
    if (written)
      touched.written.insert(rootOf(value));
  };
  auto touchAll = [&](ValueRange args, StringRef kernel) {
    auto function = module.lookupSymbol<func::FuncOp>(kernel);
    llvm::BitVector written = function ? writtenArguments(function) : llvm::BitVector(args.size(), true);
    for (auto [i, arg] : llvm::enumerate(args))
      touch(arg, written.test(i));
  };
  if (auto launch = dyn_cast<simd::LaunchOp>(op))
    touchAll(launch.getArgs(), launch.getKernel());
  else if (auto call = dyn_cast<func::CallOp>(op))
    touchAll(call.getOperands(), call.getCallee());
  else
    op->walk([&](Operation *inner) {
      if (!isMemoryEffectFree(inner) || inner->getNumRegions() > 0)
        for (Value operand : inner->getOperands())
          touch(operand, /*written=*/true);
    });
  return cache[op] = std::move(touched);
}

bool LaunchEffects::conflict(Operation *a, Operation *b) {
  Touched first = touchedBy(a);
  const Touched &second = touchedBy(b);
  auto meet = [](const auto &some, const auto &others) {
    return llvm::any_of(some, [&](Value x) { return llvm::any_of(others, [&](Value y) { return mayOverlap(x, y); }); });
  };
  return meet(first.written, second.read) || meet(second.written, first.read);
}
