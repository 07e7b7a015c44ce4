//===- AttentionKernel.cpp - Causal attention over a KV cache -------------===//
//
// Keys are kept transposed in blocks of 16 positions, [context/16][head size][16],
// so that the scores of 16 positions are one vector and each is a chain of fused
// multiply-adds over the head size: no horizontal sum, one order on every target,
// and memory is read in one stream. Positions beyond the token are masked before
// anything is computed from them.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "Kernels.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cmath>

using namespace mlir;
using namespace halftone;

namespace {

MemRefType keysType(const AttentionShape &s, Builder &b) {
  return MemRefType::get({s.layers, s.kvHeads, s.headSize, s.context}, b.getF32Type());
}

MemRefType valuesType(const AttentionShape &s, Builder &b) {
  return MemRefType::get({s.layers, s.kvHeads, s.context, s.headSize}, b.getF32Type());
}

std::string attentionName(StringRef prefix, const AttentionShape &s) {
  return (prefix + "_" + sizeName(s.heads) + "of" + sizeName(s.kvHeads) + "x" + sizeName(s.headSize) + "_l" +
          sizeName(s.layers) + "_c" + sizeName(s.context) + "_t" + sizeName(s.tokens))
      .str();
}

/// The keys of a head as one row: [L][KV][HS*C], see keyBlock.
Value flattenKeys(KernelBuilder &k, Value keys) {
  SmallVector<ReassociationIndices> groups{{0}, {1}, {2, 3}};
  return memref::CollapseShapeOp::create(k.b, k.loc, keys, groups);
}

/// Where the keys of the 16 positions from `position`, a multiple of 16, start within a head; dimension d of them is
/// 16*d further.
Value keyBlock(KernelBuilder &k, Value position, int64_t headSize) { return k.mulIndex(position, headSize); }

class AttentionHead {
public:
  AttentionHead(KernelBuilder &k, const AttentionShape &shape, ValueRange args, Value token, Value head)
      : k(k), shape(shape), q(args[0]), keys(args[1]), values(args[2]), layer(args[4]), out(args[5]), token(token),
        firstColumn(k.mulIndex(head, shape.headSize)) {
    kvHead = arith::DivUIOp::create(k.b, k.loc, head, k.index(shape.heads / shape.kvHeads));
    keys = flattenKeys(k, keys);
    length = k.addIndex(k.addIndex(args[3], token), 1);
    Value rounded = k.addIndex(length, kLanes - 1);
    Value rest = arith::RemUIOp::create(k.b, k.loc, rounded, k.index(kLanes));
    end = arith::SubIOp::create(k.b, k.loc, rounded, rest);
  }

  void emit(Value scores) {
    Value largest = emitScores(scores);
    Value total = emitExponentials(scores, largest);
    emitOutput(scores, total);
  }

private:
  /// scores[p] = q . k[p] / sqrt(HS), -infinity beyond the token; returns the largest.
  Value emitScores(Value scores) {
    Value minusInfinity = k.splat(k.floats(), -INFINITY);
    Value steps = k.constant(k.words(), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
    Value limit = k.broadcast(toWord(length));
    Value scale = k.splat(k.floats(), float(1.0 / std::sqrt(double(shape.headSize))));
    SmallVector<Value> largest =
        k.loop(k.index(0), end, kLanes, minusInfinity, [&](Value position, ValueRange carried) {
          Value block = keyBlock(k, position, shape.headSize);
          Value dot =
              k.loop(k.index(0), k.index(shape.headSize), 1, k.splat(k.floats(), 0), [&](Value d, ValueRange sum) {
                Value x = k.broadcast(k.loadScalar(q, {token, k.addIndex(firstColumn, d)}));
                Value key = k.load(keys, {layer, kvHead, k.affine(d, kLanes, block)}, k.floats());
                return SmallVector<Value>{k.fma(x, key, sum[0])};
              })[0];
          Value indices = k.addI(k.broadcast(toWord(position)), steps);
          Value inside = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::slt, indices, limit);
          Value score = k.select(inside, k.mulF(dot, scale), minusInfinity);
          k.store(score, scores, position);
          return SmallVector<Value>{arith::MaxNumFOp::create(k.b, k.loc, carried[0], score)};
        });
    return k.maxLanes(largest[0]);
  }

  /// scores[p] = exp(scores[p] - largest); returns their sum: 16 partial sums, then the tree.
  Value emitExponentials(Value scores, Value largest) {
    Value shift = k.broadcast(largest);
    SmallVector<Value> sums =
        k.loop(k.index(0), end, kLanes, k.splat(k.floats(), 0), [&](Value position, ValueRange carried) {
          Value score = k.load(scores, position, k.floats());
          Value weight = math::ExpOp::create(k.b, k.loc, k.subF(score, shift));
          k.store(weight, scores, position);
          return SmallVector<Value>{k.addF(carried[0], weight)};
        });
    return k.sumLanes(sums[0]);
  }

  /// out = sum_p scores[p] * v[p] / total, positions in ascending order.
  void emitOutput(Value scores, Value total) {
    k.forVectors(shape.headSize, [&](Value offset, int64_t width) {
      SmallVector<Value> sum =
          k.loop(k.index(0), length, 1, k.splat(k.floats(width), 0), [&](Value position, ValueRange carried) {
            Value weight = k.broadcast(k.loadScalar(scores, position), width);
            Value value = k.load(values, {layer, kvHead, position, offset}, k.floats(width));
            return SmallVector<Value>{k.fma(weight, value, carried[0])};
          });
      k.store(k.divF(sum[0], k.broadcast(total, width)), out, {token, k.addIndex(firstColumn, offset)});
    });
  }

  Value toWord(Value index) { return arith::IndexCastOp::create(k.b, k.loc, k.i32(), index); }

  KernelBuilder &k;
  const AttentionShape &shape;
  Value q, keys, values, layer, out, token, firstColumn, kvHead;
  Value length; ///< positions that the token sees
  Value end;    ///< length rounded up to whole vectors
};

} // namespace

Kernel halftone::getCacheStoreKernel(ModuleOp module, const AttentionShape &s) {
  Builder b(module.getContext());
  auto rows = MemRefType::get({s.tokens, s.kvHeads * s.headSize}, b.getF32Type());
  Type index = b.getIndexType();
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), attentionName("cache", s),
      {rows, rows, keysType(s, b), valuesType(s, b), index, index}, [&](KernelBuilder &k, ValueRange args) {
        Value tokens = k.dim(args[0], 0), layer = args[5];
        Value keys = flattenKeys(k, args[2]);
        k.loop(args[6], args[7], 1, [&](Value head) {
          Value first = k.mulIndex(head, s.headSize);
          k.loop(k.index(0), tokens, 1, [&](Value token) {
            Value position = k.addIndex(args[4], token);
            Value lane = arith::RemUIOp::create(k.b, k.loc, position, k.index(kLanes));
            Value block = keyBlock(k, arith::SubIOp::create(k.b, k.loc, position, lane), s.headSize);
            Value start = k.addIndex(block, lane);
            k.loop(k.index(0), k.index(s.headSize), 1, [&](Value d) {
              Value column = k.addIndex(first, d);
              k.storeScalar(k.loadScalar(args[0], {token, column}), keys, {layer, head, k.affine(d, kLanes, start)});
              k.storeScalar(k.loadScalar(args[1], {token, column}), args[3], {layer, head, position, d});
            });
          });
        });
      });
  return {function, s.kvHeads};
}

Kernel halftone::getAttentionKernel(ModuleOp module, const AttentionShape &s) {
  Builder b(module.getContext());
  auto rows = MemRefType::get({s.tokens, s.heads * s.headSize}, b.getF32Type());
  Type index = b.getIndexType();
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), attentionName("attention", s),
      {rows, keysType(s, b), valuesType(s, b), index, index, rows}, [&](KernelBuilder &k, ValueRange args) {
        auto scoresType = MemRefType::get({s.context}, k.f32());
        Value scores = memref::AllocaOp::create(k.b, k.loc, scoresType, k.b.getI64IntegerAttr(64));
        k.loop(args[6], args[7], 1, [&](Value unit) {
          Value token = arith::DivUIOp::create(k.b, k.loc, unit, k.index(s.heads));
          Value head = arith::RemUIOp::create(k.b, k.loc, unit, k.index(s.heads));
          AttentionHead(k, s, args, token, head).emit(scores);
        });
      });
  return {function, s.heads, /*perToken=*/true};
}
