//===- TritTables.cpp - Tables for five ternary weights at once -----------===//
//
// For each slice of 5 activations of a group the sums of t_i * a_i for the
// numbers 0 .. 121 in balanced ternary, sum_i t_i 3^i with t_i = -1, 0, +1:
// exact words, cut in low and high bytes, or bytes q = round(T / 2^k) + 128 with
// the least k for which no slice of the group has sum |a_j| > 127 * 2^k.
//
//===----------------------------------------------------------------------===//

#include "ByteTables.h"
#include "Kernels.h"
#include "SplitSums.h"
#include "TritLut.h"
#include "dialects/Lowbit/IR/LowbitTypes.h"
#include "halftone/Pack/Trits.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace halftone;

namespace {

/// Digit i of a magnitude in balanced ternary.
int64_t balancedDigit(int64_t magnitude, int64_t i) {
  return magnitude > 121 ? 0 : int64_t(unpackBalanced(uint8_t(magnitude))[i]) - 1;
}

/// Tables of slices of one group of one token.
class TritTableBuilder {
public:
  TritTableBuilder(KernelBuilder &k, Value codes, Value tables, Value token, Value group, const GroupShape &groups)
      : k(k), codes(codes), tables(tables), token(token), slices(groups), group(group) {
    start = k.mulIndex(group, groups.size);
    end = arith::MinUIOp::create(k.b, k.loc, k.addIndex(start, groups.size), k.index(groups.cols));
  }

  /// The exact table of a slice of the group.
  void emitWords(Value inGroup) {
    storeSplitTable(k, sums(activations(inGroup)), tables, token,
                    k.mulIndex(k.affine(group, slices.perGroup, inGroup), 2 * kTritEntries));
  }

  /// The rounded tables of all slices of the group, and k.
  void emitBytes() {
    Value count =
        arith::CeilDivUIOp::create(k.b, k.loc, arith::SubIOp::create(k.b, k.loc, end, start), k.index(kTrits));
    Value zero = arith::ConstantOp::create(k.b, k.loc, k.b.getI16IntegerAttr(0));
    SmallVector<Value> most = k.loop(k.index(0), count, 1, {zero}, [&](Value slice, ValueRange carried) {
      Value sum = zero;
      for (Value activation : activations(slice))
        sum = k.addI(sum, math::AbsIOp::create(k.b, k.loc, activation));
      return SmallVector<Value>{arith::MaxUIOp::create(k.b, k.loc, carried[0], sum)};
    });
    Value shift = leastShift(k, most[0], 127, kTrits * 127);
    ShiftRounding rounding(k, shift);
    k.loop(k.index(0), count, 1, [&](Value slice) {
      VectorType type = k.bytes(kTritEntries);
      Value bytes = arith::TruncIOp::create(k.b, k.loc, type, rounding.divide(k, sums(activations(slice))));
      k.store(k.addI(bytes, k.splat(type, double(-kByteBias))), tables,
              {token, k.mulIndex(k.affine(group, slices.perGroup, slice), kTritEntries)});
    });
    k.storeScalar(arith::TruncIOp::create(k.b, k.loc, k.i8(), shift), tables,
                  {token, k.addIndex(group, slices.total * kTritEntries)});
  }

private:
  /// The words of a slice; what lies beyond the group counts as 0.
  SmallVector<Value> activations(Value inGroup) {
    Value first = k.affine(inGroup, kTrits, start), last = k.addIndex(end, k.index(-1));
    Value zero = arith::ConstantOp::create(k.b, k.loc, k.b.getI16IntegerAttr(0));
    SmallVector<Value> words;
    for (int64_t i = 0; i < kTrits; ++i) {
      Value element = k.addIndex(first, i);
      Value inside = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ult, element, end);
      Value code = k.loadScalar(codes, {token, arith::MinUIOp::create(k.b, k.loc, element, last)});
      words.push_back(k.select(inside, arith::ExtSIOp::create(k.b, k.loc, k.i16(), code), zero));
    }
    return words;
  }

  /// The exact sums of a slice: words by magnitude.
  Value sums(ArrayRef<Value> activations) {
    VectorType type = k.vec(kTritEntries, k.i16());
    Value sum = k.splat(type, 0);
    for (auto [i, activation] : llvm::enumerate(activations)) {
      SmallVector<int64_t> digits;
      for (int64_t entry = 0; entry < kTritEntries; ++entry)
        digits.push_back(balancedDigit(entry, int64_t(i)));
      sum = k.addI(sum, k.mulI(k.broadcast(activation, kTritEntries), k.constant(type, digits)));
    }
    return sum;
  }

  KernelBuilder &k;
  Value codes, tables, token;
  TritSlices slices;
  Value group, start, end; ///< of the group's elements
};

} // namespace

Kernel halftone::getTritTablesKernel(ModuleOp module, int64_t tokens, int64_t paddedCols, int64_t paddedGroup,
                                     bool byteTables) {
  Builder b(module.getContext());
  Type i8 = b.getI8Type();
  GroupShape groups(paddedGroup, paddedCols);
  TritSlices slices(groups);
  std::string name = std::string(byteTables ? "byte_tables_trits_" : "tables_trits_") + sizeName(paddedCols) + "g" +
                     sizeName(paddedGroup) + "_t" + sizeName(tokens);
  int64_t bytes = lowbit::lookUpTableBytes(kTritEntries, paddedCols, paddedGroup, /*trits=*/true, byteTables);
  int64_t units = byteTables ? groups.count : slices.total;
  auto function =
      getOrCreateKernel(module, UnknownLoc::get(module.getContext()), name,
                        {MemRefType::get({tokens, paddedCols}, i8), MemRefType::get({tokens, bytes}, i8)},
                        [&](KernelBuilder &k, ValueRange args) {
                          k.loop(args[2], args[3], 1, [&](Value unit) {
                            Value token = arith::DivUIOp::create(k.b, k.loc, unit, k.index(units));
                            Value inToken = arith::RemUIOp::create(k.b, k.loc, unit, k.index(units));
                            if (byteTables)
                              return TritTableBuilder(k, args[0], args[1], token, inToken, groups).emitBytes();
                            Value group = arith::DivUIOp::create(k.b, k.loc, inToken, k.index(slices.perGroup));
                            Value inGroup = arith::RemUIOp::create(k.b, k.loc, inToken, k.index(slices.perGroup));
                            TritTableBuilder(k, args[0], args[1], token, group, groups).emitWords(inGroup);
                          });
                        });
  return {function, units, /*perToken=*/true};
}
