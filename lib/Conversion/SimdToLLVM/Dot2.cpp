//===- Dot2.cpp - simd.dot2 and simd.dot2_halves to LLVM ------------------===//
//
//   SSSE3 and up     pmaddubsw
//   x86              pmaddwd, which LLVM makes vpdpwssd where it can
//   anything else    widen, multiply, add
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "VectorEmitter.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;

namespace halftone {
namespace {

/// Lengths in lanes that an instruction takes, longest first, for registers of 512, 256 or 128 bits.
SmallVector<int64_t> pieceLengths(const TargetInfo &target, int64_t lanesOf128) {
  SmallVector<int64_t> lengths;
  for (unsigned bits = target.vectorBits; bits >= 128; bits /= 2)
    lengths.push_back(lanesOf128 * bits / 128);
  return lengths;
}

/// Pairs of `a`, which `Extend` widens, times signed ones.
template <typename Extend>
Value genericPairs(VectorEmitter &emit, Value acc, Value a, Value b) {
  VectorType type = cast<VectorType>(acc.getType());
  for (int64_t j = 0; j < 2; ++j) {
    Value aj = emit.create<Extend>(type, emit.strided(a, j, 2));
    Value bj = emit.create<LLVM::SExtOp>(type, emit.strided(b, j, 2));
    acc = emit.create<LLVM::AddOp>(acc, emit.create<LLVM::MulOp>(aj, bj));
  }
  return acc;
}

struct LowerDot2 : TargetPattern<simd::Dot2Op> {
  using TargetPattern::TargetPattern;

  LogicalResult matchAndRewrite(simd::Dot2Op op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Value acc = adaptor.getAcc(), u = adaptor.getU(), s = adaptor.getS();
    if (!target.ssse3) {
      rewriter.replaceOp(op, genericPairs<LLVM::ZExtOp>(emit, acc, u, s));
      return success();
    }
    auto piece = [&](int64_t, ArrayRef<Value> v) -> Value {
      return emit.create<LLVM::AddOp>(v[0], emit.multiplyAddBytes(v[1], v[2]));
    };
    rewriter.replaceOp(op, emit.inPieces(vectorLength(acc), pieceLengths(target, 8), {acc, u, s}, piece));
    return success();
  }
};

struct LowerDot2Halves : TargetPattern<simd::Dot2HalvesOp> {
  using TargetPattern::TargetPattern;

  LogicalResult matchAndRewrite(simd::Dot2HalvesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Value acc = adaptor.getAcc(), a = adaptor.getA(), b = adaptor.getB();
    if (!target.x86) {
      rewriter.replaceOp(op, genericPairs<LLVM::SExtOp>(emit, acc, a, b));
      return success();
    }
    auto piece = [&](int64_t, ArrayRef<Value> v) -> Value {
      return emit.create<LLVM::AddOp>(v[0], emit.multiplyAddHalves(v[1], v[2]));
    };
    rewriter.replaceOp(op, emit.inPieces(vectorLength(acc), pieceLengths(target, 4), {acc, a, b}, piece));
    return success();
  }
};

} // namespace

void populateDot2Patterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<LowerDot2, LowerDot2Halves>(converter, target);
}

} // namespace halftone
