//===- TableLookup.cpp - simd.table_lookup to LLVM ------------------------===//
//
//   AVX-512 VBMI   vpermb (64 entries; shorter tables are repeated), vpermi2b
//   SSSE3 and up   pshufb on the low four bits for each 16 entries, selects by
//                  the higher bits
//   NEON           tbl with one, two or four registers, two of them for 128
//   anything else  loads from a copy of the table on the stack
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "VectorEmitter.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;

namespace halftone {
namespace {

/// One `vpermb` or `vpermi2b`: they use the low six or seven bits of an index.
Value permute(VectorEmitter &emit, Value table, Value indices) {
  VectorType type = emit.i8(64);
  if (vectorLength(table) == 128)
    return emit.intrinsic("llvm.x86.avx512.vpermi2var.qi.512", type,
                          {emit.slice(table, 0, 64), indices, emit.slice(table, 64, 64)});
  return emit.intrinsic("llvm.x86.avx512.permvar.qi.512", type, {emit.repeat(table, 64), indices});
}

/// A true lane where an index has the bit 1 << bit. Without mask registers a blend looks at the sign of a byte.
Value testBit(VectorEmitter &emit, const TargetInfo &target, Value indices, int bit) {
  Value zero = emit.splat(cast<VectorType>(indices.getType()), int64_t(0));
  if (target.avx512)
    return emit.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::ne, emit.binary<LLVM::AndOp>(indices, 1 << bit), zero);
  return emit.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::slt, emit.binary<LLVM::ShlOp>(indices, 7 - bit), zero);
}

/// Looks up in each 16 entries by the low four bits, then halves the candidates bit by bit.
Value shuffleAndSelect(VectorEmitter &emit, const TargetInfo &target, Value table, Value indices) {
  Value low = emit.binary<LLVM::AndOp>(indices, 15); // pshufb would answer 0 for an index with bit 7
  SmallVector<Value> candidates;
  for (int64_t first = 0; first < vectorLength(table); first += 16)
    candidates.push_back(emit.shuffle16(emit.slice(table, first, 16), low));
  for (int bit = 4; candidates.size() > 1; ++bit) {
    Value upper = testBit(emit, target, indices, bit);
    for (size_t i = 0; i < candidates.size() / 2; ++i)
      candidates[i] = emit.create<LLVM::SelectOp>(upper, candidates[2 * i + 1], candidates[2 * i]);
    candidates.resize(candidates.size() / 2);
  }
  return candidates.front();
}

/// `tbl` answers 0 for an index beyond its table.
Value neonTable(VectorEmitter &emit, Value table, Value indices) {
  int64_t entries = vectorLength(table);
  Value index = emit.binary<LLVM::AndOp>(indices, entries - 1);
  if (entries == 128) {
    Value lower = neonTable(emit, emit.slice(table, 0, 64), index); // masks to six bits: right where index < 64
    Value upper = neonTable(emit, emit.slice(table, 64, 64), index);
    Value isUpper = emit.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::ugt, index, emit.splat(emit.i8(16), int64_t(63)));
    return emit.create<LLVM::SelectOp>(isUpper, upper, lower);
  }
  SmallVector<Value> operands;
  for (int64_t first = 0; first < entries; first += 16)
    operands.push_back(emit.slice(table, first, 16));
  std::string name = "llvm.aarch64.neon.tbl" + std::to_string(operands.size()) + ".v16i8";
  operands.push_back(index);
  return emit.intrinsic(name, emit.i8(16), operands);
}

struct LowerTableLookup : TargetPattern<simd::TableLookupOp> {
  using TargetPattern::TargetPattern;

  LogicalResult matchAndRewrite(simd::TableLookupOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    VectorEmitter emit(rewriter, op.getLoc());
    Value table = adaptor.getTable(), indices = adaptor.getIndices();
    auto inPieces = [&](ArrayRef<int64_t> widths, llvm::function_ref<Value(Value)> lookup) {
      rewriter.replaceOp(op, emit.inPieces(vectorLength(indices), widths, {indices},
                                           [&](int64_t, ArrayRef<Value> piece) { return lookup(piece[0]); }));
    };
    static constexpr int64_t all[] = {64, 32, 16};
    ArrayRef<int64_t> widths(all);
    if (target.vbmi)
      inPieces(widths.take_front(1), [&](Value piece) { return permute(emit, table, piece); });
    else if (target.ssse3)
      inPieces(widths.drop_front(halvings()),
               [&](Value piece) { return shuffleAndSelect(emit, target, table, piece); });
    else if (target.neon)
      inPieces(widths.take_back(1), [&](Value piece) { return neonTable(emit, table, piece); });
    else
      rewriter.replaceOp(op, lookupInMemory(op, emit, table, indices, rewriter));
    return success();
  }

private:
  /// How often 64 bytes must be halved to fit a register.
  unsigned halvings() const { return target.avx512 ? 0 : target.avx2 ? 1 : 2; }

  /// Copies table and indices to the stack and looks up byte by byte.
  Value lookupInMemory(simd::TableLookupOp op, VectorEmitter &emit, Value table, Value indices,
                       OpBuilder &builder) const {
    Location loc = op.getLoc();
    int64_t entries = vectorLength(table), count = vectorLength(indices);
    Value tableSlot = createEntryAlloca(builder, op, table.getType(), 16);
    Value indexSlot = createEntryAlloca(builder, op, indices.getType(), 16);
    Value resultSlot = createEntryAlloca(builder, op, indices.getType(), 16);
    for (Value slot : {tableSlot, indexSlot, resultSlot})
      LLVM::LifetimeStartOp::create(builder, loc, slot);
    LLVM::StoreOp::create(builder, loc, table, tableSlot, 16);
    LLVM::StoreOp::create(builder, loc, emit.binary<LLVM::AndOp>(indices, entries - 1), indexSlot, 16);

    Type byte = builder.getI8Type(), pointer = tableSlot.getType();
    auto at = [&](Value base, LLVM::GEPArg index) -> Value {
      return emit.create<LLVM::GEPOp>(pointer, byte, base, ArrayRef(index));
    };
    for (int64_t i = 0; i < count; ++i) {
      Value index = emit.create<LLVM::LoadOp>(byte, at(indexSlot, int32_t(i)));
      Value wide = emit.create<LLVM::ZExtOp>(builder.getI64Type(), index);
      Value entry = emit.create<LLVM::LoadOp>(byte, at(tableSlot, wide));
      LLVM::StoreOp::create(builder, loc, entry, at(resultSlot, int32_t(i)));
    }
    Value result = emit.create<LLVM::LoadOp>(indices.getType(), resultSlot, 16);
    for (Value slot : {tableSlot, indexSlot, resultSlot})
      LLVM::LifetimeEndOp::create(builder, loc, slot);
    return result;
  }
};

} // namespace

void populateTableLookupPatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns,
                                 const TargetInfo &target) {
  patterns.add<LowerTableLookup>(converter, target);
}

} // namespace halftone
