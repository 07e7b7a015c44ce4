//===- PopcountKernel.cpp - Strategy popcount: bit planes, and or xor, count -===//
//
// Weights and activations as planes of one bit. A byte of a weight plane is 8
// elements of one row (layout Rows64), so a vector is 64 rows, and meets the
// broadcast byte of an activation plane. Counts are kept in bytes for as long
// as they fit, then added up in 16 bits: per weight plane p and group
//   D_p = sum_i +-2^i popcount(W_p & A_i)       the top plane counts negative
//   D_p = popcount(A) - popcount(W_p ^ A)       activations of one bit
// is the sum of the activations under the plane, and the integer of strategy dot
// is, with a = sum of activations,
//   two-level BCQ: S = sum_p m_p (2 D_p - a)
//   ternary:       S = D_0 + D_1 - a, or with a scale per sign D_1 and D_0 - a
//   binary:        S = 2 D_0 - a
//   int<b>:        S = sum_p 2^p D_p - 2^(b-1) a
// plus z a with the offset z of a BCQ group; with a zero point z of an int group
// it is - z a instead of - 2^(b-1) a.
// (Bit-serial products as in DoReFa-Net, arXiv 1606.06160; one bit as in
// XNOR-Net, arXiv 1603.05279.)
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Tiles.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

namespace {

constexpr int64_t kRows = 64;
/// Elements of a slice: one byte of a plane.
constexpr int64_t kSlice = 8;
/// Slices in a step, and in a segment at most: 28 * 8 = 224 bits can be counted in a byte; and in 16 bits
/// 224 * -128 and 224 * 127 are exact.
constexpr int64_t kStepSlices = kStep / kSlice, kMaxSegment = 28;
/// Byte counters side by side: more would leave the 16 registers of AVX2.
constexpr int64_t kCounters = 4;

struct PopcountOperands {
  Value planes, scales, sums, packed, y;
};

/// One block of 64 rows times `columns` tokens.
class PopcountTile {
public:
  PopcountTile(KernelBuilder &k, const MatmulShape &shape, int64_t bits, const PopcountOperands &args, Value rowBlock,
               Value token, int64_t columns)
      : k(k), shape(shape), bits(bits), args(args), rowBlock(rowBlock), columns(columns),
        packed(shape.format, shape.rows, shape.cols, Layout::Rows64), groups(shape.format, shape.cols),
        planes(planeCount(shape.format)) {
    for (int64_t c = 0; c < columns; ++c)
      tokens.push_back(k.addIndex(token, c));
  }

  void emit() {
    SmallVector<Value> sums(columns, k.splat(k.floats(kRows), 0));
    sums = forGroups(k, groups, sums,
                     [&](Value group, bool last, ValueRange carried) { return emitGroup(group, last, carried); });
    for (int64_t c = 0; c < columns; ++c) {
      Value scale = k.broadcast(k.loadScalar(args.scales, tokens[c]), kRows);
      storeRows(k, k.mulF(sums[c], scale), args.y, tokens[c], rowBlock, shape.rows, kRows);
    }
  }

private:
  /// What all planes of a group share.
  struct Group {
    Value index, firstSlice;
    int64_t size, slices;
    VectorType type;                ///< 64 integers that hold the group's sums: 16 bits where they fit
    SmallVector<Value> activations; ///< per column: the sum of the activations, of that type
    SmallVector<Value> positive;    ///< per column, one-bit activations: how many are +1
  };

  SmallVector<Value> emitGroup(Value index, bool last, ValueRange carried) {
    Group group = enterGroup(index, last);
    if (shape.format.scalePerSign)
      return emitSigns(group, carried);
    SmallVector<Value> sums(columns, k.splat(group.type, 0));
    sums = k.repeat(planes, sums, [&](Value i, ValueRange values) {
      Value plane = k.subI(k.index(planes - 1), i);
      SmallVector<Value> next, under = emitPlane(group, plane);
      for (int64_t c = 0; c < columns; ++c)
        next.push_back(addPlane(group, plane, c, values[c], under[c]));
      return next;
    });
    Value scales = groupScales(index);
    for (int64_t c = 0; c < columns; ++c)
      sums[c] = k.fma(scales, k.toFloat(finish(group, c, sums[c])), carried[c]);
    return sums;
  }

  /// Ternary with a scale per sign: plane 1 is +1, plane 0 all but -1.
  SmallVector<Value> emitSigns(const Group &group, ValueRange carried) {
    SmallVector<Value> plus = emitPlane(group, k.index(1)), other = emitPlane(group, k.index(0)), sums;
    Value plusScales = groupScales(group.index, 0), minusScales = groupScales(group.index, 1);
    for (int64_t c = 0; c < columns; ++c) {
      Value minus = k.subI(other[c], group.activations[c]);
      sums.push_back(k.fma(minusScales, k.toFloat(minus), k.fma(plusScales, k.toFloat(plus[c]), carried[c])));
    }
    return sums;
  }

  Group enterGroup(Value index, bool last) {
    Group group;
    group.index = index;
    group.firstSlice = k.mulIndex(index, groups.steps * kStepSlices);
    group.size = last ? groups.lastSize : groups.size;
    group.slices = (last ? groups.lastSteps : groups.steps) * kStepSlices;
    // Sums of 16 bits may wrap on the way: they are right if the last one fits.
    int64_t largest = bits == 1 ? 1 : (int64_t(1) << (bits - 1)) - 1;
    bool isNarrow = group.slices <= kMaxSegment && group.size * largest * largestWeight() < (1 << 15);
    group.type = k.vec(kRows, isNarrow ? k.i16() : k.i32());
    for (Value token : tokens) {
      Value sum = k.loadScalar(args.sums, {token, index});
      group.activations.push_back(broadcast(group, sum));
      if (bits == 1)
        group.positive.push_back(broadcast(group, k.shrU(k.addI(sum, k.i32(group.size)), 1)));
    }
    return group;
  }

  Value broadcast(const Group &group, Value word) {
    if (group.type.getElementType() != k.i32())
      word = arith::TruncIOp::create(k.b, k.loc, k.i16(), word);
    return k.broadcast(word, kRows);
  }

  /// The largest magnitude of an integer weight.
  int64_t largestWeight() const {
    if (shape.format.kind == FormatKind::Ternary || shape.format.kind == FormatKind::Binary)
      return 1;
    // With a zero point up to 2^b - 1; a BCQ weight is a signed byte, the offset included.
    return shape.format.kind == FormatKind::Rtn ? int64_t(1) << (shape.format.bits - !shape.format.offset) : 128;
  }

  /// D_p of every column.
  SmallVector<Value> emitPlane(const Group &group, Value plane) {
    int64_t segments = llvm::divideCeil(group.slices, kMaxSegment);
    int64_t length = llvm::alignTo(llvm::divideCeil(group.slices, segments), kStepSlices);
    int64_t full = group.slices / length, rest = group.slices % length;
    SmallVector<Value> sums(columns, k.splat(group.type, 0));
    sums = k.repeat(full, sums, [&](Value segment, ValueRange values) {
      return emitSegment(group, plane, k.affine(segment, length, group.firstSlice), length, values);
    });
    if (rest > 0)
      sums = emitSegment(group, plane, k.addIndex(group.firstSlice, full * length), rest, sums);
    if (bits == 1)
      for (int64_t c = 0; c < columns; ++c)
        sums[c] = k.subI(group.positive[c], sums[c]);
    return sums;
  }

  /// Adds to each column the counts of `slices` slices, weighted by the activation planes.
  SmallVector<Value> emitSegment(const Group &group, Value plane, Value firstSlice, int64_t slices,
                                 ValueRange carried) {
    auto wide = k.vec(kRows, k.i16());
    SmallVector<Value> sums(columns, k.splat(wide, 0));
    // As many counters as registers allow: the planes of one column, or one plane of several columns.
    int64_t together = columns == 1 ? std::min(bits, kCounters) : 1;
    auto count = [&](int64_t planesLeft, Value highest, ValueRange values) {
      SmallVector<Counter> counters;
      for (int64_t i = 0; i < planesLeft; ++i)
        for (int64_t c = 0; c < columns; ++c)
          counters.push_back({c, k.subI(highest, k.index(i))});
      return addCounts(counters, countSlices(plane, firstSlice, slices, counters), values);
    };
    sums = k.repeat(bits / together, sums, [&](Value i, ValueRange values) {
      return count(together, k.subI(k.index(bits - 1), k.mulIndex(i, together)), values);
    });
    if (int64_t rest = bits % together)
      sums = count(rest, k.index(rest - 1), sums);
    for (int64_t c = 0; c < columns; ++c) {
      if (group.type != wide)
        sums[c] = arith::ExtSIOp::create(k.b, k.loc, group.type, sums[c]);
      sums[c] = k.addI(sums[c], carried[c]);
    }
    return sums;
  }

  /// An activation plane of a column.
  struct Counter {
    int64_t column;
    Value bit;
  };

  /// From the highest plane down, s = 2 s + count; the count of the highest plane is negative.
  SmallVector<Value> addCounts(ArrayRef<Counter> counters, ValueRange counts, ValueRange values) {
    SmallVector<Value> sums(values);
    auto wide = cast<VectorType>(sums.front().getType());
    for (auto [counter, bytes] : llvm::zip(counters, counts)) {
      Value &sum = sums[counter.column];
      Value count = arith::ExtUIOp::create(k.b, k.loc, wide, bytes);
      if (bits > 1) {
        Value isHighest = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::eq, counter.bit, k.index(bits - 1));
        Value negate = k.broadcast(arith::ExtSIOp::create(k.b, k.loc, k.i16(), isHighest), kRows);
        count = k.subI(k.xorI(count, negate), negate);
        sum = k.addI(sum, sum);
      }
      sum = k.addI(sum, count);
    }
    return sums;
  }

  /// How many bits the weight plane has in common with (one-bit activations: differ from) each of the activation
  /// planes, per row in a byte.
  SmallVector<Value> countSlices(Value plane, Value firstSlice, int64_t slices, ArrayRef<Counter> counters) {
    SmallVector<Value> init(counters.size(), k.splat(k.bytes(), 0));
    return k.repeat(slices / kStepSlices, init, [&](Value step, ValueRange values) {
      SmallVector<Value> counts(values);
      Value slice = k.affine(step, kStepSlices, firstSlice);
      for (int64_t i = 0; i < kStepSlices; ++i) {
        Value weights = loadWeights(plane, k.addIndex(slice, i));
        for (auto [counter, count] : llvm::zip(counters, counts)) {
          Value at = k.addIndex(k.affine(counter.bit, groups.paddedCols() / kSlice, slice), i);
          Value byte = k.loadScalar(args.planes, {tokens[counter.column], at});
          count = simd::CountBitsOp::create(k.b, k.loc, count, weights, byte, /*differ=*/bits == 1);
        }
      }
      return counts;
    });
  }

  Value loadWeights(Value plane, Value slice) {
    Value vector = k.affine(slice, planes, plane);
    Value offset = k.addIndex(k.mulIndex(vector, kVectorBytes), packed.codesOffset);
    return k.load(args.packed, k.affine(rowBlock, packed.blockCodes, offset), k.bytes());
  }

  /// Adds what a plane contributes to the sum over weights; planes come from the highest down.
  Value addPlane(const Group &group, Value plane, int64_t column, Value sum, Value under) {
    if (shape.format.kind == FormatKind::Rtn)
      return k.addI(k.addI(sum, sum), under);
    if (shape.format.kind != FormatKind::Bcq)
      return k.addI(sum, under);
    Value multiplier = arith::ExtUIOp::create(k.b, k.loc, group.type, multiplierBytes(group, plane));
    return k.addI(sum, k.mulI(multiplier, k.subI(k.addI(under, under), group.activations[column])));
  }

  /// Subtracts (adds) what all weights of a group have in common, times the sum of the activations.
  Value finish(const Group &group, int64_t column, Value sum) {
    Value activations = group.activations[column];
    switch (shape.format.kind) {
    case FormatKind::Binary:
      return k.subI(k.addI(sum, sum), activations);
    case FormatKind::Ternary:
      return k.subI(sum, activations);
    case FormatKind::Rtn:
      if (!shape.format.offset)
        return k.subI(sum, k.shlI(activations, shape.format.bits - 1));
      return k.subI(
          sum, k.mulI(activations, arith::ExtUIOp::create(k.b, k.loc, group.type, multiplierBytes(group, k.index(0)))));
    default:
      if (!shape.format.offset)
        return sum;
      return k.addI(sum, k.mulI(activations, arith::ExtSIOp::create(k.b, k.loc, group.type,
                                                                    multiplierBytes(group, k.index(planes)))));
    }
  }

  /// Entry p of the multipliers of a group: those of the planes, then the offset; or the zero point.
  Value multiplierBytes(const Group &group, Value p) {
    Value entry = k.affine(scaleIndex(group.index), multipliersPerGroup(shape.format), p);
    return k.loadBytesAs(args.packed, k.addIndex(k.mulIndex(entry, kRows), packed.multipliersOffset), k.bytes(kRows));
  }

  /// Index among all (row block, group) of the scales of a group.
  Value scaleIndex(Value group) {
    return shape.format.perTensor ? k.index(0) : k.affine(rowBlock, groups.count, group);
  }

  Value groupScales(Value group, int64_t i = 0) {
    Value entry = k.affine(scaleIndex(group), scalesPerGroup(shape.format), k.index(i));
    Value offset = k.addIndex(k.mulIndex(entry, kRows * scaleBytes(shape.format)), packed.scalesOffset);
    if (shape.format.floatScales)
      return k.loadBytesAs(args.packed, offset, k.floats(kRows));
    Value raw = k.loadBytesAs(args.packed, offset, k.vec(kRows, k.i16()));
    return simd::ExtendHalfOp::create(k.b, k.loc, k.floats(kRows), raw);
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  int64_t bits;
  const PopcountOperands &args;
  Value rowBlock;
  int64_t columns;
  PackedShape packed;
  GroupShape groups;
  unsigned planes;
  SmallVector<Value> tokens;
};

} // namespace

Kernel halftone::getPopcountKernel(ModuleOp module, const MatmulShape &shape, int64_t bits) {
  Builder b(module.getContext());
  GroupShape groups(shape.format, shape.cols);
  PackedShape packed(shape.format, shape.rows, shape.cols, Layout::Rows64);
  Type i8 = b.getI8Type(), f32 = b.getF32Type();
  std::string name = "popcount" + std::to_string(bits) + "_" + shape.format.name() + "_" + sizeName(shape.rows) + "x" +
                     sizeName(shape.cols) + "_t" + sizeName(shape.tokens);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({shape.tokens, groups.paddedCols() / kSlice * bits}, i8), MemRefType::get({shape.tokens}, f32),
       MemRefType::get({shape.tokens, groups.count}, b.getI32Type()), MemRefType::get({packed.bytes}, i8),
       MemRefType::get({shape.tokens, shape.rows}, f32)},
      [&](KernelBuilder &k, ValueRange args) {
        PopcountOperands operands{args[0], args[1], args[2], args[3], args[4]};
        TileLoops loops{args[5], args[6], 1, operands.y, groups.paddedCols() / kSlice * bits, kCounters};
        forTiles(k, loops, [&](Value rowBlock, int64_t, Value token, int64_t columns) {
          PopcountTile(k, shape, bits, operands, rowBlock, token, columns).emit();
        });
      });
  return {function, packed.rowBlocks};
}

Kernel halftone::getBuildPlanesKernel(ModuleOp module, int64_t tokens, int64_t paddedCols, int64_t bits) {
  Builder b(module.getContext());
  Type i8 = b.getI8Type();
  int64_t planeBytes = paddedCols / kSlice;
  std::string name = "planes" + std::to_string(bits) + "_" + sizeName(paddedCols) + "_t" + sizeName(tokens);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({tokens, paddedCols}, i8), MemRefType::get({tokens, planeBytes * bits}, i8)},
      [&](KernelBuilder &k, ValueRange args) {
        auto emitStep = [&](Value token, Value step) {
          Value codes = k.load(args[0], {token, k.mulIndex(step, kStep)}, k.bytes(kStep));
          for (int64_t bit = 0; bit < bits; ++bit) {
            Value set;
            if (bits == 1)
              set = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::sgt, codes, k.splat(k.bytes(kStep), 0));
            else
              set = k.isNonZero(k.andI(codes, k.splat(k.bytes(kStep), int8_t(1 << bit))));
            Value bytes = k.bitcast(set, k.bytes(kStepSlices));
            k.store(bytes, args[1], {token, k.affine(step, kStepSlices, k.index(bit * planeBytes))});
          }
        };
        k.loop(args[2], args[3], 1, [&](Value token) {
          k.loop(k.index(0), k.index(paddedCols / kStep), 1, [&](Value step) { emitStep(token, step); });
        });
      });
  return {function, 1, /*perToken=*/true};
}
