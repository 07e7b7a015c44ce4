//===- VectorScaledPanel.cpp - VS-Quant by many columns -------------------===//
//
// The products of VectorScaledDot.cpp over panels (Panel.h): 16 rows are unpacked
// once, with their vectors' scales, and multiplied by all columns of a turn. The sums
// of a row wait in memory between panels.
//
// Where the target multiplies bytes by way of 16 bits and the sum of a vector of 8 or
// 16 elements fits them, the instruction that widens it multiplies by the scale m:
//   h[2r], h[2r+1] = sums of u * a over half of the vector each, less offset / 2 * sum a
//   y[r] += m[r] * h[2r] + m[r] * h[2r+1]
// Where it multiplies bytes at once and the product of a vector fits 16 bits, the same
// instruction scales it in one go, the low half of a word by m, the high one by 0.
//
//===----------------------------------------------------------------------===//

#include "VectorScaledPanel.h"
#include "DotColumns.h"
#include "Panel.h"
#include "Tiles.h"
#include "VectorSums.h"
#include "WeightReader.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

namespace {

/// Of activations: all kernels that make codes keep to -127 .. 127.
constexpr int64_t kLargestCode = 127;

class VectorScaledPanel {
public:
  VectorScaledPanel(KernelBuilder &k, const MatmulShape &shape, const ActivationVectors *activations,
                    const DotOperands &args, const DotTiling &tiling)
      : k(k), shape(shape), args(args), tiling(tiling), groups(shape.format, shape.cols),
        vectors(vectorsPerGroup(shape.format)), perPanel(kPanelSteps / groups.steps),
        vectorSums(k, shape, activations, args), parts(vectorSums.parts()), panel(k, args.y) {}

  void emit(Value begin, Value end) {
    loops = panelLoops(shape, tiling, args.y, begin, end);
    sums = panel.allocate(loops.mostColumns * parts, vectorSums.type().getElementType());
    scales = panel.allocate(perPanel * vectors, vectorSums.weightScaleType().getElementType());
    forTurns(k, loops, [&](const ColumnTurn &each) {
      turn = each;
      k.loop(begin, end, 1, [&](Value rowBlock) { emitBlock(rowBlock); });
    });
  }

private:
  /// The values of a token's sum in memory begin here.
  Value slotOf(Value token) { return k.mulIndex(arith::SubIOp::create(k.b, k.loc, token, turn.first), parts); }

  void emitBlock(Value rowBlock) {
    WeightReader unpacking(k, shape.format, shape.rows, shape.cols, args.packed, rowBlock, /*tableWidth=*/16,
                           /*fastU=*/255, /*oneColumn=*/false, kPanelSteps);
    reader = &unpacking;
    int64_t full = groups.lastSize == groups.size ? groups.count : groups.count - 1;
    forPanels(k, {0, full, groups.count}, perPanel,
              [&](Value first, int64_t count, bool last) { emitGroups(first, count, last); });
    Value rowScales = hasRowScales(shape.format) ? unpacking.rowScales() : Value();
    k.loop(turn.first, turn.end, 1, [&](Value token) {
      SmallVector<Value> sum;
      for (int64_t part = 0; part < parts; ++part)
        sum.push_back(panel.load(sums, k.addIndex(slotOf(token), part), vectorSums.type()));
      storeRows(k, vectorSums.result(sum, rowScales, token), args.y, token, rowBlock, shape.rows, kLanes);
    });
  }

  /// `count` groups in one panel.
  void emitGroups(Value first, int64_t count, bool last) {
    int64_t steps = last ? groups.lastSteps : groups.steps;
    int64_t present = vectors == 1 ? 1 : llvm::divideCeil(last ? groups.lastSize : groups.size, shape.format.group);
    k.loop(k.index(0), k.index(count), 1, [&](Value i) {
      reader->enterGroup(k.addIndex(first, i));
      for (int64_t vector = 0; vector < present; ++vector)
        panel.store(scalesToKeep(vector), scales, k.affine(i, vectors, k.index(vector)));
      panel.unpack(*reader, k.index(0), steps, k.mulIndex(i, steps));
    });
    Value isFirst = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::eq, first, k.index(0));
    forColumnTiles(k, loops, turn, [&](Value token, int64_t columns) {
      DotColumns dots(k, args.codes, token, columns, tiling.columnPairs);
      SmallVector<Value> carried;
      for (Value each : dots.tokens())
        for (int64_t part = 0; part < parts; ++part)
          carried.push_back(panel.loadAfterFirst(sums, k.addIndex(slotOf(each), part), vectorSums.type(), isFirst));
      carried = k.loop(k.index(0), k.index(count), 1, carried, [&](Value i, ValueRange values) {
        SmallVector<Value> next(values);
        for (int64_t vector = 0; vector < present; ++vector)
          addVector(next, dots, k.addIndex(first, i), i, vector, steps);
        return next;
      });
      for (auto [c, each] : llvm::enumerate(dots.tokens()))
        for (int64_t part = 0; part < parts; ++part)
          panel.store(carried[int64_t(c) * parts + part], sums, k.addIndex(slotOf(each), part));
    });
  }

  /// Adds vector `vector` of a group, which is entry `i` of the panel, to the sums of a tile of columns.
  void addVector(SmallVectorImpl<Value> &carried, const DotColumns &dots, Value group, Value i, int64_t vector,
                 int64_t steps) {
    Value index = k.affine(group, vectors, k.index(vector)), entry = k.affine(i, vectors, k.index(vector));
    Value element = k.mulIndex(group, groups.steps * kStep);
    if (sumsIn16Bits())
      return addHalves(carried, dots, index, i, entry, element, vector);
    Value ofWeights = panel.load(scales, entry, vectorSums.weightScaleType());
    SmallVector<Value> exact = dots.perColumn(multiply(dots, index, k.mulIndex(i, steps), element, vector, steps));
    for (auto [c, token] : llvm::enumerate(dots.tokens())) {
      Value rest = startsCorrected(dots) ? Value() : vectorSums.correction(token, index, reader->offset());
      Value dot = rest ? k.subI(exact[c], rest) : exact[c];
      if (scalesIn16Bits())
        carried[c] = simd::Dot2HalvesOp::create(k.b, k.loc, carried[c], k.bitcast(dot, halves()),
                                                k.bitcast(ofWeights, halves()));
      else
        vectorSums.add(MutableArrayRef(carried).slice(parts * c, parts), ofWeights, token, index, dot);
    }
  }

  /// Sums begin with what the offset takes away, but those of pairs of columns.
  static bool startsCorrected(const DotColumns &dots) { return dots.chunks() == 1; }

  /// The exact products of a vector, whose first step in the panel is `place`.
  SmallVector<Value> multiply(const DotColumns &dots, Value index, Value place, Value element, int64_t vector,
                              int64_t steps) {
    SmallVector<Value> start = dots.zeros(1);
    if (startsCorrected(dots))
      for (auto [c, token] : llvm::enumerate(dots.tokens()))
        if (Value correction = vectorSums.correction(token, index, -reader->offset()))
          start[c] = correction;
    auto addChunks = [&](Value step, ValueRange values, int64_t begin, int64_t end) {
      SmallVector<Value> acc(values);
      panel.multiply(acc, dots, k.addIndex(place, step), k.affine(step, kStep, element), begin, end, reader->maxU());
      return acc;
    };
    int64_t chunks = shape.format.group / 4;
    if (vectors > 1)
      return addChunks(k.index(0), start, vector * chunks, (vector + 1) * chunks);
    return forSteps(k, steps, tiling.pairs(), start,
                    [&](Value step, ValueRange values) { return addChunks(step, values, 0, kStep / 4); });
  }

  //===--- sums in 16 bits ---------------------------------------------------===//

  VectorType halves() { return k.vec(2 * kLanes, k.i16()); }

  /// Products are added up in 16 bits: half of a vector's sum, over all codes, and half of the correction fit them.
  bool sumsIn16Bits() {
    int64_t size = shape.format.group, offset = reader->offset();
    return tiling.pairs() && vectors > 1 && vectorSums.isPlainWord() && offset % 2 == 0 &&
           (size / 2 * reader->maxU() + offset / 2 * size) * kLargestCode < 1 << 15;
  }

  /// Products of vectors are scaled as 16 bits: all of them fit. AArch64, which multiplies pairs of columns or signed
  /// bytes, gains nothing by them.
  bool scalesIn16Bits() {
    int64_t largest = std::max(reader->maxU() - reader->offset(), reader->offset());
    return !tiling.columnPairs && (tiling.pairs() || tiling.fastU == 255) && vectorSums.isPlainWord() &&
           shape.format.group * largest * kLargestCode < 1 << 15;
  }

  /// The scales of a vector: with sums in 16 bits, in both halves of a word.
  Value scalesToKeep(int64_t vector) {
    Value ofWeights = vectorSums.weightScales(*reader, vector);
    return sumsIn16Bits() ? k.mulI(ofWeights, k.splat(k.words(), 0x10001)) : ofWeights;
  }

  void addHalves(SmallVectorImpl<Value> &carried, const DotColumns &dots, Value index, Value place, Value entry,
                 Value element, int64_t vector) {
    int64_t chunks = shape.format.group / 4;
    SmallVector<Value> weights;
    for (int64_t chunk = vector * chunks; chunk < (vector + 1) * chunks; ++chunk)
      weights.push_back(panel.chunk(place, chunk));
    Value factors = k.bitcast(panel.load(scales, entry, k.words()), halves());
    for (auto [c, token] : llvm::enumerate(dots.tokens())) {
      Value half = startOfHalves(token, index);
      for (auto [j, bytes] : llvm::enumerate(weights)) {
        Value four = dots.activations(int64_t(c), k.addIndex(element, 4 * (vector * chunks + int64_t(j))));
        half = simd::Dot2Op::create(k.b, k.loc, half, bytes, four, uint32_t(reader->maxU()));
      }
      carried[c] = simd::Dot2HalvesOp::create(k.b, k.loc, carried[c], half, factors);
    }
  }

  /// -offset / 2 * sum of the activations of a vector.
  Value startOfHalves(Value token, Value index) {
    int64_t offset = reader->offset();
    if (offset == 0)
      return k.splat(halves(), 0);
    Value sum = k.loadScalar(args.sums, {token, index});
    Value narrow = arith::TruncIOp::create(k.b, k.loc, k.i16(), sum);
    return k.mulI(k.broadcast(narrow, 2 * kLanes), k.splat(halves(), double(-offset / 2)));
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DotOperands &args;
  const DotTiling &tiling;
  GroupShape groups;
  int64_t vectors;  ///< in a packed group
  int64_t perPanel; ///< groups in a panel
  VectorSums vectorSums;
  int64_t parts; ///< values that a sum takes
  Panel panel;
  TileLoops loops;
  ColumnTurn turn;
  WeightReader *reader = nullptr;
  Value sums;   ///< [columns * parts][16]
  Value scales; ///< [vectors of a panel][16]
};

} // namespace

void halftone::emitVectorScaledPanel(KernelBuilder &k, const MatmulShape &shape, const ActivationVectors *activations,
                                     const DotOperands &args, const DotTiling &tiling, Value begin, Value end) {
  VectorScaledPanel(k, shape, activations, args, tiling).emit(begin, end);
}
