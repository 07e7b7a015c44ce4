//===- TritLut.cpp - Look-ups of five ternary weights at once -------------===//
//
// Tables hold, for each slice of 5 activations, the exact 16-bit sums of
// t_i * a_i for the numbers 1 .. 121 in balanced ternary, sum_i t_i 3^i with t_i
// = -1, 0, +1 (entry 0 is 0). A byte of the layout Trits64 is such a number's
// magnitude and sign. The number -v has the negated sum; -s = ~s + 1: the
// complement is added, the ones are counted apart. Per group
//   S = sum of the looked-up values,   y = fma(scale, float(S), y),
// the same integer as in strategy dot.
//
//===----------------------------------------------------------------------===//

#include "TritLut.h"
#include "SplitSums.h"
#include "Tiles.h"
#include "dialects/Lowbit/IR/LowbitTypes.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Pack/Trits.h"

using namespace mlir;
using namespace halftone;

namespace {

constexpr int64_t kRows = 64;
/// Entries of a table: the magnitudes 0..121, filled up to what a look-up takes.
constexpr int64_t kEntries = 128;
/// Slices whose sums fit 16 bits: 48 * (5 * 127 + 1) < 2^15. The ones are counted in bytes.
constexpr int64_t kSegment = 48;

struct TritOperands {
  Value tables, scales, packed, y;
};

/// Blocks of 64 rows that share the loads of the tables.
class TritLutTile {
public:
  TritLutTile(KernelBuilder &k, const MatmulShape &shape, const TritOperands &args, Value rowBlock, int64_t blocks,
              Value token)
      : k(k), shape(shape), args(args), token(token), packed(shape.format, shape.rows, shape.cols, Layout::Trits64),
        groups(shape.format, shape.cols), slices(groups) {
    for (int64_t i = 0; i < blocks; ++i)
      rowBlocks.push_back(k.addIndex(rowBlock, i));
  }

  void emit() {
    SmallVector<Value> sums(rowBlocks.size(), k.splat(k.floats(kRows), 0));
    sums = forGroups(k, groups, sums, [&](Value group, bool last, ValueRange carried) {
      return emitGroup(group, last ? slices.last : slices.perGroup, carried);
    });
    Value scale = k.broadcast(k.loadScalar(args.scales, token), kRows);
    for (auto [block, sum] : llvm::zip(rowBlocks, sums))
      storeRows(k, k.mulF(sum, scale), args.y, token, block, shape.rows, kRows);
  }

private:
  SmallVector<Value> emitGroup(Value group, int64_t count, ValueRange carried) {
    Value first = k.mulIndex(group, slices.perGroup);
    int64_t full = count / kSegment;
    SmallVector<Value> sums(rowBlocks.size(), k.splat(k.words(kRows), 0));
    sums = k.repeat(full, sums, [&](Value segment, ValueRange values) {
      return emitSegment(k.affine(segment, kSegment, first), kSegment, values);
    });
    if (int64_t rest = count % kSegment)
      sums = emitSegment(k.addIndex(first, full * kSegment), rest, sums);
    SmallVector<Value> next;
    for (auto [i, block] : llvm::enumerate(rowBlocks))
      next.push_back(k.fma(groupScales(block, group), k.toFloat(sums[i]), carried[i]));
    return next;
  }

  /// Adds `count` slices. Accumulators of a block: two vectors of 32 sums (the halves of each 128-bit lane) and the
  /// count of negations.
  SmallVector<Value> emitSegment(Value firstSlice, int64_t count, ValueRange sums) {
    SmallVector<Value> acc;
    for (size_t i = 0; i < rowBlocks.size(); ++i) {
      acc.append(2, k.splat(k.vec(32, k.i16()), 0));
      acc.push_back(k.splat(k.bytes(), 0));
    }
    acc = k.repeat(count, acc,
                   [&](Value slice, ValueRange values) { return emitSlice(k.addIndex(slice, firstSlice), values); });
    SmallVector<Value> next;
    for (size_t i = 0; i < rowBlocks.size(); ++i) {
      Value wide = arith::ExtSIOp::create(k.b, k.loc, k.words(kRows), splitSumsByRow(k, acc[3 * i], acc[3 * i + 1]));
      Value ones = arith::ExtUIOp::create(k.b, k.loc, k.words(kRows), acc[3 * i + 2]);
      next.push_back(k.addI(sums[i], k.addI(wide, ones)));
    }
    return next;
  }

  SmallVector<Value> emitSlice(Value slice, ValueRange values) {
    SmallVector<Value> acc(values);
    Value table = k.mulIndex(slice, 2 * kEntries);
    Value low = k.load(args.tables, {token, table}, k.bytes(kEntries));
    Value high = k.load(args.tables, {token, k.addIndex(table, kEntries)}, k.bytes(kEntries));
    for (auto [i, block] : llvm::enumerate(rowBlocks)) {
      Value offset = k.affine(k.affine(block, slices.total, slice), kVectorBytes, k.index(packed.codesOffset));
      k.prefetch(args.packed, k.addIndex(offset, kPrefetchDistance));
      Value code = k.load(args.packed, offset, k.bytes());
      Value negative = k.shrS(code, 7); // look-ups use the low seven bits only
      addSplitSums(k, k.xorI(lookUp(k, low, code), negative), k.xorI(lookUp(k, high, code), negative),
                   MutableArrayRef<Value>(acc).slice(3 * i, 2));
      acc[3 * i + 2] = k.subI(acc[3 * i + 2], negative);
    }
    return acc;
  }

  Value groupScales(Value block, Value group) {
    Value entry = k.affine(block, groups.count, group);
    Value offset = k.addIndex(k.mulIndex(entry, kRows * 2), packed.scalesOffset);
    if (shape.tokens == 1)
      k.prefetchLines(args.packed, offset, kRows * 2);
    Value raw = k.loadBytesAs(args.packed, offset, k.vec(kRows, k.i16()));
    return simd::ExtendHalfOp::create(k.b, k.loc, k.floats(kRows), raw);
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const TritOperands &args;
  SmallVector<Value> rowBlocks;
  Value token;
  PackedShape packed;
  GroupShape groups;
  TritSlices slices;
};

/// Digit i of a magnitude in balanced ternary.
int64_t balancedDigit(int64_t magnitude, int64_t i) {
  return magnitude > 121 ? 0 : int64_t(unpackBalanced(uint8_t(magnitude))[i]) - 1;
}

/// Writes the table of one slice; activations from `end` on count as zeros.
void buildTable(KernelBuilder &k, Value codes, Value tables, Value token, Value first, Value end, Value offset) {
  VectorType type = k.vec(kEntries, k.i16());
  Value sum = k.splat(type, 0), last = k.addIndex(end, k.index(-1));
  for (int64_t i = 0; i < kTrits; ++i) {
    Value element = k.addIndex(first, i);
    Value inside = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ult, element, end);
    Value code = k.loadScalar(codes, {token, arith::MinUIOp::create(k.b, k.loc, element, last)});
    Value wide = arith::ExtSIOp::create(k.b, k.loc, k.i16(), code);
    Value zero = arith::ConstantOp::create(k.b, k.loc, k.b.getI16IntegerAttr(0));
    SmallVector<int64_t> digits;
    for (int64_t entry = 0; entry < kEntries; ++entry)
      digits.push_back(balancedDigit(entry, i));
    sum = k.addI(sum, k.mulI(k.broadcast(k.select(inside, wide, zero), kEntries), k.constant(type, digits)));
  }
  storeSplitTable(k, sum, tables, token, offset);
}

} // namespace

Kernel halftone::getTritLutKernel(ModuleOp module, const MatmulShape &shape) {
  Builder b(module.getContext());
  GroupShape groups(shape.format, shape.cols);
  PackedShape packed(shape.format, shape.rows, shape.cols, Layout::Trits64);
  Type i8 = b.getI8Type(), f32 = b.getF32Type();
  std::string name = "lut_trits_" + shape.format.name() + "_" + sizeName(shape.rows) + "x" + sizeName(shape.cols) +
                     "_t" + sizeName(shape.tokens);
  int64_t rowTile = packed.rowBlocks > 1 ? 2 : 1;
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({shape.tokens, lowbit::tritTableBytes(groups.paddedCols(), groups.steps * kStep)}, i8),
       MemRefType::get({shape.tokens}, f32), MemRefType::get({shape.tokens, groups.count}, b.getI32Type()),
       MemRefType::get({packed.bytes}, i8), MemRefType::get({shape.tokens, shape.rows}, f32)},
      [&](KernelBuilder &k, ValueRange args) {
        TritOperands operands{args[0], args[1], args[3], args[4]};
        Value tokens = k.dim(operands.y, 0);
        forRowTiles(k, args[5], args[6], rowTile, [&](Value rowBlock, int64_t blocks) {
          k.loop(k.index(0), tokens, 1,
                 [&](Value token) { TritLutTile(k, shape, operands, rowBlock, blocks, token).emit(); });
        });
      });
  return {function, packed.rowBlocks};
}

Kernel halftone::getTritTablesKernel(ModuleOp module, int64_t tokens, int64_t paddedCols, int64_t paddedGroup) {
  Builder b(module.getContext());
  Type i8 = b.getI8Type();
  GroupShape groups(paddedGroup, paddedCols);
  TritSlices slices(groups);
  std::string name = "tables_trits_" + sizeName(paddedCols) + "g" + sizeName(paddedGroup) + "_t" + sizeName(tokens);
  auto function =
      getOrCreateKernel(module, UnknownLoc::get(module.getContext()), name,
                        {MemRefType::get({tokens, paddedCols}, i8),
                         MemRefType::get({tokens, lowbit::tritTableBytes(paddedCols, paddedGroup)}, i8)},
                        [&](KernelBuilder &k, ValueRange args) {
                          k.loop(args[2], args[3], 1, [&](Value unit) {
                            Value token = arith::DivUIOp::create(k.b, k.loc, unit, k.index(slices.total));
                            Value slice = arith::RemUIOp::create(k.b, k.loc, unit, k.index(slices.total));
                            Value group = arith::DivUIOp::create(k.b, k.loc, slice, k.index(slices.perGroup));
                            Value inGroup = arith::RemUIOp::create(k.b, k.loc, slice, k.index(slices.perGroup));
                            Value start = k.mulIndex(group, groups.size);
                            Value end =
                                arith::MinUIOp::create(k.b, k.loc, k.addIndex(start, groups.size), k.index(paddedCols));
                            buildTable(k, args[0], args[1], token, k.affine(inGroup, kTrits, start), end,
                                       k.mulIndex(slice, 2 * kEntries));
                          });
                        });
  return {function, slices.total, /*perToken=*/true};
}
