//===- DotKernel.cpp - Strategy dot: unpack to bytes, four-way dot --------===//
//
// For a block of 16 rows and a tile of tokens, per group:
//   S[t] = sum_k u[k] * a[t][k] - zero * sum_k a[t][k],   exact in 32 bits
// with the format's offset as zero, or that of the row and group;
//   y[t] = fma(scale, float(S[t]), y[t])
// and at the end y[t] * scale of token t. Each unpacked vector of 16 rows x 4
// elements meets the broadcast 4 activations of every token of the tile.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "TernaryDot.h"
#include "Tiles.h"
#include "VectorScaledDot.h"
#include "WeightReader.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

namespace {

/// `blocks` blocks of 16 rows times `columns` tokens; sums are kept per (block, column), block first.
class DotTile {
public:
  DotTile(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, int64_t tableWidth, Value rowBlock,
          int64_t blocks, Value token, int64_t columns)
      : k(k), shape(shape), args(args), groups(shape.format, shape.cols), columns(columns),
        chains(columns == 1 ? 4 / blocks : 1) {
    for (int64_t i = 0; i < blocks; ++i)
      readers.emplace_back(k, shape.format, shape.rows, shape.cols, args.packed, k.addIndex(rowBlock, i), tableWidth);
    for (int64_t c = 0; c < columns; ++c)
      tokens.push_back(k.addIndex(token, c));
  }

  void emit() {
    SmallVector<Value> sums(readers.size() * columns, k.splat(k.floats(), 0));
    sums = forGroups(k, groups, sums,
                     [&](Value group, bool last, ValueRange carried) { return emitGroup(group, last, carried); });
    for (int64_t c = 0; c < columns; ++c) {
      Value scale = k.broadcast(k.loadScalar(args.scales, tokens[c]));
      for (auto [i, reader] : llvm::enumerate(readers))
        storeRows(k, k.mulF(sums[i * columns + c], scale), args.y, tokens[c], reader.block(), shape.rows, kLanes);
    }
  }

private:
  /// Adds one group's exact sums to the float sums.
  SmallVector<Value> emitGroup(Value group, bool last, ValueRange carried) {
    for (WeightReader &reader : readers)
      reader.enterGroup(group);
    Value firstElement = k.mulIndex(group, groups.steps * kStep);
    SmallVector<Value> acc(readers.size() * columns * chains, k.splat(k.words(), 0));
    acc = k.repeat(last ? groups.lastSteps : groups.steps, acc, [&](Value step, ValueRange values) {
      return emitStep(step, k.affine(step, kStep, firstElement), values);
    });
    SmallVector<Value> corrections, next;
    for (int64_t c = 0; c < columns; ++c) {
      Value tokenSum = k.loadScalar(args.sums, {tokens[c], group});
      Value common = shape.format.offset ? tokenSum : k.mulI(tokenSum, k.i32(readers.front().offset()));
      corrections.push_back(k.broadcast(common));
    }
    for (auto [i, reader] : llvm::enumerate(readers)) {
      Value scale = reader.scales(), zeros = shape.format.offset ? reader.zeros() : Value();
      for (int64_t c = 0; c < columns; ++c) {
        int64_t at = i * columns + c;
        Value sum = acc[at * chains];
        for (int64_t chain = 1; chain < chains; ++chain)
          sum = k.addI(sum, acc[at * chains + chain]);
        Value correction = zeros ? k.mulI(zeros, corrections[c]) : corrections[c];
        next.push_back(k.fma(scale, k.toFloat(k.subI(sum, correction)), carried[at]));
      }
    }
    return next;
  }

  SmallVector<Value> emitStep(Value step, Value element, ValueRange values) {
    SmallVector<Value> acc(values);
    for (WeightReader &reader : readers)
      reader.loadStep(step);
    for (int64_t chunk = 0; chunk < kStep / 4; ++chunk) {
      SmallVector<Value> activation;
      for (int64_t c = 0; c < columns; ++c)
        activation.push_back(activations(c, k.addIndex(element, 4 * chunk)));
      for (auto [i, reader] : llvm::enumerate(readers)) {
        Value weights = reader.unpackChunk(chunk);
        for (int64_t c = 0; c < columns; ++c) {
          Value &sum = acc[(i * columns + c) * chains + chunk % chains];
          sum = simd::Dot4Op::create(k.b, k.loc, sum, weights, activation[c], uint32_t(reader.maxU()));
        }
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
  GroupShape groups;
  int64_t columns, chains; ///< independent accumulators per column hide the latency of the dot product
  std::vector<WeightReader> readers;
  SmallVector<Value> tokens;
};

} // namespace

Kernel halftone::getDotKernel(ModuleOp module, const MatmulShape &shape, int64_t tableWidth) {
  Builder b(module.getContext());
  GroupShape groups(shape.format, shape.cols);
  PackedShape packed(shape.format, shape.rows, shape.cols, Layout::Rows16);
  Type i8 = b.getI8Type(), f32 = b.getF32Type();
  bool usesTables = tableWidth >= 128 && shape.format.kind == FormatKind::Bcq;
  std::string name = std::string(usesTables ? "dot128_" : "dot_") + shape.format.name() + "_" + sizeName(shape.rows) +
                     "x" + sizeName(shape.cols) + "_t" + sizeName(shape.tokens);
  int64_t rowTile = shape.tokens == 1 && packed.rowBlocks > 1 ? 2 : 1;
  auto function =
      getOrCreateKernel(module, UnknownLoc::get(module.getContext()), name,
                        {MemRefType::get({shape.tokens, groups.paddedCols()}, i8), MemRefType::get({shape.tokens}, f32),
                         MemRefType::get({shape.tokens, groups.count}, b.getI32Type()),
                         MemRefType::get({packed.bytes}, i8), MemRefType::get({shape.tokens, shape.rows}, f32)},
                        [&](KernelBuilder &k, ValueRange args) {
                          DotOperands operands{args[0], args[1], args[2], args[3], args[4]};
                          forRowTiles(k, args[5], args[6], rowTile, [&](Value rowBlock, int64_t blocks) {
                            forColumnTiles(k, shape.tokens, operands.y, [&](Value token, int64_t columns) {
                              if (shape.format.kind == FormatKind::Vsq)
                                emitVectorScaledDot(k, shape, operands, rowBlock, blocks, token, columns);
                              else if (shape.format.scalePerSign)
                                emitTernaryDot(k, shape, operands, rowBlock, blocks, token, columns);
                              else
                                DotTile(k, shape, operands, tableWidth, rowBlock, blocks, token, columns).emit();
                            });
                          });
                        });
  return {function, packed.rowBlocks};
}
