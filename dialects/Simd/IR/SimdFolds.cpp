//===- SimdFolds.cpp - Folds and canonicalizations of simd ----------------===//
//
// The folds are also the shortest definition of what the operations compute.
//
//===----------------------------------------------------------------------===//
#include "dialects/Simd/IR/SimdOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace halftone::simd;

using Integers = DenseIntElementsAttr;

static bool isZero(Attribute value) {
  auto integers = dyn_cast_or_null<Integers>(value);
  return integers && integers.isSplat() && integers.getSplatValue<APInt>().isZero();
}

OpFoldResult TableLookupOp::fold(FoldAdaptor adaptor) {
  auto table = dyn_cast_or_null<Integers>(adaptor.getTable());
  if (!table)
    return {};
  if (table.isSplat())
    return DenseElementsAttr::get(getType(), table.getSplatValue<APInt>());
  auto indices = dyn_cast_or_null<Integers>(adaptor.getIndices());
  if (!indices)
    return {};
  SmallVector<int8_t> entries(table.getValues<int8_t>()), result;
  for (uint8_t index : indices.getValues<uint8_t>())
    result.push_back(entries[index % entries.size()]);
  return DenseElementsAttr::get(getType(), ArrayRef(result));
}

OpFoldResult Dot4Op::fold(FoldAdaptor adaptor) {
  if (isZero(adaptor.getU()) || isZero(adaptor.getS()))
    return getAcc();
  auto acc = dyn_cast_or_null<Integers>(adaptor.getAcc());
  auto u = dyn_cast_or_null<Integers>(adaptor.getU());
  auto s = dyn_cast_or_null<Integers>(adaptor.getS());
  if (!acc || !u || !s)
    return {};
  SmallVector<uint32_t> result(acc.getValues<uint32_t>());
  SmallVector<uint8_t> us(u.getValues<uint8_t>());
  SmallVector<int8_t> ss(s.getValues<int8_t>());
  for (size_t i = 0; i < us.size(); ++i)
    result[i / 4] += static_cast<uint32_t>(int32_t(us[i]) * int32_t(ss[i]));
  return DenseElementsAttr::get(getType(), ArrayRef(result));
}

OpFoldResult PopcountAccumulateOp::fold(FoldAdaptor adaptor) {
  if (isZero(adaptor.getV()))
    return getAcc();
  auto acc = dyn_cast_or_null<Integers>(adaptor.getAcc());
  auto v = dyn_cast_or_null<Integers>(adaptor.getV());
  if (!acc || !v)
    return {};
  SmallVector<uint32_t> result(acc.getValues<uint32_t>());
  for (auto [i, byte] : llvm::enumerate(v.getValues<uint8_t>()))
    result[i / 4] += llvm::popcount(byte);
  return DenseElementsAttr::get(getType(), ArrayRef(result));
}

OpFoldResult ExtendHalfOp::fold(FoldAdaptor adaptor) {
  auto half = dyn_cast_or_null<Integers>(adaptor.getHalf());
  if (!half)
    return {};
  SmallVector<APFloat> result;
  for (const APInt &bits : half.getValues<APInt>()) {
    APFloat value(APFloat::IEEEhalf(), bits);
    if (!value.isFinite())
      return {};
    bool losesInfo;
    value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &losesInfo);
    result.push_back(value);
  }
  return DenseElementsAttr::get(cast<ShapedType>(getType()), ArrayRef(result));
}

namespace {
/// table_lookup %t, (%i & mask) -> table_lookup %t, %i where the mask keeps all bits that count.
struct DropIndexMask : OpRewritePattern<TableLookupOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TableLookupOp op, PatternRewriter &rewriter) const override {
    auto mask = op.getIndices().getDefiningOp<arith::AndIOp>();
    Integers kept;
    if (!mask || !matchPattern(mask.getRhs(), m_Constant(&kept)))
      return failure();
    uint8_t counting = cast<VectorType>(op.getTable().getType()).getNumElements() - 1;
    for (uint8_t bits : kept.getValues<uint8_t>())
      if ((bits & counting) != counting)
        return failure();
    rewriter.modifyOpInPlace(op, [&] { op.getIndicesMutable().assign(mask.getLhs()); });
    return success();
  }
};
} // namespace

void TableLookupOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropIndexMask>(context);
}
