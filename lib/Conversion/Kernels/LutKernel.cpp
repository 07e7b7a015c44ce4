//===- LutKernel.cpp - Strategy lut: look up sums of eight activations ----===//
//
// Tables hold, for each slice of 8 activations, the exact 16-bit sums of +-a
// for every combination of signs (BiQGEMM, arXiv 2005.09904; half tables as in
// T-MAC, arXiv 2407.00088). A byte of a bit plane is 8 signs of one row.
//   width 128: the sums whose last sign is -; the complement byte has the
//     negated sum, so the index is c xor (c < 0 ? 0xff : 0) and the sum is
//     negated. -s = ~s + 1: the complement is added, the ones are counted apart.
//   width 16: one table for each nibble.
// Tables of one byte (ByteTables.h) have one look-up where these have two, of sums rounded to a multiple of 2^k.
// Per plane p and group: P_p = sum of looked-up values, then the integer
//   two-level BCQ: S = sum_p m_p P_p
//   ternary:       S = (P_0 + P_1) / 2, or with a scale per sign and A = sum a
//                  the sums (P_1 + A) / 2 of +1 and (P_0 - A) / 2 of -1
//   binary:        S = P_0
//   int<b>:        S = (sum_p 2^p P_p - sum a) / 2
// plus z * sum a with the offset z of a BCQ group, plus (2^(b-1) - zero) * sum a
// with the zero point of an int group:
// which is the same integer as in strategy dot; y = fma(scale, float(S), y).
//
//===----------------------------------------------------------------------===//

#include "ByteTables.h"
#include "Kernels.h"
#include "SplitSums.h"
#include "Tiles.h"
#include "TritLut.h"
#include "dialects/Lowbit/IR/LowbitTypes.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

namespace {

constexpr int64_t kRows = 64;
/// Slices whose sums fit 16 bits: 32 * (8 * 127 + 1) < 2^15.
constexpr int64_t kSegment = 32;

struct LutOperands {
  Value tables, scales, sums, packed, y;
};

/// Blocks of 64 rows that share the loads of the tables.
class LutTile {
public:
  LutTile(KernelBuilder &k, const MatmulShape &shape, int64_t width, bool byteTables, const LutOperands &args,
          Value rowBlock, int64_t blocks, Value token)
      : k(k), shape(shape), width(width), byteTables(byteTables), args(args), token(token),
        packed(shape.format, shape.rows, shape.cols, Layout::Rows64), groups(shape.format, shape.cols),
        planes(planeCount(shape.format)), multipliers(multipliersPerGroup(shape.format)),
        scales(scalesPerGroup(shape.format)) {
    for (int64_t i = 0; i < blocks; ++i)
      rowBlocks.push_back(k.addIndex(rowBlock, i));
  }

  void emit() {
    SmallVector<Value> sums(rowBlocks.size(), k.splat(k.floats(kRows), 0));
    sums = forGroups(k, groups, sums, [&](Value group, bool last, ValueRange carried) {
      return emitGroup(group, last ? groups.lastSteps : groups.steps, carried);
    });
    Value scale = k.broadcast(k.loadScalar(args.scales, token), kRows);
    for (auto [block, sum] : llvm::zip(rowBlocks, sums))
      storeRows(k, k.mulF(sum, scale), args.y, token, block, shape.rows, kRows);
  }

private:
  SmallVector<Value> emitGroup(Value group, int64_t steps, ValueRange carried) {
    Value firstSlice = k.mulIndex(group, groups.steps * 4);
    int64_t slices = steps * 4, segmentSlices = byteTables ? kByteSegment : kSegment, full = slices / segmentSlices;
    SmallVector<Value> sums(rowBlocks.size() * scales, k.splat(k.words(kRows), 0));
    sums = k.repeat(full, sums, [&](Value segment, ValueRange values) {
      return emitSegment(group, k.affine(segment, segmentSlices, firstSlice), segmentSlices, values);
    });
    if (int64_t rest = slices % segmentSlices)
      sums = emitSegment(group, k.addIndex(firstSlice, full * segmentSlices), rest, sums);
    if (byteTables)
      sums = shiftSums(k, args.tables, token,
                       k.addIndex(group, groups.totalSteps() * 4 * lowbit::byteTableBytes(width)), sums);
    SmallVector<Value> next;
    for (auto [i, block] : llvm::enumerate(rowBlocks)) {
      Value y = carried[i];
      for (unsigned s = 0; s < scales; ++s)
        y = k.fma(groupScales(block, group, s), k.toFloat(finish(sums[i * scales + s], block, group, s)), y);
      next.push_back(y);
    }
    return next;
  }

  /// Accumulators of a plane: two vectors of 32 sums (the halves of each 128-bit lane), and with half tables of 16 bits
  /// the count of negations.
  int64_t perPlane() const { return width == 128 && !byteTables ? 3 : 2; }

  /// Adds sum_p m_p P_p over `count` slices; where there is a scale per sign, P_1 and P_0 to sums of their own.
  SmallVector<Value> emitSegment(Value group, Value firstSlice, int64_t count, ValueRange sums) {
    SmallVector<Value> init;
    for (size_t i = 0; i < rowBlocks.size() * planes; ++i) {
      init.append(2, k.splat(k.vec(32, k.i16()), 0));
      if (perPlane() == 3)
        init.push_back(k.splat(k.bytes(), 0));
    }
    SmallVector<Value> acc = k.repeat(
        count, init, [&](Value slice, ValueRange values) { return emitSlice(k.addIndex(slice, firstSlice), values); });
    SmallVector<Value> next(sums);
    for (auto [i, block] : llvm::enumerate(rowBlocks))
      for (unsigned plane = 0; plane < planes; ++plane) {
        ArrayRef<Value> parts = ArrayRef<Value>(acc).slice((i * planes + plane) * perPlane(), perPlane());
        Value wide = byteTables ? byteSums(k, parts, count) : wordSums(parts);
        Value &sum = next[i * scales + (scales == 2 ? 1 - plane : 0)];
        sum = k.addI(sum, weighted(wide, plane, block, group));
      }
    return next;
  }

  Value wordSums(ArrayRef<Value> acc) {
    Value wide = arith::ExtSIOp::create(k.b, k.loc, k.words(kRows), splitSumsByRow(k, acc[0], acc[1]));
    return acc.size() == 3 ? k.addI(wide, arith::ExtUIOp::create(k.b, k.loc, k.words(kRows), acc[2])) : wide;
  }

  SmallVector<Value> emitSlice(Value slice, ValueRange values) {
    SmallVector<Value> acc(values);
    int64_t sliceBytes = byteTables ? lowbit::byteTableBytes(width) : lowbit::tableBytes(8, width);
    Value table = k.mulIndex(slice, sliceBytes);
    SmallVector<Value> tables;
    int64_t parts = sliceBytes / width;
    for (int64_t part = 0; part < parts; ++part)
      tables.push_back(k.load(args.tables, {token, k.addIndex(table, part * width)}, k.bytes(width)));
    for (auto [i, block] : llvm::enumerate(rowBlocks)) {
      Value codes = k.affine(block, packed.blockCodes, k.mulIndex(slice, planes * kVectorBytes));
      for (unsigned plane = 0; plane < planes; ++plane) {
        Value at = k.addIndex(codes, packed.codesOffset + plane * kVectorBytes);
        k.prefetch(args.packed, k.addIndex(at, kPrefetchDistance));
        Value code = k.load(args.packed, at, k.bytes());
        auto parts = MutableArrayRef<Value>(acc).slice((i * planes + plane) * perPlane(), perPlane());
        if (byteTables)
          lookUpBytes(code, tables, parts);
        else if (width == 128)
          lookUpHalf(code, tables, parts);
        else
          lookUpNibbles(code, tables, parts);
      }
    }
    return acc;
  }

  void lookUpHalf(Value code, ArrayRef<Value> tables, MutableArrayRef<Value> acc) {
    Value negative = k.shrS(code, 7);
    Value index = k.xorI(code, negative);
    Value low = k.xorI(lookUp(k, tables[0], index), negative);
    Value high = k.xorI(lookUp(k, tables[1], index), negative);
    addSplitSums(k, low, high, acc);
    acc[2] = k.subI(acc[2], negative);
  }

  /// One byte for each row: 128 + the rounded sum of 8 signed activations.
  void lookUpBytes(Value code, ArrayRef<Value> tables, MutableArrayRef<Value> acc) {
    if (width == 128) {
      Value negative = isNegative(k, code);
      Value index = k.xorI(code, k.shrS(code, 7));
      return addBytes(k, negateBytes(k, negative, lookUp(k, tables[0], index)), acc);
    }
    Value mask = k.splat(k.bytes(), 15);
    Value first = lookUp(k, tables[0], k.andI(code, mask)),
          second = lookUp(k, tables[1], k.andI(k.shrU(code, 4), mask));
    addBytes(k, k.addI(first, second), acc);
  }

  void lookUpNibbles(Value code, ArrayRef<Value> tables, MutableArrayRef<Value> acc) {
    Value mask = k.splat(k.bytes(), 15);
    Value first = k.andI(code, mask), second = k.andI(k.shrU(code, 4), mask);
    addSplitSums(k, lookUp(k, tables[0], first), lookUp(k, tables[1], first), acc);
    addSplitSums(k, lookUp(k, tables[2], second), lookUp(k, tables[3], second), acc);
  }

  Value weighted(Value sums, unsigned plane, Value block, Value group) {
    if (shape.format.kind != FormatKind::Bcq)
      return k.shlI(sums, shape.format.kind == FormatKind::Rtn ? plane : 0);
    Value multiplier = multiplierBytes(block, group, plane);
    return k.mulI(sums, arith::ExtUIOp::create(k.b, k.loc, k.words(kRows), multiplier));
  }

  /// Index among all (row block, group) of the scales of a group.
  Value scaleIndex(Value block, Value group) {
    return shape.format.perTensor ? k.index(0) : k.affine(block, groups.count, group);
  }

  /// Groups' scales and multipliers are streams of their own beside that of the codes: too many for the hardware alone.
  void prefetchGroups(Value offset, int64_t bytes) {
    if (shape.tokens == 1)
      k.prefetchLines(args.packed, offset, bytes);
  }

  Value multiplierBytes(Value block, Value group, unsigned p) {
    Value entry = k.affine(scaleIndex(block, group), multipliers, k.index(p));
    Value offset = k.addIndex(k.mulIndex(entry, kRows), packed.multipliersOffset);
    prefetchGroups(offset, kRows);
    return k.loadBytesAs(args.packed, offset, k.bytes());
  }

  /// What all weights of a group of a row have in common, in units of the scale: offset, or 2^(b-1) - zero point.
  Value common(Value block, Value group) {
    if (shape.format.kind == FormatKind::Bcq)
      return arith::ExtSIOp::create(k.b, k.loc, k.words(kRows), multiplierBytes(block, group, planes));
    Value zero = arith::ExtUIOp::create(k.b, k.loc, k.words(kRows), multiplierBytes(block, group, 0));
    return k.subI(k.splat(k.words(kRows), 1 << (shape.format.bits - 1)), zero);
  }

  /// From sum_p m_p P_p, or from the plane of sign `s`, to the exact sum of weight * activation.
  Value finish(Value sum, Value block, Value group, unsigned s) {
    FormatKind kind = shape.format.kind;
    Value all;
    if (kind == FormatKind::Rtn || shape.format.offset || scales == 2)
      all = k.broadcast(k.loadScalar(args.sums, {token, group}), kRows);
    if (kind == FormatKind::Rtn || scales == 2)
      sum = scales == 2 && s == 0 ? k.addI(sum, all) : k.subI(sum, all);
    if (kind == FormatKind::Rtn || kind == FormatKind::Ternary)
      sum = k.shrS(sum, 1);
    return shape.format.offset ? k.addI(sum, k.mulI(common(block, group), all)) : sum;
  }

  Value groupScales(Value block, Value group, unsigned s) {
    Value entry = k.affine(scaleIndex(block, group), scales, k.index(s));
    Value offset = k.addIndex(k.mulIndex(entry, kRows * scaleBytes(shape.format)), packed.scalesOffset);
    prefetchGroups(offset, kRows * scaleBytes(shape.format));
    if (shape.format.floatScales)
      return k.loadBytesAs(args.packed, offset, k.floats(kRows));
    Value raw = k.loadBytesAs(args.packed, offset, k.vec(kRows, k.i16()));
    return simd::ExtendHalfOp::create(k.b, k.loc, k.floats(kRows), raw);
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  int64_t width;
  bool byteTables;
  const LutOperands &args;
  SmallVector<Value> rowBlocks;
  Value token;
  PackedShape packed;
  GroupShape groups;
  unsigned planes, multipliers;
  unsigned scales; ///< per group: 1, or 2 of ternary per sign
};

/// Sums of all sign combinations of `count` activations that start at `first`: entry i has +a_j where bit j of i is
/// set.
Value signedSums(KernelBuilder &k, ArrayRef<Value> activations, int64_t entries) {
  VectorType type = k.vec(entries, k.i16());
  Value sum = k.splat(type, 0);
  for (auto [j, activation] : llvm::enumerate(activations)) {
    SmallVector<int64_t> signs;
    for (int64_t i = 0; i < entries; ++i)
      signs.push_back((i >> j) & 1 ? 1 : -1);
    sum = k.addI(sum, k.mulI(k.broadcast(activation, entries), k.constant(type, signs)));
  }
  return sum;
}

} // namespace

Kernel halftone::getLutKernel(ModuleOp module, const MatmulShape &shape, int64_t width, bool byteTables) {
  if (shape.layout == Layout::Trits64)
    return getTritLutKernel(module, shape, byteTables);
  Builder b(module.getContext());
  GroupShape groups(shape.format, shape.cols);
  PackedShape packed(shape.format, shape.rows, shape.cols, Layout::Rows64);
  Type i8 = b.getI8Type(), f32 = b.getF32Type();
  std::string name = "lut" + std::to_string(width) + (byteTables ? "_bytes_" : "_") + shape.format.name() + "_" +
                     sizeName(shape.rows) + "x" + sizeName(shape.cols) + "_t" + sizeName(shape.tokens);
  // Two blocks halve the loads of tables; with more planes their sums no longer fit the registers.
  int64_t rowTile = packed.rowBlocks > 1 && planeCount(shape.format) <= (width == 16 ? 1 : 2) ? 2 : 1;
  int64_t tableBytes =
      lowbit::lookUpTableBytes(width, groups.paddedCols(), groups.steps * kStep, /*trits=*/false, byteTables);
  auto function =
      getOrCreateKernel(module, UnknownLoc::get(module.getContext()), name,
                        {MemRefType::get({shape.tokens, tableBytes}, i8), MemRefType::get({shape.tokens}, f32),
                         MemRefType::get({shape.tokens, groups.count}, b.getI32Type()),
                         MemRefType::get({packed.bytes}, i8), MemRefType::get({shape.tokens, shape.rows}, f32)},
                        [&](KernelBuilder &k, ValueRange args) {
                          LutOperands operands{args[0], args[1], args[2], args[3], args[4]};
                          TileLoops loops{args[5], args[6], rowTile, operands.y, tableBytes, /*columnTile=*/1};
                          forTiles(k, loops, [&](Value rowBlock, int64_t blocks, Value token, int64_t) {
                            LutTile(k, shape, width, byteTables, operands, rowBlock, blocks, token).emit();
                          });
                        });
  return {function, packed.rowBlocks};
}

Kernel halftone::getBuildTablesKernel(ModuleOp module, int64_t tokens, int64_t paddedCols, int64_t width) {
  Builder b(module.getContext());
  Type i8 = b.getI8Type();
  int64_t slices = paddedCols / 8;
  std::string name = "tables" + std::to_string(width) + "_" + sizeName(paddedCols) + "_t" + sizeName(tokens);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({tokens, paddedCols}, i8), MemRefType::get({tokens, lowbit::tableBytes(paddedCols, width)}, i8)},
      [&](KernelBuilder &k, ValueRange args) {
        k.loop(args[2], args[3], 1, [&](Value unit) {
          Value token = arith::DivUIOp::create(k.b, k.loc, unit, k.index(slices));
          Value slice = arith::RemUIOp::create(k.b, k.loc, unit, k.index(slices));
          SmallVector<Value> activations;
          for (int64_t j = 0; j < 8; ++j) {
            Value code = k.loadScalar(args[0], {token, k.affine(slice, 8, k.index(j))});
            activations.push_back(arith::ExtSIOp::create(k.b, k.loc, k.i16(), code));
          }
          Value offset = k.mulIndex(slice, lowbit::tableBytes(8, width));
          if (width == 128)
            return storeSplitTable(k, signedSums(k, activations, 128), args[1], token, offset);
          ArrayRef<Value> all(activations);
          storeSplitTable(k, signedSums(k, all.take_front(4), 16), args[1], token, offset);
          storeSplitTable(k, signedSums(k, all.drop_front(4), 16), args[1], token, k.addIndex(offset, 32));
        });
      });
  return {function, slices, /*perToken=*/true};
}
