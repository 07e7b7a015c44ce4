//===- VectorScaledDot.cpp - Integer products of VS-Quant -----------------===//
//
// For a block of 16 rows and a tile of tokens (ALGORITHMS 2.2), with u = code byte
// and m_j the integer scale of vector j:
//   S_j  = sum_k u[k] * a[t][k] - offset * sum_k a[t][k],   exact in 32 bits
//   y[t] = float(sum_j m_j * S_j) * row scale * scale of token t
// The sum over j is exact, too. Where its bound fits, it is one word. Otherwise it
// is kept as two words, high * 2^16 + low: a term has 31 bits at most (128 elements
// of 127 * 127, times 255), its low half adds less than 2^16 to `low`, its high
// half less than 2^14 to `high`.
//
// Formats with float scales of vectors (a float, E8M0, E4M3) add up in floats, each
// vector's exact sum once, in ascending order:
//   y[t] = fma(scale of the vector, float(S_j), y[t]),
// then times the tensor's scale (nvfp4) and the scale of token t.
//
// Vectors of 8 and 16 elements lie several in a step. The activations' sums per
// vector are then made here, by a dot product with `offset` in every byte.
//
// Activations that have scales of vectors, too, come with the sums of every vector.
// With integer scales on both sides m_j is the product of both, perhaps rounded, and
// where one word does not hold every possible sum it is kept in 64 bits. Otherwise the
// scale of the vector is the product of both scales as floats.
//
//===----------------------------------------------------------------------===//

#include "VectorScaledDot.h"
#include "DotColumns.h"
#include "Tiles.h"
#include "WeightReader.h"
#include "dialects/Simd/IR/SimdOps.h"
#include <cassert>

using namespace mlir;
using namespace halftone;

namespace {

/// How the sum of a row is kept.
enum class SumKind { Float, Word, TwoWords, Long };

SumKind sumKindOf(const MatmulShape &shape, const ActivationVectors *activations) {
  if (activations ? !activations->sumsIntegers(shape.format) : shape.format.vectorScale != VsqScale::Integer)
    return SumKind::Float;
  if (activations)
    return activations->sumsFitWord(shape.format, shape.cols) ? SumKind::Word : SumKind::Long;
  return vectorSumsFitWord(shape.format, shape.cols) ? SumKind::Word : SumKind::TwoWords;
}

class VectorScaledDotTile {
public:
  VectorScaledDotTile(KernelBuilder &k, const MatmulShape &shape, const ActivationVectors *activations,
                      const DotOperands &args, Value rowBlock, int64_t blocks, Value token, int64_t columns,
                      bool columnPairs)
      : k(k), shape(shape), activations(activations), args(args), groups(shape.format, shape.cols),
        vectors(vectorsPerGroup(shape.format)), columns(columns), kind(sumKindOf(shape, activations)),
        words(kind == SumKind::TwoWords ? 2 : 1), dots(k, args.codes, token, columns, columnPairs),
        tokens(dots.tokens()) {
    for (int64_t i = 0; i < blocks; ++i)
      readers.emplace_back(k, shape.format, shape.rows, shape.cols, args.packed, k.addIndex(rowBlock, i));
  }

  void emit() {
    SmallVector<Value> sums(readers.size() * columns * words, k.splat(sumType(), 0));
    sums = forGroups(k, groups, sums, [&](Value group, bool last, ValueRange carried) {
      for (WeightReader &reader : readers)
        reader.enterGroup(group);
      return vectors > 1 ? emitVectors(group, last, carried) : emitVector(group, last, carried);
    });
    for (int64_t c = 0; c < columns; ++c) {
      Value scale = k.broadcast(tokenScale(tokens[c]));
      for (auto [i, reader] : llvm::enumerate(readers)) {
        Value sum = total(ValueRange(sums).slice((i * columns + c) * words, words));
        if (hasRowScales(shape.format))
          sum = k.mulF(sum, reader.rowScales());
        storeRows(k, k.mulF(sum, scale), args.y, tokens[c], reader.block(), shape.rows, kLanes);
      }
    }
  }

private:
  VectorType sumType() {
    return kind == SumKind::Float ? k.floats() : kind == SumKind::Long ? k.vec(kLanes, k.b.getI64Type()) : k.words();
  }

  /// With the power of two that rounding took from the products of scales.
  Value tokenScale(Value token) {
    Value scale = k.loadScalar(args.scales, token);
    unsigned dropped = activations && kind != SumKind::Float ? activations->droppedBits(shape.format) : 0;
    return dropped ? k.mulF(scale, k.f32(double(int64_t(1) << dropped))) : scale;
  }

  /// The exact sum, rounded once to float: the high word has 24 bits at most.
  Value total(ValueRange sum) {
    if (kind == SumKind::Float)
      return sum[0];
    if (kind != SumKind::TwoWords)
      return k.toFloat(sum[0]);
    Value low = k.andI(sum[0], k.splat(k.words(), 0xffff));
    Value high = k.addI(sum[1], k.shrU(sum[0], 16));
    return k.fma(k.toFloat(high), k.splat(k.floats(), 65536), k.toFloat(low));
  }

  /// The product of the scales `ofWeights` of 16 rows with that of the activations of vector `index`.
  Value scaleProduct(Value ofWeights, int64_t column, Value index) {
    Value product = k.mulI(ofWeights, k.broadcast(k.loadScalar(args.multipliers, {tokens[column], index})));
    unsigned dropped = activations->droppedBits(shape.format);
    return dropped ? k.shrU(k.addI(product, k.splat(k.words(), double(int64_t(1) << (dropped - 1)))), dropped)
                   : product;
  }

  /// The scales of a vector of 16 rows as floats, less what rows and tokens have of their own, times the activations'.
  Value floatScales(WeightReader &reader, int64_t vector, int64_t column, Value index) {
    if (!activations)
      return reader.scales(vector);
    bool isInteger = shape.format.vectorScale == VsqScale::Integer;
    Value ofWeights = isInteger ? k.toFloat(reader.vectorScales(vector)) : reader.scales(vector);
    Value ofActivations = k.broadcast(k.loadScalar(args.multipliers, {tokens[column], index}));
    return k.mulF(ofWeights,
                  activations->floatScales ? k.bitcast(ofActivations, k.floats()) : k.toFloat(ofActivations));
  }

  /// Adds m * dot to the sum at `sum`.
  void addTerm(MutableArrayRef<Value> sum, Value m, Value dot) {
    if (kind == SumKind::Long) {
      auto extended = [&](Value x) -> Value { return arith::ExtSIOp::create(k.b, k.loc, sumType(), x); };
      sum[0] = k.addI(sum[0], k.mulI(extended(m), extended(dot)));
      return;
    }
    Value term = k.mulI(m, dot);
    if (kind == SumKind::Word) {
      sum[0] = k.addI(sum[0], term);
      return;
    }
    sum[0] = k.addI(sum[0], k.andI(term, k.splat(k.words(), 0xffff)));
    sum[1] = k.addI(sum[1], k.shrS(term, 16));
  }

  /// Adds m_j * S_j of vector `vector` of `group`; `exact` are sums over u * a and `corrections` offset * sum over a.
  void addVector(SmallVectorImpl<Value> &sums, Value group, int64_t vector, ArrayRef<Value> exact,
                 ValueRange corrections) {
    Value index = k.affine(group, vectors, k.index(vector));
    for (auto [i, reader] : llvm::enumerate(readers)) {
      Value scale = kind == SumKind::Float ? Value() : reader.vectorScales(vector);
      SmallVector<Value> ofColumns = dots.perColumn(exact.slice(i * dots.sumCount(), dots.sumCount()));
      for (int64_t c = 0; c < columns; ++c) {
        int64_t at = i * columns + c;
        Value sum = k.subI(ofColumns[c], corrections[c]);
        if (kind == SumKind::Float)
          sums[at] = k.fma(floatScales(reader, vector, c, index), k.toFloat(sum), sums[at]);
        else
          addTerm(MutableArrayRef(sums).slice(words * at, words), activations ? scaleProduct(scale, c, index) : scale,
                  sum);
      }
    }
  }

  /// offset * sum over a of each token, the sums being at `index` of a token's.
  SmallVector<Value> correctionsOf(Value index) {
    SmallVector<Value> corrections;
    for (Value token : tokens) {
      Value sum = k.loadScalar(args.sums, {token, index});
      corrections.push_back(k.broadcast(k.mulI(sum, k.i32(readers.front().offset()))));
    }
    return corrections;
  }

  /// A vector that is a group: as the formats with one scale per group, up to the scale.
  SmallVector<Value> emitVector(Value group, bool last, ValueRange carried) {
    Value firstElement = k.mulIndex(group, groups.steps * kStep);
    SmallVector<Value> acc = k.repeat(last ? groups.lastSteps : groups.steps, dots.zeros(readers.size()),
                                      [&](Value step, ValueRange values) {
                                        SmallVector<Value> next(values);
                                        for (WeightReader &reader : readers)
                                          reader.loadStep(step);
                                        addChunks(next, k.affine(step, kStep, firstElement), 0, kStep / 4);
                                        return next;
                                      });
    SmallVector<Value> sums(carried);
    addVector(sums, group, 0, acc, correctionsOf(group));
    return sums;
  }

  /// A step of several vectors.
  SmallVector<Value> emitVectors(Value group, bool last, ValueRange carried) {
    Value element = k.mulIndex(group, kStep);
    int64_t size = last ? groups.lastSize : groups.size, chunks = shape.format.group / 4;
    SmallVector<Value> sums(carried);
    for (WeightReader &reader : readers)
      reader.loadStep(k.index(0));
    for (int64_t vector = 0; vector * shape.format.group < size; ++vector) {
      SmallVector<Value> acc = dots.zeros(readers.size()), ofActivations = dots.zeros(1);
      addChunks(acc, element, vector * chunks, (vector + 1) * chunks, activations ? nullptr : &ofActivations);
      Value index = k.affine(group, vectors, k.index(vector));
      addVector(sums, group, vector, acc, activations ? correctionsOf(index) : dots.perColumn(ofActivations));
    }
    return sums;
  }

  /// Adds the chunks begin .. end of a step to the accumulators of all blocks, and `offset` times their activations to
  /// `ofActivations` if it is given. Vectors have an even number of chunks.
  void addChunks(SmallVectorImpl<Value> &acc, Value element, int64_t begin, int64_t end,
                 SmallVectorImpl<Value> *ofActivations = nullptr) {
    int64_t count = dots.sumCount(), offset = readers.front().offset();
    for (int64_t chunk = begin; chunk < end; chunk += dots.chunks()) {
      Value first = k.addIndex(element, 4 * chunk);
      for (auto [i, reader] : llvm::enumerate(readers)) {
        SmallVector<Value> weights;
        for (int64_t j = 0; j < dots.chunks(); ++j)
          weights.push_back(reader.unpackChunk(chunk + j));
        dots.multiply(MutableArrayRef<Value>(acc).slice(i * count, count), weights, first, reader.maxU());
      }
      if (ofActivations)
        dots.multiply(*ofActivations, SmallVector<Value>(dots.chunks(), k.splat(k.bytes(), int8_t(offset))), first,
                      offset);
    }
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const ActivationVectors *activations; ///< null if theirs have no scales of vectors
  const DotOperands &args;
  GroupShape groups;
  int64_t vectors; ///< in a packed group
  int64_t columns;
  SumKind kind;
  int64_t words; ///< values that a sum takes: 1, or 2 for low and high
  DotColumns dots;
  ArrayRef<Value> tokens;
  std::vector<WeightReader> readers;
};

} // namespace

void halftone::emitVectorScaledDot(KernelBuilder &k, const MatmulShape &shape, const ActivationVectors *activations,
                                   const DotOperands &args, Value rowBlock, int64_t blocks, Value token,
                                   int64_t columns, bool columnPairs) {
  assert((activations || shape.cols <= maxVectorScaledColumns(shape.format)) &&
         "the sums of longer rows have no kernel");
  VectorScaledDotTile(k, shape, activations, args, rowBlock, blocks, token, columns, columnPairs).emit();
}

Kernel halftone::getVectorDotKernel(ModuleOp module, const MatmulShape &shape, const ActivationVectors &activations,
                                    const DotTiling &tiling) {
  Builder b(module.getContext());
  GroupShape groups(shape.format, shape.cols);
  PackedShape packed(shape.format, shape.rows, shape.cols, Layout::Rows16);
  Type i8 = b.getI8Type(), i32 = b.getI32Type(), f32 = b.getF32Type();
  int64_t vectors = shape.format.groupCount(shape.cols);
  std::string name = "vdot_" + shape.format.name() + "_by_" + activations.name() + "_" + sizeName(shape.rows) + "x" +
                     sizeName(shape.cols) + "_t" + sizeName(shape.tokens) +
                     codeColumnsName(shape.codeColumns, groups.paddedCols());
  int64_t rowTile = shape.tokens == 1 && packed.rowBlocks > 1 ? tiling.blocks : 1;
  // Sums of 64 bits take twice the registers.
  int64_t columnTile = tiling.columns;
  if (sumKindOf(shape, &activations) == SumKind::Long)
    columnTile = std::max<int64_t>(columnTile / 2, 1);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()),
      name + "_b" + std::to_string(rowTile) + "_c" + std::to_string(columnTile) + (tiling.columnPairs ? "_p2" : ""),
      {MemRefType::get({shape.tokens, shape.codeColumns}, i8), MemRefType::get({shape.tokens, vectors}, i32),
       MemRefType::get({shape.tokens}, f32), MemRefType::get({shape.tokens, vectors}, i32),
       MemRefType::get({packed.bytes}, i8), MemRefType::get({shape.tokens, shape.rows}, f32)},
      [&](KernelBuilder &k, ValueRange args) {
        DotOperands operands{args[0], args[2], args[3], args[4], args[5], args[1]};
        TileLoops loops{
            args[6], args[7], rowTile, operands.y, shape.codeColumns, columnTile, tiling.columnPairs ? 2 : 1};
        forTiles(k, loops, [&](Value rowBlock, int64_t blocks, Value token, int64_t columns) {
          emitVectorScaledDot(k, shape, &activations, operands, rowBlock, blocks, token, columns, tiling.columnPairs);
        });
      });
  return {function, packed.rowBlocks};
}
