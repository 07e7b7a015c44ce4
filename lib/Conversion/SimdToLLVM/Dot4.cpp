//===- Dot4.cpp - simd.dot4 to LLVM ---------------------------------------===//
//
//   AVX-512 VNNI, AVX-VNNI   vpdpbusd
//   SSSE3 and up             pmaddubsw + pmaddwd where max_u keeps 16 bits from saturating
//   x86                      pmaddwd on even and odd bytes widened in place
//   NEON i8mm, dotprod       usdot; sdot on u - 128, corrected
//   anything else            widen, multiply, add
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "VectorEmitter.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;

namespace halftone {
namespace {

Value dotByte(VectorEmitter &emit, int64_t lanes, Value acc, Value u, Value s) {
  StringRef name = lanes == 16  ? "llvm.x86.avx512.vpdpbusd.512"
                   : lanes == 8 ? "llvm.x86.avx512.vpdpbusd.256"
                                : "llvm.x86.avx512.vpdpbusd.128";
  return emit.intrinsic(name, emit.i32(lanes), {acc, u, s});
}

/// Exact while 2 * max_u * -128 fits in 16 bits.
Value pairsOfBytes(VectorEmitter &emit, int64_t lanes, Value acc, Value u, Value s) {
  Value sums = emit.multiplyAddHalves(emit.multiplyAddBytes(u, s), emit.splat(emit.i16(2 * lanes), int64_t(1)));
  return emit.create<LLVM::AddOp>(acc, sums);
}

/// Even and odd bytes, widened where they are: both halves of a 32-bit lane end up in that lane.
Value evenAndOdd(VectorEmitter &emit, int64_t lanes, Value acc, Value u, Value s) {
  VectorType type = emit.i16(2 * lanes);
  Value u16 = emit.create<LLVM::BitcastOp>(type, u), s16 = emit.create<LLVM::BitcastOp>(type, s);
  Value evenU = emit.binary<LLVM::AndOp>(u16, 255);
  Value oddU = emit.binary<LLVM::LShrOp>(u16, 8);
  Value evenS = emit.binary<LLVM::AShrOp>(emit.binary<LLVM::ShlOp>(s16, 8), 8);
  Value oddS = emit.binary<LLVM::AShrOp>(s16, 8);
  Value sum = emit.create<LLVM::AddOp>(acc, emit.multiplyAddHalves(evenU, evenS));
  return emit.create<LLVM::AddOp>(sum, emit.multiplyAddHalves(oddU, oddS));
}

/// sdot takes signed bytes: u * s = (u - 128) * s + 2 * 64 * s.
Value signedDot(VectorEmitter &emit, unsigned maxU, Value acc, Value u, Value s) {
  auto dot = [&](Value sum, Value a) {
    return emit.intrinsic("llvm.aarch64.neon.sdot.v4i32.v16i8", emit.i32(4), {sum, a, s});
  };
  if (maxU <= 127)
    return dot(acc, u);
  Value half = emit.splat(emit.i8(16), int64_t(64));
  return dot(dot(dot(acc, emit.binary<LLVM::XOrOp>(u, 128)), half), half);
}

/// Correct on every machine, of any byte order.
Value generic(VectorEmitter &emit, Value acc, Value u, Value s) {
  VectorType type = cast<VectorType>(acc.getType());
  for (int64_t j = 0; j < 4; ++j) {
    Value uj = emit.create<LLVM::ZExtOp>(type, emit.strided(u, j, 4));
    Value sj = emit.create<LLVM::SExtOp>(type, emit.strided(s, j, 4));
    acc = emit.create<LLVM::AddOp>(acc, emit.create<LLVM::MulOp>(uj, sj));
  }
  return acc;
}

struct LowerDot4 : TargetPattern<simd::Dot4Op> {
  using TargetPattern::TargetPattern;

  LogicalResult matchAndRewrite(simd::Dot4Op op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Value acc = adaptor.getAcc(), u = adaptor.getU(), s = adaptor.getS();
    unsigned maxU = op.getMaxU();
    if (!target.x86 && !target.dotprod && !target.i8mm) {
      rewriter.replaceOp(op, generic(emit, acc, u, s));
      return success();
    }
    auto piece = [&](int64_t lanes, ArrayRef<Value> v) -> Value {
      if (target.vnni || target.avxvnni)
        return dotByte(emit, lanes, v[0], v[1], v[2]);
      if (target.x86 && target.ssse3 && maxU <= 128)
        return pairsOfBytes(emit, lanes, v[0], v[1], v[2]);
      if (target.x86)
        return evenAndOdd(emit, lanes, v[0], v[1], v[2]);
      if (target.i8mm)
        return emit.intrinsic("llvm.aarch64.neon.usdot.v4i32.v16i8", emit.i32(4), v);
      return signedDot(emit, maxU, v[0], v[1], v[2]);
    };
    static constexpr int64_t widths[] = {16, 8, 4};
    rewriter.replaceOp(
        op, emit.inPieces(vectorLength(acc), ArrayRef(widths).drop_front(vectorLevel()), {acc, u, s}, piece));
    return success();
  }

private:
  /// How often the longest vector must be halved. vpdpbusd on 512 bits needs AVX-512 VNNI itself.
  unsigned vectorLevel() const {
    bool has512 = target.avx512 && (target.vnni || !target.avxvnni);
    return has512 ? 0 : target.avx2 ? 1 : 2;
  }
};

} // namespace

void populateDot4Patterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<LowerDot4>(converter, target);
}

} // namespace halftone
