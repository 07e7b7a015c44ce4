//===- ChainDots.cpp - simd-chain-dots ------------------------------------===//
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Conversion/SimdToLLVM.h"
#include "halftone/Target/TargetInfo.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace halftone {

#define GEN_PASS_DEF_SIMDCHAINDOTS
#include "lib/Conversion/SimdToLLVM/Passes.h.inc"

namespace {

using Chain = SmallVector<simd::Dot4Op>;

/// A lane of 16 bits holds the sum of pairs u * s with sum of 2 * max_u <= 256, since -128 <= s <= 127:
/// 256 * -128 = -2^15 and 256 * 127 < 2^15.
constexpr int64_t kBudget = 256;
/// The largest half of a byte.
constexpr int64_t kMaxNibble = 15;

/// The next product that this one is only added to, in the same block; null at the end of a chain.
simd::Dot4Op successor(simd::Dot4Op op) {
  if (!op->hasOneUse())
    return nullptr;
  auto next = dyn_cast<simd::Dot4Op>(*op->user_begin());
  return next && next.getAcc() == op.getResult() && next->getBlock() == op->getBlock() ? next : nullptr;
}

/// Chains of at least two products.
std::vector<Chain> findChains(Block &block) {
  std::vector<Chain> chains;
  llvm::SmallPtrSet<Operation *, 16> seen;
  for (simd::Dot4Op op : block.getOps<simd::Dot4Op>()) {
    if (!seen.insert(op).second)
      continue;
    Chain chain{op};
    while (simd::Dot4Op next = successor(chain.back())) {
      seen.insert(next);
      chain.push_back(next);
    }
    if (chain.size() > 1)
      chains.push_back(std::move(chain));
  }
  return chains;
}

class ChainRewriter {
public:
  explicit ChainRewriter(MLIRContext *context) : builder(context) {}

  void rewrite(Chain chain) {
    for (size_t begin = 0; begin < chain.size();) {
      bool split = chain[begin].getMaxU() > 128;
      int64_t cost = 0;
      size_t end = begin;
      while (end < chain.size() && (chain[end].getMaxU() > 128) == split && cost + pairCost(chain[end]) <= kBudget)
        cost += pairCost(chain[end++]);
      // One product alone gains nothing.
      if (end > begin + 1)
        rewriteRun(ArrayRef<simd::Dot4Op>(chain).slice(begin, end - begin), split);
      begin = std::max(end, begin + 1);
    }
  }

private:
  static int64_t pairCost(simd::Dot4Op op) {
    int64_t maxU = op.getMaxU();
    return 2 * std::max<int64_t>(maxU > 128 ? kMaxNibble : maxU, 1);
  }

  void rewriteRun(ArrayRef<simd::Dot4Op> run, bool split) {
    simd::Dot4Op first = run.front(), last = run.back();
    Location loc = first.getLoc();
    int64_t lanes = cast<VectorType>(first.getAcc().getType()).getNumElements() * 2;
    auto halves = VectorType::get({lanes}, builder.getI16Type());
    builder.setInsertionPoint(first);
    Value zeros = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(halves));
    Value low = zeros, high = zeros;
    for (simd::Dot4Op op : run) {
      if (!split) {
        builder.setInsertionPoint(op);
        low = simd::Dot2Op::create(builder, loc, low, op.getU(), op.getS(), op.getMaxU());
        continue;
      }
      auto [lowU, highU] = nibbles(op.getU());
      builder.setInsertionPoint(op);
      low = simd::Dot2Op::create(builder, loc, low, lowU, op.getS(), uint32_t(kMaxNibble));
      high = simd::Dot2Op::create(builder, loc, high, highU, op.getS(), uint32_t(kMaxNibble));
    }
    auto widened = [&](Value sum, Value half, int16_t factor) -> Value {
      Value factors = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(halves, factor));
      return simd::Dot2HalvesOp::create(builder, loc, sum, half, factors);
    };
    Value sum = widened(first.getAcc(), low, 1);
    if (split)
      sum = widened(sum, high, 16);
    last.replaceAllUsesWith(sum);
    for (simd::Dot4Op op : llvm::reverse(run))
      op->erase();
  }

  /// The halves of bytes, made once for all products that they are in.
  std::pair<Value, Value> nibbles(Value u) {
    auto [found, isNew] = halvesOf.try_emplace(u);
    if (!isNew)
      return found->second;
    builder.setInsertionPointAfterValue(u);
    Location loc = u.getLoc();
    auto bytes = cast<VectorType>(u.getType());
    auto words = VectorType::get({bytes.getNumElements() / 4}, builder.getI32Type());
    auto splat = [&](VectorType type, int64_t value) {
      return arith::ConstantOp::create(
          builder, loc, DenseElementsAttr::get(type, builder.getIntegerAttr(type.getElementType(), value)));
    };
    // Shift words: x86 has no shift of bytes.
    Value shifted =
        arith::ShRUIOp::create(builder, loc, vector::BitCastOp::create(builder, loc, words, u), splat(words, 4));
    Value mask = splat(bytes, kMaxNibble);
    Value low = arith::AndIOp::create(builder, loc, u, mask);
    Value high = arith::AndIOp::create(builder, loc, vector::BitCastOp::create(builder, loc, bytes, shifted), mask);
    return found->second = {low, high};
  }

  OpBuilder builder;
  llvm::DenseMap<Value, std::pair<Value, Value>> halvesOf;
};

struct SimdChainDots : impl::SimdChainDotsBase<SimdChainDots> {
  using Base::Base;

  void runOnOperation() override {
    llvm::Expected<TargetInfo> target = TargetInfo::get(cpu, triple);
    if (!target) {
      getOperation().emitError(llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    if (!target->ssse3 || target->vnni || target->avxvnni)
      return;
    std::vector<Block *> blocks;
    getOperation().walk([&](Block *block) { blocks.push_back(block); });
    ChainRewriter rewriter(&getContext());
    for (Block *block : blocks)
      for (const Chain &chain : findChains(*block))
        rewriter.rewrite(chain);
  }
};

} // namespace
} // namespace halftone
