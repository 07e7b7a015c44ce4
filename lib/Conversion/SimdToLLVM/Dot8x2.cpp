//===- Dot8x2.cpp - simd.dot8x2 to LLVM -----------------------------------===//
//
//   NEON i8mm        usmmla
//   anything else    widen, multiply, add
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "VectorEmitter.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;

namespace halftone {
namespace {

/// Correct on every machine, of any byte order.
Value generic(VectorEmitter &emit, Value acc, Value u, Value s) {
  VectorType type = cast<VectorType>(acc.getType());
  for (int32_t j = 0; j < 8; ++j) {
    SmallVector<int32_t> ofRow, ofColumn;
    for (int32_t i = 0; i < type.getNumElements(); ++i) {
      ofRow.push_back(i / 2 * 8 + j);
      ofColumn.push_back(i % 2 * 8 + j);
    }
    Value uj = emit.create<LLVM::ZExtOp>(type, emit.shuffle(u, u, ofRow));
    Value sj = emit.create<LLVM::SExtOp>(type, emit.shuffle(s, s, ofColumn));
    acc = emit.create<LLVM::AddOp>(acc, emit.create<LLVM::MulOp>(uj, sj));
  }
  return acc;
}

struct LowerDot8x2 : TargetPattern<simd::Dot8x2Op> {
  using TargetPattern::TargetPattern;

  LogicalResult matchAndRewrite(simd::Dot8x2Op op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Value acc = adaptor.getAcc(), u = adaptor.getU(), s = adaptor.getS();
    if (!target.i8mm) {
      rewriter.replaceOp(op, generic(emit, acc, u, s));
      return success();
    }
    // Two rows at a time; the columns are those of all.
    rewriter.replaceOp(op, emit.inPieces(vectorLength(acc), {4}, {acc, u}, [&](int64_t, ArrayRef<Value> v) {
      return emit.intrinsic("llvm.aarch64.neon.usmmla.v4i32.v16i8", emit.i32(4), {v[0], v[1], s});
    }));
    return success();
  }
};

} // namespace

void populateDot8x2Patterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<LowerDot8x2>(converter, target);
}

} // namespace halftone
