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

Value genericHalves(VectorEmitter &emit, Value acc, Value a, Value b) {
  VectorType type = cast<VectorType>(acc.getType());
  for (int64_t j = 0; j < 2; ++j) {
    Value aj = emit.create<LLVM::SExtOp>(type, emit.strided(a, j, 2));
    Value bj = emit.create<LLVM::SExtOp>(type, emit.strided(b, j, 2));
    acc = emit.create<LLVM::AddOp>(acc, emit.create<LLVM::MulOp>(aj, bj));
  }
  return acc;
}

struct LowerDot2Halves : ConvertOpToLLVMPattern<simd::Dot2HalvesOp> {
  LowerDot2Halves(const LLVMTypeConverter &converter, const TargetInfo &target)
      : ConvertOpToLLVMPattern(converter), target(target) {}

  LogicalResult matchAndRewrite(simd::Dot2HalvesOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Value acc = adaptor.getAcc(), a = adaptor.getA(), b = adaptor.getB();
    if (!target.x86) {
      rewriter.replaceOp(op, genericHalves(emit, acc, a, b));
      return success();
    }
    auto piece = [&](int64_t lanes, ArrayRef<Value> v) -> Value {
      StringRef name = lanes == 16  ? "llvm.x86.avx512.pmaddw.d.512"
                       : lanes == 8 ? "llvm.x86.avx2.pmadd.wd"
                                    : "llvm.x86.sse2.pmadd.wd";
      return emit.create<LLVM::AddOp>(v[0], emit.intrinsic(name, emit.i32(lanes), {v[1], v[2]}));
    };
    rewriter.replaceOp(op, emit.inPieces(vectorLength(acc), pieceLengths(target, 4), {acc, a, b}, piece));
    return success();
  }

  const TargetInfo &target;
};

} // namespace

void populateDot2Patterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<LowerDot2, LowerDot2Halves>(converter, target);
}

} // namespace halftone
