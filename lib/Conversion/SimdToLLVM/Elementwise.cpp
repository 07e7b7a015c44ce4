//===- Elementwise.cpp - simd.popcount_accumulate, simd.extend_half to LLVM -===//
#include "Patterns.h"
#include "VectorEmitter.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;

namespace halftone {
namespace {

/// The bits of four bytes are those of one 32-bit word, which LLVM counts well on every target
/// (vpopcntd, a table of nibbles, shifts and adds).
struct LowerPopcountAccumulate : ConvertOpToLLVMPattern<simd::PopcountAccumulateOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(simd::PopcountAccumulateOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Type words = adaptor.getAcc().getType();
    Value counts = emit.create<LLVM::CtPopOp>(words, emit.create<LLVM::BitcastOp>(words, adaptor.getV()));
    rewriter.replaceOpWithNewOp<LLVM::AddOp>(op, adaptor.getAcc(), counts);
    return success();
  }
};

/// Integer and exact float operations only. The steps never see a subnormal float, so that the
/// result does not depend on the mode of the floating-point unit:
///   subnormal half (magnitude below 0x400): float(magnitude) * 2^-24
///   normal half: the same exponent and mantissa, moved, with the exponent's bias raised by 127 - 15
Value extendByIntegers(VectorEmitter &emit, Value half) {
  int64_t length = vectorLength(half);
  VectorType words = emit.i32(length), floats = emit.f32(length);
  Value bits = emit.create<LLVM::ZExtOp>(words, half);
  Value magnitude = emit.binary<LLVM::AndOp>(bits, 0x7fff);
  Value sign = emit.binary<LLVM::ShlOp>(emit.binary<LLVM::AndOp>(bits, 0x8000), 16);

  Value normal = emit.binary<LLVM::AddOp>(emit.binary<LLVM::ShlOp>(magnitude, 13), (127 - 15) << 23);
  Value scaled =
      emit.create<LLVM::FMulOp>(emit.create<LLVM::SIToFPOp>(floats, magnitude), emit.splat(floats, 0x1p-24f));
  Value subnormal = emit.create<LLVM::BitcastOp>(words, scaled);
  Value isSubnormal = emit.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::slt, magnitude, emit.splat(words, int64_t(0x400)));
  Value unsignedBits = emit.create<LLVM::SelectOp>(isSubnormal, subnormal, normal);
  return emit.create<LLVM::BitcastOp>(floats, emit.create<LLVM::OrOp>(unsignedBits, sign));
}

struct LowerExtendHalf : TargetPattern<simd::ExtendHalfOp> {
  using TargetPattern::TargetPattern;

  LogicalResult matchAndRewrite(simd::ExtendHalfOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Value half = adaptor.getHalf();
    if (!target.f16c && !target.avx512 && !target.neon) { // else fpext would call a function of the compiler's runtime
      rewriter.replaceOp(op, extendByIntegers(emit, half));
      return success();
    }
    Value value = emit.create<LLVM::BitcastOp>(emit.f16(vectorLength(half)), half);
    rewriter.replaceOpWithNewOp<LLVM::FPExtOp>(op, op.getType(), value);
    return success();
  }
};

} // namespace

void populateElementwisePatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns,
                                 const TargetInfo &target) {
  patterns.add<LowerPopcountAccumulate>(converter);
  patterns.add<LowerExtendHalf>(converter, target);
}

} // namespace halftone
