//===- Dot2.cpp - simd.dot2 and simd.pairwise_add to LLVM -----------------===//
//
//   SSSE3 and up     pmaddubsw, and pmaddwd by a constant
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

Value genericPairs(VectorEmitter &emit, Value acc, Value u, Value s) {
  VectorType type = cast<VectorType>(acc.getType());
  for (int64_t j = 0; j < 2; ++j) {
    Value uj = emit.create<LLVM::ZExtOp>(type, emit.strided(u, j, 2));
    Value sj = emit.create<LLVM::SExtOp>(type, emit.strided(s, j, 2));
    acc = emit.create<LLVM::AddOp>(acc, emit.create<LLVM::MulOp>(uj, sj));
  }
  return acc;
}

struct LowerDot2 : ConvertOpToLLVMPattern<simd::Dot2Op> {
  LowerDot2(const LLVMTypeConverter &converter, const TargetInfo &target)
      : ConvertOpToLLVMPattern(converter), target(target) {}

  LogicalResult matchAndRewrite(simd::Dot2Op op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Value acc = adaptor.getAcc(), u = adaptor.getU(), s = adaptor.getS();
    if (!target.ssse3) {
      rewriter.replaceOp(op, genericPairs(emit, acc, u, s));
      return success();
    }
    auto piece = [&](int64_t lanes, ArrayRef<Value> v) -> Value {
      StringRef name = lanes == 32   ? "llvm.x86.avx512.pmaddubs.w.512"
                       : lanes == 16 ? "llvm.x86.avx2.pmadd.ub.sw"
                                     : "llvm.x86.ssse3.pmadd.ub.sw.128";
      return emit.create<LLVM::AddOp>(v[0], emit.intrinsic(name, emit.i16(lanes), {v[1], v[2]}));
    };
    rewriter.replaceOp(op, emit.inPieces(vectorLength(acc), pieceLengths(target, 8), {acc, u, s}, piece));
    return success();
  }

  const TargetInfo &target;
};

Value genericPairwise(VectorEmitter &emit, Value acc, Value v, int64_t factor) {
  VectorType type = cast<VectorType>(acc.getType());
  Value even = emit.create<LLVM::SExtOp>(type, emit.strided(v, 0, 2));
  Value odd = emit.create<LLVM::SExtOp>(type, emit.strided(v, 1, 2));
  Value sum = emit.create<LLVM::AddOp>(even, odd);
  return emit.create<LLVM::AddOp>(acc, emit.binary<LLVM::MulOp>(sum, factor));
}

struct LowerPairwiseAdd : ConvertOpToLLVMPattern<simd::PairwiseAddOp> {
  LowerPairwiseAdd(const LLVMTypeConverter &converter, const TargetInfo &target)
      : ConvertOpToLLVMPattern(converter), target(target) {}

  LogicalResult matchAndRewrite(simd::PairwiseAddOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Value acc = adaptor.getAcc(), v = adaptor.getV();
    int64_t factor = op.getFactor();
    if (!target.x86) {
      rewriter.replaceOp(op, genericPairwise(emit, acc, v, factor));
      return success();
    }
    auto piece = [&](int64_t lanes, ArrayRef<Value> parts) -> Value {
      StringRef name = lanes == 16  ? "llvm.x86.avx512.pmaddw.d.512"
                       : lanes == 8 ? "llvm.x86.avx2.pmadd.wd"
                                    : "llvm.x86.sse2.pmadd.wd";
      Value factors = emit.splat(emit.i16(2 * lanes), factor);
      return emit.create<LLVM::AddOp>(parts[0], emit.intrinsic(name, emit.i32(lanes), {parts[1], factors}));
    };
    rewriter.replaceOp(op, emit.inPieces(vectorLength(acc), pieceLengths(target, 4), {acc, v}, piece));
    return success();
  }

  const TargetInfo &target;
};

} // namespace

void populateDot2Patterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<LowerDot2, LowerPairwiseAdd>(converter, target);
}

} // namespace halftone
