//===- TritLut.cpp - Look-ups of five ternary weights at once -------------===//
//
// A byte of the layout Trits64 is a number's magnitude, which looks up a sum
// (TritTables.cpp), and its sign: the number -v has the negated sum. In exact
// tables of 16 bits -s = ~s + 1: the complement is added, the ones are counted
// apart. Per group
//   S = sum of the looked-up values,   y = fma(scale, float(S), y),
// the same integer as in strategy dot. In tables of one byte (ByteTables.h) S is
// 2^k times the sum of rounded values.
//
//===----------------------------------------------------------------------===//

#include "TritLut.h"
#include "ByteTables.h"
#include "SplitSums.h"
#include "Tiles.h"
#include "dialects/Lowbit/IR/LowbitTypes.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Pack/Trits.h"

using namespace mlir;
using namespace halftone;

namespace {

constexpr int64_t kRows = 64;
/// Slices whose sums fit 16 bits: 48 * (5 * 127 + 1) < 2^15. The ones are counted in bytes.
constexpr int64_t kSegment = 48;

struct TritOperands {
  Value tables, scales, packed, y;
};

/// Blocks of 64 rows that share the loads of the tables.
class TritLutTile {
public:
  TritLutTile(KernelBuilder &k, const MatmulShape &shape, bool byteTables, const TritOperands &args, Value rowBlock,
              int64_t blocks, Value token)
      : k(k), shape(shape), byteTables(byteTables), args(args), token(token),
        packed(shape.format, shape.rows, shape.cols, Layout::Trits64), groups(shape.format, shape.cols),
        slices(groups) {
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
    int64_t segmentSlices = byteTables ? kByteSegment : kSegment, full = count / segmentSlices;
    SmallVector<Value> sums(rowBlocks.size(), k.splat(k.words(kRows), 0));
    sums = k.repeat(full, sums, [&](Value segment, ValueRange values) {
      return emitSegment(k.affine(segment, segmentSlices, first), segmentSlices, values);
    });
    if (int64_t rest = count % segmentSlices)
      sums = emitSegment(k.addIndex(first, full * segmentSlices), rest, sums);
    if (byteTables)
      sums = shiftSums(k, args.tables, token, k.addIndex(group, slices.total * kTritEntries), sums);
    SmallVector<Value> next;
    for (auto [i, block] : llvm::enumerate(rowBlocks))
      next.push_back(k.fma(groupScales(block, group), k.toFloat(sums[i]), carried[i]));
    return next;
  }

  /// Accumulators of a block: two vectors of 32 sums, and with exact tables the count of negations.
  int64_t perBlock() const { return byteTables ? 2 : 3; }

  /// Adds `count` slices.
  SmallVector<Value> emitSegment(Value firstSlice, int64_t count, ValueRange sums) {
    SmallVector<Value> acc;
    for (size_t i = 0; i < rowBlocks.size(); ++i) {
      acc.append(2, k.splat(k.vec(32, k.i16()), 0));
      if (!byteTables)
        acc.push_back(k.splat(k.bytes(), 0));
    }
    acc = k.repeat(count, acc,
                   [&](Value slice, ValueRange values) { return emitSlice(k.addIndex(slice, firstSlice), values); });
    SmallVector<Value> next;
    for (size_t i = 0; i < rowBlocks.size(); ++i) {
      ArrayRef<Value> parts = ArrayRef<Value>(acc).slice(i * perBlock(), perBlock());
      next.push_back(k.addI(sums[i], byteTables ? byteSums(k, parts, count) : wordSums(parts)));
    }
    return next;
  }

  Value wordSums(ArrayRef<Value> acc) {
    Value wide = arith::ExtSIOp::create(k.b, k.loc, k.words(kRows), splitSumsByRow(k, acc[0], acc[1]));
    return k.addI(wide, arith::ExtUIOp::create(k.b, k.loc, k.words(kRows), acc[2]));
  }

  SmallVector<Value> emitSlice(Value slice, ValueRange values) {
    SmallVector<Value> acc(values), tables;
    int64_t parts = byteTables ? 1 : 2;
    Value table = k.mulIndex(slice, parts * kTritEntries);
    for (int64_t part = 0; part < parts; ++part)
      tables.push_back(k.load(args.tables, {token, k.addIndex(table, part * kTritEntries)}, k.bytes(kTritEntries)));
    for (auto [i, block] : llvm::enumerate(rowBlocks)) {
      Value offset = k.affine(k.affine(block, slices.total, slice), kVectorBytes, k.index(packed.codesOffset));
      k.prefetch(args.packed, k.addIndex(offset, kPrefetchDistance));
      Value code = k.load(args.packed, offset, k.bytes()); // look-ups use the low seven bits only
      auto blockAcc = MutableArrayRef<Value>(acc).slice(i * perBlock(), perBlock());
      if (byteTables)
        lookUpBytes(code, tables, blockAcc);
      else
        lookUpWords(code, tables, blockAcc);
    }
    return acc;
  }

  void lookUpBytes(Value code, ArrayRef<Value> tables, MutableArrayRef<Value> acc) {
    Value negative = isNegative(k, code);
    addBytes(k, negateBytes(k, negative, lookUp(k, tables[0], code)), acc);
  }

  void lookUpWords(Value code, ArrayRef<Value> tables, MutableArrayRef<Value> acc) {
    Value negative = k.shrS(code, 7);
    Value low = k.xorI(lookUp(k, tables[0], code), negative), high = k.xorI(lookUp(k, tables[1], code), negative);
    addSplitSums(k, low, high, acc);
    acc[2] = k.subI(acc[2], negative);
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
  bool byteTables;
  const TritOperands &args;
  SmallVector<Value> rowBlocks;
  Value token;
  PackedShape packed;
  GroupShape groups;
  TritSlices slices;
};

} // namespace

Kernel halftone::getTritLutKernel(ModuleOp module, const MatmulShape &shape, bool byteTables) {
  Builder b(module.getContext());
  GroupShape groups(shape.format, shape.cols);
  PackedShape packed(shape.format, shape.rows, shape.cols, Layout::Trits64);
  Type i8 = b.getI8Type(), f32 = b.getF32Type();
  std::string name = std::string(byteTables ? "lut_trits_bytes_" : "lut_trits_") + shape.format.name() + "_" +
                     sizeName(shape.rows) + "x" + sizeName(shape.cols) + "_t" + sizeName(shape.tokens);
  int64_t tableBytes =
      lowbit::lookUpTableBytes(kTritEntries, groups.paddedCols(), groups.steps * kStep, /*trits=*/true, byteTables);
  // Blocks that share the loads of a table, as far as their sums fit the registers.
  int64_t rowTile = packed.rowBlocks >= 4 ? 4 : packed.rowBlocks > 1 ? 2 : 1;
  auto function =
      getOrCreateKernel(module, UnknownLoc::get(module.getContext()), name,
                        {MemRefType::get({shape.tokens, tableBytes}, i8), MemRefType::get({shape.tokens}, f32),
                         MemRefType::get({shape.tokens, groups.count}, b.getI32Type()),
                         MemRefType::get({packed.bytes}, i8), MemRefType::get({shape.tokens, shape.rows}, f32)},
                        [&](KernelBuilder &k, ValueRange args) {
                          TritOperands operands{args[0], args[1], args[3], args[4]};
                          TileLoops loops{args[5], args[6], rowTile, operands.y, tableBytes, /*columnTile=*/1};
                          forTiles(k, loops, [&](Value rowBlock, int64_t blocks, Value token, int64_t) {
                            TritLutTile(k, shape, byteTables, operands, rowBlock, blocks, token).emit();
                          });
                        });
  return {function, packed.rowBlocks};
}
