//===- DotKernel.cpp - Strategy dot: unpack to bytes, four-way dot --------===//
//
// For a block of 16 rows and a tile of tokens, per group:
//   S[t] = sum_k u[k] * a[t][k] - offset * sum_k a[t][k],   exact in 32 bits
//   y[t] = fma(scale, float(S[t]), y[t])
// and at the end y[t] * scale of token t. Each unpacked vector of 16 rows x 4
// elements meets the broadcast 4 activations of every token of the tile.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Tiles.h"
#include "WeightReader.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

namespace {

struct DotOperands {
  Value codes, scales, sums, packed, y;
};

class DotTile {
public:
  DotTile(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, WeightReader &reader, Value rowBlock,
          Value token, int64_t columns)
      : k(k), shape(shape), args(args), reader(reader), rowBlock(rowBlock), columns(columns),
        chains(columns == 1 ? 4 : 1) {
    for (int64_t c = 0; c < columns; ++c)
      tokens.push_back(k.addIndex(token, c));
  }

  void emit() {
    SmallVector<Value> sums(columns, k.splat(k.floats(), 0));
    sums = forGroups(k, reader.groupShape(), sums,
                     [&](Value group, bool last, ValueRange carried) { return emitGroup(group, last, carried); });
    for (int64_t c = 0; c < columns; ++c) {
      Value scale = k.broadcast(k.loadScalar(args.scales, tokens[c]));
      storeRows(k, k.mulF(sums[c], scale), args.y, tokens[c], rowBlock, shape.rows, kLanes);
    }
  }

private:
  /// Adds one group's exact sums to the float sums.
  SmallVector<Value> emitGroup(Value group, bool last, ValueRange carried) {
    const GroupShape &groups = reader.groupShape();
    reader.enterGroup(rowBlock, group);
    Value firstElement = k.mulIndex(group, groups.steps * kStep);
    SmallVector<Value> acc(columns * chains, k.splat(k.words(), 0));
    acc = k.repeat(last ? groups.lastSteps : groups.steps, acc, [&](Value step, ValueRange values) {
      return emitStep(step, k.affine(step, kStep, firstElement), values);
    });
    Value scale = reader.scales();
    SmallVector<Value> next;
    for (int64_t c = 0; c < columns; ++c) {
      Value sum = acc[c * chains];
      for (int64_t chain = 1; chain < chains; ++chain)
        sum = k.addI(sum, acc[c * chains + chain]);
      Value tokenSum = k.loadScalar(args.sums, {tokens[c], group});
      Value correction = k.broadcast(k.mulI(tokenSum, k.i32(reader.offset())));
      next.push_back(k.fma(scale, k.toFloat(k.subI(sum, correction)), carried[c]));
    }
    return next;
  }

  SmallVector<Value> emitStep(Value step, Value element, ValueRange values) {
    SmallVector<Value> acc(values);
    reader.loadStep(step);
    for (int64_t chunk = 0; chunk < kStep / 4; ++chunk) {
      Value weights = reader.unpackChunk(chunk);
      for (int64_t c = 0; c < columns; ++c) {
        Value &sum = acc[c * chains + chunk % chains];
        sum = simd::Dot4Op::create(k.b, k.loc, sum, weights, activations(c, k.addIndex(element, 4 * chunk)),
                                   uint32_t(reader.maxU()));
      }
    }
    return acc;
  }

  /// Four activations of a token, in all 16 lanes.
  Value activations(int64_t column, Value element) {
    Value four = k.load(args.codes, {tokens[column], element}, k.bytes(4));
    Value word = vector::ExtractOp::create(k.b, k.loc, k.bitcast(four, k.words(1)), ArrayRef<int64_t>{0});
    return k.bitcast(k.broadcast(word), k.bytes());
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DotOperands &args;
  WeightReader &reader;
  Value rowBlock;
  int64_t columns, chains; ///< independent accumulators per column hide the latency of the dot product
  SmallVector<Value> tokens;
};

} // namespace

Kernel halftone::getDotKernel(ModuleOp module, const MatmulShape &shape) {
  Builder b(module.getContext());
  GroupShape groups(shape.format, shape.cols);
  PackedShape packed(shape.format, shape.rows, shape.cols, Layout::Rows16);
  Type i8 = b.getI8Type(), f32 = b.getF32Type();
  std::string name = "dot_" + shape.format.name() + "_" + sizeName(shape.rows) + "x" + sizeName(shape.cols) + "_t" +
                     sizeName(shape.tokens);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({shape.tokens, groups.paddedCols()}, i8), MemRefType::get({shape.tokens}, f32),
       MemRefType::get({shape.tokens, groups.count}, b.getI32Type()), MemRefType::get({packed.bytes}, i8),
       MemRefType::get({shape.tokens, shape.rows}, f32)},
      [&](KernelBuilder &k, ValueRange args) {
        DotOperands operands{args[0], args[1], args[2], args[3], args[4]};
        k.loop(args[5], args[6], 1, [&](Value rowBlock) {
          forColumnTiles(k, shape.tokens, operands.y, [&](Value token, int64_t columns) {
            WeightReader reader(k, shape.format, shape.rows, shape.cols, operands.packed);
            DotTile(k, shape, operands, reader, rowBlock, token, columns).emit();
          });
        });
      });
  return {function, packed.rowBlocks};
}
