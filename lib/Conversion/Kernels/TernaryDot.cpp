//===- TernaryDot.cpp - Integer products of ternary weights ---------------===//
//
// With u = code byte (0, 1, 2 for -1, 0, +1), p = u / 2 and, per (row, group),
//   U = sum_k u[k] * a[t][k],   P = sum_k p[k] * a[t][k],   A = sum_k a[t][k],
// P is the sum over the weights +1 and M = U - P - A minus the sum over the
// weights -1; all are exact in 32 bits. Hence
//   one scale:        y = fma(scale, float(U - A), y)
//   a scale per sign: y = fma(scale of +1, float(P), y),
//                     y = fma(scale of -1, float(M), y)
// and at the end y[t] * scale of token t.
//
// Codes come as fields of two bits (Rows16) or five to a byte (Trits16), where
// digits are taken one after the other from a fraction (TritReader.cpp). Many
// columns share what is unpacked (PanelDot).
//
//===----------------------------------------------------------------------===//

#include "TernaryDot.h"
#include "DotColumns.h"
#include "Tiles.h"
#include "TritReader.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace halftone;

namespace {

/// Bytes ahead of the vector being decoded at which memory is prefetched.
constexpr int64_t kPrefetchDistance = 2048;

/// `blocks` blocks of 16 rows times `columns` tokens. Float sums are kept per (block, column), integer sums of a group
/// per (block, part), where the parts are U and, with a scale per sign, P, as DotColumns has them.
class TernaryDotTile {
public:
  TernaryDotTile(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, Value rowBlock, int64_t blocks,
                 Value token, int64_t columns, bool columnPairs)
      : k(k), shape(shape), args(args), groups(shape.format, shape.cols),
        packed(shape.format, shape.rows, shape.cols, shape.layout), trits(groups), columns(columns),
        parts(scalesPerGroup(shape.format)),
        dots(k, args.codes, token, columns, columnPairs && shape.layout != Layout::Trits16), tokens(dots.tokens()) {
    for (int64_t i = 0; i < blocks; ++i)
      rowBlocks.push_back(k.addIndex(rowBlock, i));
  }

  void emit() {
    SmallVector<Value> sums(rowBlocks.size() * columns, k.splat(k.floats(), 0));
    if (shape.layout == Layout::Trits16)
      sums = emitTrits(sums);
    else
      sums = forGroups(k, groups, sums,
                       [&](Value group, bool last, ValueRange carried) { return emitGroup(group, last, carried); });
    for (int64_t c = 0; c < columns; ++c) {
      Value scale = k.broadcast(k.loadScalar(args.scales, tokens[c]));
      for (auto [i, block] : llvm::enumerate(rowBlocks))
        storeRows(k, k.mulF(sums[i * columns + c], scale), args.y, tokens[c], block, shape.rows, kLanes);
    }
  }

private:
  /// Two bits per code: adds one group's exact sums to the float sums.
  SmallVector<Value> emitGroup(Value group, bool last, ValueRange carried) {
    constexpr int64_t stepBytes = 2 * kVectorBytes;
    Value firstStep = k.mulIndex(group, groups.steps);
    SmallVector<Value> init = dots.zeros(rowBlocks.size() * parts);
    SmallVector<Value> acc = k.repeat(last ? groups.lastSteps : groups.steps, init, [&](Value i, ValueRange values) {
      SmallVector<Value> next(values), vectors;
      Value step = k.addIndex(firstStep, i);
      for (Value block : rowBlocks) {
        Value offset = k.affine(k.affine(block, groups.totalSteps(), step), stepBytes, k.index(packed.codesOffset));
        for (int64_t v = 0; v < 2; ++v)
          vectors.push_back(k.load(args.packed, k.addIndex(offset, v * kVectorBytes), k.bytes()));
      }
      for (int64_t first = 0; first < kStep / 4; first += dots.chunks()) {
        SmallVector<Value> codes;
        for (size_t block = 0; block < rowBlocks.size(); ++block)
          for (int64_t chunk = first; chunk < first + dots.chunks(); ++chunk)
            codes.push_back(bits(vectors[2 * block + chunk / 4], chunk % 4 * 2, 3));
        addChunks(next, codes, k.affine(step, kStep, k.index(4 * first)));
      }
      return next;
    });
    return addGroup(group, acc, carried);
  }

  /// Five codes per byte: superblocks, single groups, the last group.
  SmallVector<Value> emitTrits(ValueRange init) {
    SmallVector<Value> sums = k.repeat(trits.superblocks, init, [&](Value i, ValueRange carried) {
      return emitSuperblock(k.mulIndex(i, kTrits), k.mulIndex(i, trits.groupChunks), carried);
    });
    int64_t firstGroup = trits.superblocks * kTrits, firstVector = trits.superblocks * trits.groupChunks;
    sums = k.repeat(trits.singles, sums, [&](Value i, ValueRange carried) {
      return emitSingle(k.addIndex(i, firstGroup), k.addIndex(k.mulIndex(i, trits.singleVectors), firstVector),
                        trits.groupChunks, carried);
    });
    if (trits.lastChunks)
      sums = emitSingle(k.index(firstGroup + trits.singles), k.index(firstVector + trits.singles * trits.singleVectors),
                        trits.lastChunks, sums);
    return sums;
  }

  /// Integer sums of a group.
  size_t sumCount() const { return rowBlocks.size() * columns * parts; }
  /// With few sums all digits of a vector are used at once, each with sums of its own; otherwise the registers hold
  /// the sums of one digit only.
  bool keepsDigitsApart() const { return columns == 1 && parts == 1; }

  /// Five groups from `firstGroup` on, digit d belongs to group firstGroup + d.
  SmallVector<Value> emitSuperblock(Value firstGroup, Value firstVector, ValueRange carried) {
    Value chunks = k.index(trits.groupChunks);
    int64_t groupSize = groups.steps * kStep;
    auto elementOf = [&](int64_t digit, Value chunk) {
      return k.affine(k.addIndex(firstGroup, digit), groupSize, k.mulIndex(chunk, 4));
    };
    SmallVector<Value> sums(carried), acc;
    if (keepsDigitsApart()) {
      acc.assign(kTrits * sumCount(), k.splat(k.words(), 0));
      acc = k.loop(k.index(0), chunks, 1, acc, [&](Value chunk, ValueRange values) {
        return addVector(values, k.addIndex(firstVector, chunk), kTrits,
                         [&](int64_t digit) { return elementOf(digit, chunk); });
      });
      for (int64_t digit = 0; digit < kTrits; ++digit)
        sums =
            addGroup(k.addIndex(firstGroup, digit), ArrayRef<Value>(acc).slice(digit * sumCount(), sumCount()), sums);
      return sums;
    }
    for (int64_t digit = 0; digit < kTrits; ++digit) {
      acc.assign(sumCount(), k.splat(k.words(), 0));
      acc = k.loop(k.index(0), chunks, 1, acc, [&](Value chunk, ValueRange values) {
        SmallVector<Value> next(values), fractions = loadFractions(k.addIndex(firstVector, chunk));
        for (Value &x : fractions)
          for (int64_t i = 0; i < digit; ++i)
            x = triple(x);
        addChunks(next, digits(fractions), elementOf(digit, chunk));
        return next;
      });
      sums = addGroup(k.addIndex(firstGroup, digit), acc, sums);
    }
    return sums;
  }

  /// A group of `chunks` chunks in V vectors, digit d of vector v is chunk d*V + v. The last digit has fewer chunks
  /// than the others: there are no activations for the rest.
  SmallVector<Value> emitSingle(Value group, Value firstVector, int64_t chunks, ValueRange carried) {
    int64_t vectors = llvm::divideCeil(chunks, kTrits), full = chunks - (kTrits - 1) * vectors;
    Value first = k.mulIndex(group, groups.steps * kStep);
    int64_t slots = keepsDigitsApart() ? kTrits : 1;
    SmallVector<Value> acc(slots * sumCount(), k.splat(k.words(), 0));
    auto emit = [&](int64_t begin, int64_t end, int64_t count) {
      if (begin < end)
        acc = k.loop(k.index(begin), k.index(end), 1, acc, [&](Value v, ValueRange values) {
          return addVector(values, k.addIndex(firstVector, v), count,
                           [&](int64_t digit) { return k.affine(k.addIndex(v, digit * vectors), 4, first); });
        });
    };
    emit(0, full, kTrits);
    emit(full, vectors, kTrits - 1);
    SmallVector<Value> total(ArrayRef<Value>(acc).take_front(sumCount()));
    for (int64_t slot = 1; slot < slots; ++slot)
      for (size_t i = 0; i < sumCount(); ++i)
        total[i] = k.addI(total[i], acc[slot * sumCount() + i]);
    return addGroup(group, total, carried);
  }

  /// Adds the first `count` digits of a vector to their sums, digit d times the activations from elementOf(d) on.
  SmallVector<Value> addVector(ValueRange values, Value vector, int64_t count,
                               function_ref<Value(int64_t digit)> elementOf) {
    SmallVector<Value> acc(values), fractions = loadFractions(vector);
    for (int64_t digit = 0; digit < count; ++digit) {
      int64_t slot = keepsDigitsApart() ? digit : 0;
      addChunks(MutableArrayRef<Value>(acc).slice(slot * sumCount(), sumCount()), digits(fractions), elementOf(digit));
      if (digit + 1 < count)
        for (Value &x : fractions)
          x = triple(x);
    }
    return acc;
  }

  /// A vector of every row block, as x - 128.
  SmallVector<Value> loadFractions(Value vector) {
    SmallVector<Value> fractions;
    for (Value block : rowBlocks) {
      Value offset = k.affine(k.affine(block, trits.vectors, vector), kVectorBytes, k.index(packed.codesOffset));
      memref::PrefetchOp::create(k.b, k.loc, args.packed, k.addIndex(offset, kPrefetchDistance), /*isWrite=*/false,
                                 /*localityHint=*/3, /*isDataCache=*/true);
      fractions.push_back(k.xorI(k.load(args.packed, offset, k.bytes()), k.splat(k.bytes(), -128)));
    }
    return fractions;
  }

  /// 3 x mod 256, less 128: 3 (x - 128) differs from it by 256.
  Value triple(Value x) { return k.addI(x, k.addI(x, x)); }

  /// The first digits: 0, 1 or 2.
  SmallVector<Value> digits(ArrayRef<Value> fractions) {
    return llvm::map_to_vector(fractions, [&](Value x) { return firstDigits(k, x); });
  }

  /// (bytes >> shift) & mask: whole words are shifted, the mask drops what crosses from the neighbouring byte.
  Value bits(Value bytes, int64_t shift, int64_t mask) {
    Value words = k.shrU(k.bitcast(bytes, k.words()), shift);
    return k.bitcast(k.andI(words, k.splat(k.words(), mask * 0x01010101)), k.bytes());
  }

  /// Multiplies codes u, dots.chunks() chunks of 16 rows x 4 elements per block, by the activations from `element` on.
  void addChunks(MutableArrayRef<Value> acc, ArrayRef<Value> codes, Value element) {
    int64_t chunks = dots.chunks();
    for (size_t block = 0; block < rowBlocks.size(); ++block)
      for (int64_t part = 0; part < parts; ++part) {
        SmallVector<Value> factors(codes.slice(block * chunks, chunks));
        if (part == 1)
          for (Value &u : factors)
            u = bits(u, 1, 1);
        dots.multiply(acc.slice((block * parts + part) * dots.sumCount(), dots.sumCount()), factors, element, 2 - part);
      }
  }

  /// y with the sums of a group added.
  SmallVector<Value> addGroup(Value group, ArrayRef<Value> acc, ValueRange carried) {
    SmallVector<Value> all, next;
    for (int64_t c = 0; c < columns; ++c)
      all.push_back(k.broadcast(k.loadScalar(args.sums, {tokens[c], group})));
    for (auto [i, block] : llvm::enumerate(rowBlocks)) {
      SmallVector<Value> scales;
      SmallVector<SmallVector<Value>> sums; // [part][column]
      for (int64_t part = 0; part < parts; ++part) {
        scales.push_back(groupScales(block, group, part));
        sums.push_back(dots.perColumn(acc.slice((i * parts + part) * dots.sumCount(), dots.sumCount())));
      }
      for (int64_t c = 0; c < columns; ++c) {
        Value signedSum = k.subI(sums[0][c], all[c]), y = carried[i * columns + c];
        if (parts == 2) {
          y = k.fma(scales[0], k.toFloat(sums[1][c]), y);
          signedSum = k.subI(signedSum, sums[1][c]);
        }
        next.push_back(k.fma(scales.back(), k.toFloat(signedSum), y));
      }
    }
    return next;
  }

  Value groupScales(Value block, Value group, int64_t part) {
    Value entry = k.affine(k.affine(block, groups.count, group), parts, k.index(part));
    Value raw = k.loadBytesAs(args.packed, k.addIndex(k.mulIndex(entry, kLanes * 2), packed.scalesOffset),
                              k.vec(kLanes, k.i16()));
    return simd::ExtendHalfOp::create(k.b, k.loc, k.floats(), raw);
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DotOperands &args;
  GroupShape groups;
  PackedShape packed;
  TritShape trits;
  int64_t columns;
  int64_t parts; ///< of an integer sum: 1, or 2 with a scale per sign
  DotColumns dots;
  ArrayRef<Value> tokens;
  SmallVector<Value> rowBlocks;
};

} // namespace

void halftone::emitTernaryDot(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, Value rowBlock,
                              int64_t blocks, Value token, int64_t columns, bool columnPairs) {
  TernaryDotTile(k, shape, args, rowBlock, blocks, token, columns, columnPairs).emit();
}
