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
//===----------------------------------------------------------------------===//

#include "VectorScaledDot.h"
#include "Tiles.h"
#include "WeightReader.h"
#include "dialects/Simd/IR/SimdOps.h"
#include <cassert>

using namespace mlir;
using namespace halftone;

namespace {

class VectorScaledDotTile {
public:
  VectorScaledDotTile(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, Value rowBlock,
                      int64_t blocks, Value token, int64_t columns)
      : k(k), shape(shape), args(args), groups(shape.format, shape.cols), vectors(vectorsPerGroup(shape.format)),
        columns(columns), floatScales(shape.format.vectorScale != VsqScale::Integer),
        words(floatScales || vectorSumsFitWord(shape.format, shape.cols) ? 1 : 2) {
    for (int64_t i = 0; i < blocks; ++i)
      readers.emplace_back(k, shape.format, shape.rows, shape.cols, args.packed, k.addIndex(rowBlock, i));
    for (int64_t c = 0; c < columns; ++c)
      tokens.push_back(k.addIndex(token, c));
  }

  void emit() {
    SmallVector<Value> sums(readers.size() * columns * words, k.splat(floatScales ? k.floats() : k.words(), 0));
    sums = forGroups(k, groups, sums, [&](Value group, bool last, ValueRange carried) {
      for (WeightReader &reader : readers)
        reader.enterGroup(group);
      return vectors > 1 ? emitVectors(group, last, carried) : emitVector(group, last, carried);
    });
    for (int64_t c = 0; c < columns; ++c) {
      Value scale = k.broadcast(k.loadScalar(args.scales, tokens[c]));
      for (auto [i, reader] : llvm::enumerate(readers)) {
        Value sum = total(ValueRange(sums).slice((i * columns + c) * words, words));
        if (hasRowScales(shape.format))
          sum = k.mulF(sum, reader.rowScales());
        storeRows(k, k.mulF(sum, scale), args.y, tokens[c], reader.block(), shape.rows, kLanes);
      }
    }
  }

private:
  Value zeroWords() { return k.splat(k.words(), 0); }

  /// The exact sum, rounded once to float: the high word has 24 bits at most.
  Value total(ValueRange sum) {
    if (floatScales)
      return sum[0];
    if (words == 1)
      return k.toFloat(sum[0]);
    Value low = k.andI(sum[0], k.splat(k.words(), 0xffff));
    Value high = k.addI(sum[1], k.shrU(sum[0], 16));
    return k.fma(k.toFloat(high), k.splat(k.floats(), 65536), k.toFloat(low));
  }

  /// Adds m_j * S_j of one vector; `dots` are sums over u * a and `corrections` offset * sum over a.
  void addVector(SmallVectorImpl<Value> &sums, int64_t vector, ValueRange dots, ValueRange corrections) {
    for (auto [i, reader] : llvm::enumerate(readers)) {
      Value scale = floatScales ? reader.scales(vector) : reader.vectorScales(vector);
      for (int64_t c = 0; c < columns; ++c) {
        int64_t at = i * columns + c;
        Value sum = k.subI(dots[at], corrections[c]);
        if (floatScales) {
          sums[at] = k.fma(scale, k.toFloat(sum), sums[at]);
          continue;
        }
        Value term = k.mulI(scale, sum);
        if (words == 1) {
          sums[at] = k.addI(sums[at], term);
          continue;
        }
        sums[2 * at] = k.addI(sums[2 * at], k.andI(term, k.splat(k.words(), 0xffff)));
        sums[2 * at + 1] = k.addI(sums[2 * at + 1], k.shrS(term, 16));
      }
    }
  }

  /// A vector that is a group: as the formats with one scale per group, up to the scale.
  SmallVector<Value> emitVector(Value group, bool last, ValueRange carried) {
    Value firstElement = k.mulIndex(group, groups.steps * kStep);
    SmallVector<Value> dots(readers.size() * columns, zeroWords());
    dots = k.repeat(last ? groups.lastSteps : groups.steps, dots, [&](Value step, ValueRange values) {
      SmallVector<Value> next(values);
      Value element = k.affine(step, kStep, firstElement);
      for (WeightReader &reader : readers)
        reader.loadStep(step);
      for (int64_t chunk = 0; chunk < kStep / 4; ++chunk)
        addChunk(next, activationsOf(element, chunk), chunk);
      return next;
    });
    SmallVector<Value> corrections, sums(carried);
    for (int64_t c = 0; c < columns; ++c) {
      Value tokenSum = k.loadScalar(args.sums, {tokens[c], group});
      corrections.push_back(k.broadcast(k.mulI(tokenSum, k.i32(readers.front().offset()))));
    }
    addVector(sums, 0, dots, corrections);
    return sums;
  }

  /// A step of several vectors.
  SmallVector<Value> emitVectors(Value group, bool last, ValueRange carried) {
    Value element = k.mulIndex(group, kStep);
    int64_t size = last ? groups.lastSize : groups.size, chunks = shape.format.group / 4;
    Value offset = k.splat(k.bytes(), int8_t(readers.front().offset()));
    SmallVector<Value> sums(carried);
    for (WeightReader &reader : readers)
      reader.loadStep(k.index(0));
    for (int64_t vector = 0; vector * shape.format.group < size; ++vector) {
      SmallVector<Value> dots(readers.size() * columns, zeroWords()), corrections(columns, zeroWords());
      for (int64_t chunk = vector * chunks; chunk < (vector + 1) * chunks; ++chunk) {
        SmallVector<Value> activations = activationsOf(element, chunk);
        addChunk(dots, activations, chunk);
        for (int64_t c = 0; c < columns; ++c)
          corrections[c] = dot(corrections[c], offset, activations[c], readers.front().offset());
      }
      addVector(sums, vector, dots, corrections);
    }
    return sums;
  }

  Value dot(Value sum, Value u, Value a, int64_t maxU) {
    return simd::Dot4Op::create(k.b, k.loc, sum, u, a, uint32_t(maxU));
  }

  void addChunk(SmallVectorImpl<Value> &dots, ValueRange activations, int64_t chunk) {
    for (auto [i, reader] : llvm::enumerate(readers)) {
      Value weights = reader.unpackChunk(chunk);
      for (int64_t c = 0; c < columns; ++c)
        dots[i * columns + c] = dot(dots[i * columns + c], weights, activations[c], reader.maxU());
    }
  }

  /// Per token four activations in all 16 lanes.
  SmallVector<Value> activationsOf(Value element, int64_t chunk) {
    SmallVector<Value> activations;
    for (Value token : tokens) {
      Value four = k.load(args.codes, {token, k.addIndex(element, 4 * chunk)}, k.bytes(4));
      Value word = vector::ExtractOp::create(k.b, k.loc, k.bitcast(four, k.words(1)), ArrayRef<int64_t>{0});
      activations.push_back(k.bitcast(k.broadcast(word), k.bytes()));
    }
    return activations;
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DotOperands &args;
  GroupShape groups;
  int64_t vectors; ///< in a packed group
  int64_t columns;
  bool floatScales;
  int64_t words; ///< of a sum: 1, or 2 for low and high
  std::vector<WeightReader> readers;
  SmallVector<Value> tokens;
};

} // namespace

void halftone::emitVectorScaledDot(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, Value rowBlock,
                                   int64_t blocks, Value token, int64_t columns) {
  assert(shape.cols <= maxVectorScaledColumns(shape.format) && "the sums of longer rows have no kernel");
  VectorScaledDotTile(k, shape, args, rowBlock, blocks, token, columns).emit();
}
