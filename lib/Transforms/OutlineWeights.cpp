//===- OutlineWeights.cpp - lowbit-outline-weights ------------------------===//

#include "Weights.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"

namespace halftone {
#define GEN_PASS_DEF_LOWBITOUTLINEWEIGHTS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

constexpr int64_t kSmallConstantBytes = 1024;

/// Ops of the chain that ends in `op`, operands (and what they write to) first.
void collectChain(Operation *op, llvm::SetVector<Operation *> &chain) {
  for (Value operand : op->getOperands())
    collectChain(operand.getDefiningOp(), chain);
  chain.insert(op);
}

/// A symbol name out of a tensor's name: other characters than letters, digits, '_' and '.' become '_'.
std::string symbolFor(StringRef name) {
  std::string symbol;
  for (char c : name)
    symbol += llvm::isAlnum(c) || c == '.' ? c : '_';
  return symbol.empty() || llvm::isDigit(symbol[0]) ? "w" + symbol : symbol;
}

struct OutlineWeights : halftone::impl::LowbitOutlineWeightsBase<OutlineWeights> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    symbols.emplace(module);
    known.clear();
    SmallVector<Operation *> ends;
    for (auto function : module.getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        if (isEnd(op))
          ends.push_back(op);
      });
    OpBuilder builder(module.getContext());
    if (!ends.empty())
      insertion = &module.getBody()->front();
    for (Operation *end : ends)
      outline(end, builder);
    for (auto function : module.getOps<func::FuncOp>())
      eraseDeadChains(function);
  }

  /// A chain's last op: some user is not part of a chain. Constants of other types than f32 are left to
  /// bufferization: only floats can be evaluated.
  static bool isEnd(Operation *op) {
    if (op->getNumResults() != 1 || !isWeightChain(op))
      return false;
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      auto type = cast<RankedTensorType>(constant.getType());
      if (!type.getElementType().isF32() || type.getNumElements() * 4 < kSmallConstantBytes)
        return false;
    }
    return llvm::any_of(op->getUsers(), [](Operation *user) { return !isWeightChain(user); });
  }

  void outline(Operation *end, OpBuilder &builder) {
    llvm::SetVector<Operation *> chain;
    collectChain(end, chain);
    lowbit::GlobalOp global = createGlobal(end, chain, builder);
    builder.setInsertionPoint(end);
    auto get = lowbit::GetGlobalOp::create(builder, end->getLoc(), end->getResult(0).getType(), global.getSymName());
    end->getResult(0).replaceUsesWithIf(get.getResult(), [](OpOperand &use) { return !isWeightChain(use.getOwner()); });
  }

  lowbit::GlobalOp createGlobal(Operation *end, const llvm::SetVector<Operation *> &chain, OpBuilder &builder) {
    auto type = cast<RankedTensorType>(end->getResult(0).getType());
    builder.setInsertionPoint(insertion);
    std::string name = symbolFor(weightName(end->getResult(0)));
    auto global = lowbit::GlobalOp::create(builder, end->getLoc(), name, type);
    global.setSymVisibility("private");
    if (global.getBody().empty())
      global.getBody().emplaceBlock();
    OpBuilder inner = OpBuilder::atBlockEnd(&global.getBody().front());
    IRMapping mapping;
    for (Operation *op : chain)
      inner.clone(*op, mapping);
    lowbit::YieldOp::create(inner, end->getLoc(), mapping.lookup(end->getResult(0)));

    // Equal chains share one global.
    for (lowbit::GlobalOp other : known[type])
      if (OperationEquivalence::isRegionEquivalentTo(&global.getBody(), &other.getBody(),
                                                     OperationEquivalence::IgnoreLocations)) {
        global.erase();
        return other;
      }
    known[type].push_back(global);
    symbols->insert(global);
    return global;
  }

  static void eraseDeadChains(func::FuncOp function) {
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) {
      if (isa<tensor::EmptyOp>(op) || isWeightChain(op))
        ops.push_back(op);
    });
    for (Operation *op : llvm::reverse(ops))
      if (op->use_empty())
        op->erase();
  }

  std::optional<SymbolTable> symbols;
  llvm::DenseMap<Type, SmallVector<lowbit::GlobalOp>> known;
  Operation *insertion = nullptr;
};

} // namespace
