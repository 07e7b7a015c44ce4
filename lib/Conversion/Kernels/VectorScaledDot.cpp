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
// Vectors of 8 and 16 elements lie several in a step. Activations come with the sums
// of every vector. They may have scales of vectors, too. With integer scales on both
// sides m_j is the product of both, perhaps rounded, and where one word does not hold
// every possible sum it is kept in 64 bits. Otherwise the scale of the vector is the
// product of both scales as floats.
//
// Many columns share what is unpacked (VectorScaledPanel).
//
//===----------------------------------------------------------------------===//

#include "VectorScaledDot.h"
#include "DotColumns.h"
#include "Tiles.h"
#include "VectorScaledPanel.h"
#include "VectorSums.h"
#include "WeightReader.h"
#include "dialects/Simd/IR/SimdOps.h"
#include <cassert>

using namespace mlir;
using namespace halftone;

namespace {

class VectorScaledDotTile {
public:
  VectorScaledDotTile(KernelBuilder &k, const MatmulShape &shape, const ActivationVectors *activations,
                      const DotOperands &args, Value rowBlock, int64_t blocks, Value token, int64_t columns,
                      bool columnPairs)
      : k(k), shape(shape), args(args), groups(shape.format, shape.cols), vectors(vectorsPerGroup(shape.format)),
        columns(columns), vectorSums(k, shape, activations, args), parts(vectorSums.parts()),
        dots(k, args.codes, token, columns, columnPairs), tokens(dots.tokens()) {
    for (int64_t i = 0; i < blocks; ++i)
      readers.emplace_back(k, shape.format, shape.rows, shape.cols, args.packed, k.addIndex(rowBlock, i));
  }

  void emit() {
    SmallVector<Value> sums(readers.size() * columns * parts, k.splat(vectorSums.type(), 0));
    sums = forGroups(k, groups, sums, [&](Value group, bool last, ValueRange carried) {
      for (WeightReader &reader : readers)
        reader.enterGroup(group);
      return vectors > 1 ? emitVectors(group, last, carried) : emitVector(group, last, carried);
    });
    for (int64_t c = 0; c < columns; ++c)
      for (auto [i, reader] : llvm::enumerate(readers)) {
        Value rowScales = hasRowScales(shape.format) ? reader.rowScales() : Value();
        Value y = vectorSums.result(ValueRange(sums).slice((i * columns + c) * parts, parts), rowScales, tokens[c]);
        storeRows(k, y, args.y, tokens[c], reader.block(), shape.rows, kLanes);
      }
  }

private:
  /// Adds the products of vector `vector` of `group`; `exact` are sums over u * a.
  void addVector(SmallVectorImpl<Value> &sums, Value group, int64_t vector, ArrayRef<Value> exact) {
    Value index = k.affine(group, vectors, k.index(vector));
    SmallVector<Value> corrections;
    for (Value token : tokens)
      corrections.push_back(vectorSums.correction(token, index, readers.front().offset()));
    for (auto [i, reader] : llvm::enumerate(readers)) {
      Value scales = vectorSums.weightScales(reader, vector);
      SmallVector<Value> ofColumns = dots.perColumn(exact.slice(i * dots.sumCount(), dots.sumCount()));
      for (int64_t c = 0; c < columns; ++c) {
        Value dot = corrections[c] ? k.subI(ofColumns[c], corrections[c]) : ofColumns[c];
        vectorSums.add(MutableArrayRef(sums).slice(parts * (i * columns + c), parts), scales, tokens[c], index, dot);
      }
    }
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
    addVector(sums, group, 0, acc);
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
      SmallVector<Value> acc = dots.zeros(readers.size());
      addChunks(acc, element, vector * chunks, (vector + 1) * chunks);
      addVector(sums, group, vector, acc);
    }
    return sums;
  }

  /// Adds the chunks begin .. end of a step to the accumulators of all blocks. Vectors have an even number of chunks.
  void addChunks(SmallVectorImpl<Value> &acc, Value element, int64_t begin, int64_t end) {
    int64_t count = dots.sumCount();
    for (int64_t chunk = begin; chunk < end; chunk += dots.chunks()) {
      Value first = k.addIndex(element, 4 * chunk);
      for (auto [i, reader] : llvm::enumerate(readers)) {
        SmallVector<Value> weights;
        for (int64_t j = 0; j < dots.chunks(); ++j)
          weights.push_back(reader.unpackChunk(chunk + j));
        dots.multiply(MutableArrayRef<Value>(acc).slice(i * count, count), weights, first, reader.maxU());
      }
    }
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DotOperands &args;
  GroupShape groups;
  int64_t vectors; ///< in a packed group
  int64_t columns;
  VectorSums vectorSums;
  int64_t parts; ///< values that a sum takes
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
  DotTiling tile = tiling;
  tile.blocks = shape.tokens == 1 && packed.rowBlocks > 1 ? tiling.blocks : 1;
  // Sums of 64 bits take twice the registers.
  if (!activations.sumsFitWord(shape.format, shape.cols) && activations.sumsIntegers(shape.format))
    tile.columns = std::max<int64_t>(tile.columns / 2, 1);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()),
      name + "_b" + std::to_string(tile.blocks) + "_c" + std::to_string(tile.columns) +
          (tiling.columnPairs ? "_p2" : ""),
      {MemRefType::get({shape.tokens, shape.codeColumns}, i8), MemRefType::get({shape.tokens, vectors}, i32),
       MemRefType::get({shape.tokens}, f32), MemRefType::get({shape.tokens, vectors}, i32),
       MemRefType::get({packed.bytes}, i8), MemRefType::get({shape.tokens, shape.rows}, f32)},
      [&](KernelBuilder &k, ValueRange args) {
        DotOperands operands{args[0], args[2], args[3], args[4], args[5], args[1]};
        auto panels = [&] { emitVectorScaledPanel(k, shape, &activations, operands, tile, args[6], args[7]); };
        TileLoops loops{
            args[6], args[7], tile.blocks, operands.y, shape.codeColumns, tile.columns, tiling.columnPairs ? 2 : 1};
        emitByColumns(k, operands.y, kUnpackingTiles * tile.columns, panels, [&] {
          forTiles(k, loops, [&](Value rowBlock, int64_t blocks, Value token, int64_t columns) {
            emitVectorScaledDot(k, shape, &activations, operands, rowBlock, blocks, token, columns, tiling.columnPairs);
          });
        });
      });
  return {function, packed.rowBlocks};
}
