//===- CountBits.cpp - simd.count_bits to LLVM ----------------------------===//
//
//   AVX-512 BITALG, NEON   and or xor, then the count of bytes: vpopcntb, cnt
//   SSSE3 and up           two pshufb: the low and the high nibbles of v in the
//                          tables of the low and the high nibble of the byte
//   anything else          as the first; LLVM counts by shifts and adds
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "VectorEmitter.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/bit.h"

using namespace mlir;

namespace halftone {
namespace {

/// 16 tables of 16 bytes: entry 16 a + w counts the bits of `a and w`, or `a xor w`.
LLVM::GlobalOp getOrCreateTables(OpBuilder &builder, ModuleOp module, Location loc, bool differ) {
  StringRef name = differ ? "simd_count_bits__differ" : "simd_count_bits__common";
  if (auto global = module.lookupSymbol<LLVM::GlobalOp>(name))
    return global;
  std::string counts;
  for (unsigned a = 0; a < 16; ++a)
    for (unsigned w = 0; w < 16; ++w)
      counts.push_back(char(llvm::popcount(differ ? a ^ w : a & w)));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  return LLVM::GlobalOp::create(builder, loc, LLVM::LLVMArrayType::get(builder.getI8Type(), counts.size()),
                                /*isConstant=*/true, LLVM::Linkage::Internal, name, builder.getStringAttr(counts),
                                /*alignment=*/64);
}

struct LowerCountBits : TargetPattern<simd::CountBitsOp> {
  using TargetPattern::TargetPattern;

  LogicalResult matchAndRewrite(simd::CountBitsOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    bool hasTables = target.x86 && target.ssse3 && !target.bitalg;
    rewriter.replaceOp(op, hasTables ? lookUp(op, adaptor, rewriter) : count(op, adaptor, rewriter));
    return success();
  }

private:
  Value count(simd::CountBitsOp op, OpAdaptor adaptor, OpBuilder &builder) const {
    VectorEmitter emit(builder, op.getLoc());
    Type type = op.getType();
    Value zero = emit.create<LLVM::ConstantOp>(builder.getI64Type(), builder.getI64IntegerAttr(0));
    Value first = emit.create<LLVM::InsertElementOp>(type, emit.create<LLVM::PoisonOp>(type), adaptor.getByte(), zero);
    Value bytes = emit.shuffle(first, first, SmallVector<int32_t>(vectorLength(first), 0));
    Value bits = op.getDiffer() ? emit.create<LLVM::XOrOp>(adaptor.getV(), bytes)
                                : emit.create<LLVM::AndOp>(adaptor.getV(), bytes);
    return emit.create<LLVM::AddOp>(adaptor.getAcc(), emit.create<LLVM::CtPopOp>(type, bits));
  }

  Value lookUp(simd::CountBitsOp op, OpAdaptor adaptor, OpBuilder &builder) const {
    VectorEmitter emit(builder, op.getLoc());
    auto tables = getOrCreateTables(builder, op->getParentOfType<ModuleOp>(), op.getLoc(), op.getDiffer());
    Value base = emit.create<LLVM::AddressOfOp>(tables);
    Type wide = builder.getI64Type();
    Value byte = emit.create<LLVM::ZExtOp>(wide, adaptor.getByte());
    auto constant = [&](int64_t value) {
      return emit.create<LLVM::ConstantOp>(wide, builder.getI64IntegerAttr(value));
    };
    auto table = [&](Value offset) -> Value {
      Value at = emit.create<LLVM::GEPOp>(base.getType(), builder.getI8Type(), base, ArrayRef<LLVM::GEPArg>{offset});
      return emit.create<LLVM::LoadOp>(emit.i8(16), at, /*alignment=*/16);
    };
    Value low = table(emit.create<LLVM::ShlOp>(emit.create<LLVM::AndOp>(byte, constant(15)), constant(4)));
    Value high = table(emit.create<LLVM::AndOp>(byte, constant(15 << 4)));
    static constexpr int64_t widths[] = {64, 32, 16};
    return emit.inPieces(vectorLength(adaptor.getV()), ArrayRef(widths).drop_front(halvings()),
                         {adaptor.getAcc(), adaptor.getV()}, [&](int64_t, ArrayRef<Value> piece) -> Value {
                           Value lows = emit.binary<LLVM::AndOp>(piece[1], 15);
                           Value highs = emit.binary<LLVM::LShrOp>(piece[1], 4);
                           Value counts = emit.create<LLVM::AddOp>(emit.shuffle16(low, lows), piece[0]);
                           return emit.create<LLVM::AddOp>(counts, emit.shuffle16(high, highs));
                         });
  }

  /// How often 64 bytes must be halved to fit a register.
  unsigned halvings() const { return target.avx512 ? 0 : target.avx2 ? 1 : 2; }
};

} // namespace

void populateCountBitsPatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns,
                               const TargetInfo &target) {
  patterns.add<LowerCountBits>(converter, target);
}

} // namespace halftone
