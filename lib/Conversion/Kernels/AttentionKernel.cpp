//===- AttentionKernel.cpp - Causal attention over a KV cache -------------===//
//
// Keys are kept transposed in blocks of 16 positions, [context/16][head size][16],
// so that the scores of 16 positions are one vector and each is a chain of fused
// multiply-adds over the head size: no horizontal sum, one order on every target,
// and memory is read in one stream. Positions beyond the token are masked before
// anything is computed from them.
//
// Queries that see the same keys are computed together: neighbouring tokens of a
// head, or with one token the heads of a group. What they share is loaded once,
// and their chains hide each other's latency; a query alone has the chains of
// several blocks of positions instead. The order within a chain, and so every bit,
// is the same in all of these.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "Kernels.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include <algorithm>
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

/// Queries computed together, and chains of 16 lanes that hide the latency of a fused multiply-add.
constexpr int64_t kQueries = 4, kChains = 4;

/// One token's query for one head.
struct Query {
  Value token, head;
};

/// Queries of one KV head, in ascending order of their tokens.
class AttentionTile {
public:
  AttentionTile(KernelBuilder &k, const AttentionShape &shape, ValueRange args, ArrayRef<Query> queries)
      : k(k), shape(shape), q(args[0]), keys(flattenKeys(k, args[1])), values(args[2]), layer(args[4]), out(args[5]),
        queries(queries) {
    kvHead = arith::DivUIOp::create(k.b, k.loc, queries[0].head, k.index(shape.heads / shape.kvHeads));
    for (const Query &query : queries) {
      firstColumns.push_back(k.mulIndex(query.head, shape.headSize));
      lengths.push_back(k.addIndex(k.addIndex(args[3], query.token), 1));
    }
    end = alignUp(lengths.back(), kLanes);
  }

  /// `scores` has a row of the context's size for each query.
  void emit(Value scores) {
    SmallVector<Value> largest = emitScores(scores), totals;
    for (size_t i = 0; i < queries.size(); ++i)
      totals.push_back(emitExponentials(scores, i, k.maxLanes(largest[i])));
    emitOutput(scores, totals);
  }

private:
  /// scores[i][p] = q[i] . k[p] / sqrt(HS), -infinity beyond the token; returns the largest, in 16 lanes per query.
  SmallVector<Value> emitScores(Value scores) {
    SmallVector<Value> largest(queries.size(), k.splat(k.floats(), -INFINITY));
    int64_t blocks = std::max<int64_t>(kChains / int64_t(queries.size()), 1);
    auto emit = [&](Value begin, Value last, int64_t count) {
      largest = k.loop(begin, last, count * kLanes, largest, [&](Value position, ValueRange carried) {
        return emitScoreBlocks(scores, position, count, carried);
      });
    };
    Value tiled = alignDown(end, blocks * kLanes);
    emit(k.index(0), tiled, blocks);
    if (blocks > 1)
      emit(tiled, end, 1);
    return largest;
  }

  /// The scores of `blocks` blocks of 16 positions.
  SmallVector<Value> emitScoreBlocks(Value scores, Value position, int64_t blocks, ValueRange largest) {
    SmallVector<Value> starts;
    for (int64_t i = 0; i < blocks; ++i)
      starts.push_back(keyBlock(k, k.addIndex(position, i * kLanes), shape.headSize));
    SmallVector<Value> init(blocks * queries.size(), k.splat(k.floats(), 0));
    SmallVector<Value> dots = k.loop(k.index(0), k.index(shape.headSize), 1, init, [&](Value d, ValueRange sums) {
      SmallVector<Value> next, x;
      for (size_t i = 0; i < queries.size(); ++i)
        x.push_back(k.broadcast(k.loadScalar(q, {queries[i].token, k.addIndex(firstColumns[i], d)})));
      for (int64_t block = 0; block < blocks; ++block) {
        Value key = k.load(keys, {layer, kvHead, k.affine(d, kLanes, starts[block])}, k.floats());
        for (size_t i = 0; i < queries.size(); ++i)
          next.push_back(k.fma(x[i], key, sums[next.size()]));
      }
      return next;
    });
    SmallVector<Value> next(largest);
    for (int64_t block = 0; block < blocks; ++block)
      for (size_t i = 0; i < queries.size(); ++i) {
        Value first = k.addIndex(position, block * kLanes);
        Value score = maskedScore(dots[block * queries.size() + i], first, i);
        k.store(score, scores, {k.index(i), first});
        next[i] = arith::MaxNumFOp::create(k.b, k.loc, next[i], score);
      }
    return next;
  }

  /// The dot products of 16 positions from `position` on, scaled; -infinity beyond the token of query i.
  Value maskedScore(Value dot, Value position, size_t i) {
    Value scale = k.splat(k.floats(), float(1.0 / std::sqrt(double(shape.headSize))));
    Value steps = k.constant(k.words(), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
    Value indices = k.addI(k.broadcast(toWord(position)), steps);
    Value inside =
        arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::slt, indices, k.broadcast(toWord(lengths[i])));
    return k.select(inside, k.mulF(dot, scale), k.splat(k.floats(), -INFINITY));
  }

  /// scores[i][p] = exp(scores[i][p] - largest); returns their sum: 16 partial sums, then the tree.
  Value emitExponentials(Value scores, size_t i, Value largest) {
    Value shift = k.broadcast(largest), row = k.index(int64_t(i));
    SmallVector<Value> sums =
        k.loop(k.index(0), end, kLanes, k.splat(k.floats(), 0), [&](Value position, ValueRange carried) {
          Value score = k.load(scores, {row, position}, k.floats());
          Value weight = math::ExpOp::create(k.b, k.loc, k.subF(score, shift));
          k.store(weight, scores, {row, position});
          return SmallVector<Value>{k.addF(carried[0], weight)};
        });
    return k.sumLanes(sums[0]);
  }

  /// out[i] = sum_p scores[i][p] * v[p] / total[i], positions in ascending order.
  void emitOutput(Value scores, ArrayRef<Value> totals) {
    int64_t together = std::max<int64_t>(kChains / int64_t(queries.size()), 1) * kLanes;
    int64_t tiled = shape.headSize / together * together;
    k.loop(k.index(0), k.index(tiled), together,
           [&](Value offset) { emitOutputColumns(scores, totals, offset, together); });
    for (int64_t offset = tiled; offset < shape.headSize; offset += kLanes)
      emitOutputColumns(scores, totals, k.index(offset), std::min(kLanes, shape.headSize - offset));
  }

  /// `columns` columns of the output: whole vectors, or less than one.
  void emitOutputColumns(Value scores, ArrayRef<Value> totals, Value offset, int64_t columns) {
    int64_t width = std::min(columns, kLanes), vectors = columns / width;
    auto accumulate = [&](Value position, ArrayRef<size_t> which, ValueRange sums) {
      SmallVector<Value> next(sums);
      for (int64_t v = 0; v < vectors; ++v) {
        Value column = k.addIndex(offset, v * width);
        Value value = k.load(values, {layer, kvHead, position, column}, k.floats(width));
        for (auto [at, i] : llvm::enumerate(which)) {
          Value weight = k.broadcast(k.loadScalar(scores, {k.index(int64_t(i)), position}), width);
          Value &sum = next[at * vectors + v];
          sum = k.fma(weight, value, sum);
        }
      }
      return next;
    };
    auto all = llvm::to_vector(llvm::seq<size_t>(0, queries.size()));
    SmallVector<Value> init(queries.size() * vectors, k.splat(k.floats(width), 0));
    // What all queries see, then what only the later ones do.
    SmallVector<Value> shared = k.loop(k.index(0), lengths[0], 1, init, [&](Value position, ValueRange sums) {
      return accumulate(position, all, sums);
    });
    for (size_t i : all) {
      SmallVector<Value> sums(ArrayRef<Value>(shared).slice(i * vectors, vectors));
      if (queries[i].token != queries[0].token)
        sums = k.loop(lengths[0], lengths[i], 1, sums,
                      [&](Value position, ValueRange carried) { return accumulate(position, i, carried); });
      Value total = k.broadcast(totals[i], width);
      for (int64_t v = 0; v < vectors; ++v) {
        Value column = k.addIndex(firstColumns[i], k.addIndex(offset, v * width));
        k.store(k.divF(sums[v], total), out, {queries[i].token, column});
      }
    }
  }

  Value alignDown(Value x, int64_t to) {
    return arith::SubIOp::create(k.b, k.loc, x, arith::RemUIOp::create(k.b, k.loc, x, k.index(to)));
  }
  Value alignUp(Value x, int64_t to) { return alignDown(k.addIndex(x, to - 1), to); }
  Value toWord(Value index) { return arith::IndexCastOp::create(k.b, k.loc, k.i32(), index); }

  KernelBuilder &k;
  const AttentionShape &shape;
  Value q, keys, values, layer, out, kvHead;
  ArrayRef<Query> queries;
  SmallVector<Value> firstColumns;
  SmallVector<Value> lengths; ///< positions that a query sees
  Value end;                  ///< the last length rounded up to whole vectors
};

/// Heads of one KV head that are computed together where there is one token.
int64_t headsTogether(const AttentionShape &s) {
  int64_t group = s.heads / s.kvHeads;
  return group % 4 == 0 ? 4 : group % 2 == 0 ? 2 : 1;
}

/// Units are groups of headsTogether() heads.
void emitOneToken(KernelBuilder &k, const AttentionShape &s, ValueRange args, Value scores) {
  k.loop(args[6], args[7], 1, [&](Value unit) {
    SmallVector<Query> queries;
    Value token = k.index(0);
    for (int64_t i = 0; i < headsTogether(s); ++i)
      queries.push_back({token, k.addIndex(k.mulIndex(unit, headsTogether(s)), i)});
    AttentionTile(k, s, args, queries).emit(scores);
  });
}

/// Unit head * tokens + token: a range of units is some tokens of every head that it touches.
void emitManyTokens(KernelBuilder &k, const AttentionShape &s, ValueRange args, Value scores) {
  Value tokens = k.dim(args[0], 0), begin = args[6], end = args[7];
  Value firstHead = arith::DivUIOp::create(k.b, k.loc, begin, tokens);
  Value endHead = arith::CeilDivUIOp::create(k.b, k.loc, end, tokens);
  k.loop(firstHead, endHead, 1, [&](Value head) {
    Value base = arith::MulIOp::create(k.b, k.loc, head, tokens);
    Value limit = arith::MinUIOp::create(k.b, k.loc, end, k.addIndex(base, tokens));
    Value first = arith::SubIOp::create(k.b, k.loc, arith::MaxUIOp::create(k.b, k.loc, begin, base), base);
    Value last = arith::SubIOp::create(k.b, k.loc, limit, base);
    Value count = arith::SubIOp::create(k.b, k.loc, last, first);
    Value tiled = arith::SubIOp::create(k.b, k.loc, last, arith::RemUIOp::create(k.b, k.loc, count, k.index(kQueries)));
    k.loop(first, tiled, kQueries, [&](Value token) {
      SmallVector<Query> queries;
      for (int64_t i = 0; i < kQueries; ++i)
        queries.push_back({k.addIndex(token, i), head});
      AttentionTile(k, s, args, queries).emit(scores);
    });
    k.loop(tiled, last, 1, [&](Value token) { AttentionTile(k, s, args, Query{token, head}).emit(scores); });
  });
}

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
        auto scoresType = MemRefType::get({kQueries, s.context}, k.f32());
        Value scores = memref::AllocaOp::create(k.b, k.loc, scoresType, k.b.getI64IntegerAttr(64));
        if (s.tokens == 1)
          return emitOneToken(k, s, args, scores);
        emitManyTokens(k, s, args, scores);
      });
  return {function, s.tokens == 1 ? s.heads / headsTogether(s) : s.heads, /*perToken=*/true};
}
