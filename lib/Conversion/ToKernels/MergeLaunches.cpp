//===- MergeLaunches.cpp - halftone-merge-launches ------------------------===//
//
// Fewer parallel regions. Two kinds of launches are merged, each into the place of
// the first:
//   * kernels of one kind on one input, which do not depend on each other: their
//     units are numbered one kernel after the other, and divided among the threads
//     together;
//   * kernels that work token by token on equally many tokens: the merged kernel
//     calls them one after the other for each token, whose data stay in the
//     caches.
//
//===----------------------------------------------------------------------===//

#include "LaunchEffects.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Conversion/ToKernels.h"
#include "lib/Conversion/Kernels/KernelBuilder.h"
#include "lib/Conversion/ToKernels/Launch.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONEMERGELAUNCHES
#include "lib/Conversion/ToKernels/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// How far a launch looks for others: about a layer.
constexpr size_t kReach = 64;

/// The name without sizes, such as "dot_ternaryg128_tn": kernels of a kind take equally long per unit and element.
std::string kindOf(StringRef name) {
  SmallVector<StringRef> parts;
  name.split(parts, '_');
  llvm::erase_if(parts, [](StringRef part) {
    auto [rows, cols] = part.split('x');
    return !cols.empty() && llvm::all_of(rows, llvm::isDigit) && llvm::all_of(cols, llvm::isDigit);
  });
  return llvm::join(parts, "_");
}

bool isPerToken(simd::LaunchOp op) { return op->hasAttr(kPerTokenAttr); }

/// Whether two launches are of one kind on one input. Their counts are known when compiling.
bool shareInput(simd::LaunchOp a, simd::LaunchOp b) {
  return !isPerToken(a) && !isPerToken(b) && !a.getArgs().empty() && !b.getArgs().empty() &&
         a.getArgs().front() == b.getArgs().front() && getConstantIntValue(a.getCount()) &&
         getConstantIntValue(b.getCount()) && kindOf(a.getKernel()) == kindOf(b.getKernel());
}

bool shareTokens(simd::LaunchOp a, simd::LaunchOp b) {
  return isPerToken(a) && isPerToken(b) &&
         (a.getCount() == b.getCount() || (getConstantIntValue(a.getCount()) &&
                                           getConstantIntValue(a.getCount()) == getConstantIntValue(b.getCount())));
}

/// Launches to become one, the first in place.
using Group = SmallVector<simd::LaunchOp>;

class Merger {
public:
  explicit Merger(ModuleOp module) : module(module), effects(module) {}

  void run(Block &block) {
    for (Operation *op = &block.front(); op; op = op->getNextNode())
      if (auto launch = dyn_cast<simd::LaunchOp>(op)) {
        Group group = findGroup(launch);
        if (group.size() > 1)
          op = merge(group);
      }
  }

private:
  /// What can be moved up to `first` and merged with it.
  Group findGroup(simd::LaunchOp first) {
    Group group{first};
    SmallVector<Operation *> crossed;
    Operation *op = first->getNextNode();
    for (size_t i = 0; op && i < kReach; op = op->getNextNode(), ++i) {
      auto launch = dyn_cast<simd::LaunchOp>(op);
      if (launch && belongs(launch, group, crossed))
        group.push_back(launch);
      else if (!isMemoryEffectFree(op) && !isa<memref::AllocOp>(op))
        crossed.push_back(op);
    }
    return group;
  }

  bool belongs(simd::LaunchOp launch, Group &group, ArrayRef<Operation *> crossed) {
    bool sameInput = shareInput(group.front(), launch), sameTokens = shareTokens(group.front(), launch);
    if ((!sameInput && !sameTokens) || launch.getExec() != group.front().getExec())
      return false;
    auto conflicts = [&](Operation *other) { return effects.conflict(other, launch); };
    if (llvm::any_of(crossed, conflicts) || (sameInput && llvm::any_of(group, conflicts)))
      return false;
    return llvm::all_of(launch.getArgs(), [&](Value arg) { return canBeReady(arg, group.front()); });
  }

  /// Whether the value is there before `place`, or can be moved there.
  bool canBeReady(Value value, Operation *place) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != place->getBlock() || op->isBeforeInBlock(place))
      return true;
    return (isa<memref::AllocOp>(op) || (isMemoryEffectFree(op) && op->getNumRegions() == 0)) &&
           llvm::all_of(op->getOperands(), [&](Value operand) { return canBeReady(operand, place); });
  }

  void makeReady(Value value, Operation *place) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != place->getBlock() || op->isBeforeInBlock(place))
      return;
    for (Value operand : op->getOperands())
      makeReady(operand, place);
    op->moveBefore(place);
  }

  /// One launch in the place of the first; the others are gone.
  Operation *merge(ArrayRef<simd::LaunchOp> group) {
    simd::LaunchOp first = group.front();
    SmallVector<Value> args;
    SmallVector<func::FuncOp> kernels;
    SmallVector<int64_t> counts;
    for (simd::LaunchOp launch : group) {
      for (Value arg : launch.getArgs())
        makeReady(arg, first);
      llvm::append_range(args, launch.getArgs());
      kernels.push_back(module.lookupSymbol<func::FuncOp>(launch.getKernel()));
      counts.push_back(getConstantIntValue(launch.getCount()).value_or(0));
    }
    OpBuilder b(first);
    Value count = first.getCount();
    func::FuncOp merged;
    if (isPerToken(first)) {
      merged = tokenKernel(kernels);
    } else {
      merged = unitKernel(kernels, counts);
      int64_t all = 0;
      for (int64_t each : counts)
        all += each;
      count = arith::ConstantIndexOp::create(b, first.getLoc(), all);
    }
    auto launch = simd::LaunchOp::create(b, first.getLoc(), first.getExec(), merged.getSymName(), args, count);
    if (isPerToken(first))
      launch->setAttr(kPerTokenAttr, b.getUnitAttr());
    for (simd::LaunchOp each : group) {
      effects.forget(each);
      each.erase();
    }
    return launch;
  }

  static std::string joinedName(ArrayRef<func::FuncOp> kernels) {
    std::string name;
    for (func::FuncOp kernel : kernels)
      name += (name.empty() ? "" : "__") + kernel.getSymName().str();
    return name;
  }

  static SmallVector<Type> joinedTypes(ArrayRef<func::FuncOp> kernels) {
    SmallVector<Type> types;
    for (func::FuncOp kernel : kernels)
      llvm::append_range(types, kernel.getArgumentTypes().drop_back(2));
    return types;
  }

  /// Calls every kernel with its part of the arguments and the range of it that `rangeOf` gives.
  static void callAll(KernelBuilder &k, ArrayRef<func::FuncOp> kernels, ValueRange args,
                      function_ref<std::pair<Value, Value>(size_t)> rangeOf) {
    size_t at = 0;
    for (size_t i = 0; i < kernels.size(); ++i) {
      func::FuncOp kernel = kernels[i];
      size_t size = kernel.getNumArguments() - 2;
      SmallVector<Value> own(args.slice(at, size));
      auto [begin, end] = rangeOf(i);
      own.append({begin, end});
      func::CallOp::create(k.b, k.loc, kernel, own);
      at += size;
    }
  }

  /// For every token: all kernels, one after the other.
  func::FuncOp tokenKernel(ArrayRef<func::FuncOp> kernels) {
    return getOrCreateKernel(module, module.getLoc(), joinedName(kernels), joinedTypes(kernels),
                             [&](KernelBuilder &k, ValueRange args) {
                               size_t n = args.size() - 2;
                               k.loop(args[n], args[n + 1], 1, [&](Value token) {
                                 Value next = k.addIndex(token, 1);
                                 callAll(k, kernels, args, [&](size_t) { return std::pair(token, next); });
                               });
                             });
  }

  /// Units of the first kernel, then those of the second, and so on. A kernel of which a range has no unit is called
  /// with an empty one.
  func::FuncOp unitKernel(ArrayRef<func::FuncOp> kernels, ArrayRef<int64_t> counts) {
    return getOrCreateKernel(
        module, module.getLoc(), joinedName(kernels), joinedTypes(kernels), [&](KernelBuilder &k, ValueRange args) {
          size_t n = args.size() - 2;
          int64_t start = 0;
          callAll(k, kernels, args, [&](size_t i) {
            Value low = k.index(start), high = k.index(start + counts[i]);
            auto inside = [&](Value x) -> Value {
              Value bounded = arith::MinUIOp::create(k.b, k.loc, arith::MaxUIOp::create(k.b, k.loc, x, low), high);
              return arith::SubIOp::create(k.b, k.loc, bounded, low);
            };
            start += counts[i];
            return std::pair(inside(args[n]), inside(args[n + 1]));
          });
        });
  }

  ModuleOp module;
  LaunchEffects effects;
};

struct MergeLaunches : halftone::impl::HalftoneMergeLaunchesBase<MergeLaunches> {
  using Base::Base;

  void runOnOperation() override {
    Merger merger(getOperation());
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (function.isPublic() && !function.isExternal())
        for (Block &block : function.getBody())
          merger.run(block);
  }
};

} // namespace
