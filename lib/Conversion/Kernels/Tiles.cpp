//===- Tiles.cpp - Loops that the matrix kernels share --------------------===//

#include "Tiles.h"

using namespace mlir;
using namespace halftone;

void halftone::forColumnTiles(KernelBuilder &k, const TileLoops &loops, const ColumnTurn &turn,
                              function_ref<void(Value token, int64_t columns)> tile) {
  auto [first, end, tokens] = turn;
  bool isDynamic = ShapedType::isDynamic(tokens);
  int64_t size = loops.columnTile, rest = loops.restTile;
  if (size == 1)
    return k.loop(first, end, 1, [&](Value token) { tile(token, 1); });
  auto upTo = [&, end = end](Value remainder) -> Value { return arith::SubIOp::create(k.b, k.loc, end, remainder); };
  Value count = arith::SubIOp::create(k.b, k.loc, end, first);
  Value remainder = arith::RemUIOp::create(k.b, k.loc, count, k.index(size));
  Value done = upTo(remainder);
  k.loop(first, done, size, [&](Value token) { tile(token, size); });
  int64_t left = isDynamic ? 1 : tokens % size;
  if (rest > 1 && rest < size && (isDynamic || left >= rest)) {
    Value restEnd = upTo(arith::RemUIOp::create(k.b, k.loc, remainder, k.index(rest)));
    k.loop(done, restEnd, rest, [&](Value token) { tile(token, rest); });
    done = restEnd;
    left = isDynamic ? 1 : left % rest;
  }
  if (left > 0)
    k.loop(done, end, 1, [&](Value token) { tile(token, 1); });
}

static void forRowTiles(KernelBuilder &k, const TileLoops &loops,
                        function_ref<void(Value block, int64_t blocks)> tile) {
  if (loops.rowTile == 1)
    return k.loop(loops.begin, loops.end, 1, [&](Value block) { tile(block, 1); });
  Value count = arith::SubIOp::create(k.b, k.loc, loops.end, loops.begin);
  Value rest = arith::RemUIOp::create(k.b, k.loc, count, k.index(loops.rowTile));
  Value tiled = arith::SubIOp::create(k.b, k.loc, loops.end, rest);
  k.loop(loops.begin, tiled, loops.rowTile, [&](Value block) { tile(block, loops.rowTile); });
  k.loop(tiled, loops.end, 1, [&](Value block) { tile(block, 1); });
}

void halftone::forTiles(KernelBuilder &k, const TileLoops &loops,
                        function_ref<void(Value block, int64_t blocks, Value token, int64_t columns)> tile) {
  int64_t tokens = cast<ShapedType>(loops.y.getType()).getDimSize(0);
  if (!ShapedType::isDynamic(tokens) && tokens <= loops.columnTile)
    return forRowTiles(k, loops, [&](Value block, int64_t blocks) { tile(block, blocks, k.index(0), tokens); });
  forTurns(k, loops, [&](const ColumnTurn &turn) {
    forRowTiles(k, loops, [&](Value block, int64_t blocks) {
      forColumnTiles(k, loops, turn, [&](Value token, int64_t count) { tile(block, blocks, token, count); });
    });
  });
}

void halftone::forTurns(KernelBuilder &k, const TileLoops &loops, function_ref<void(const ColumnTurn &turn)> body) {
  int64_t tokens = cast<ShapedType>(loops.y.getType()).getDimSize(0);
  Value count = k.dim(loops.y, 0);
  int64_t perTurn = std::max<int64_t>(loops.turnBytes / loops.columnBytes / loops.columnTile, 1) * loops.columnTile;
  perTurn = std::min(perTurn, loops.mostColumns);
  if (!ShapedType::isDynamic(tokens) && tokens <= perTurn)
    return body({k.index(0), count, tokens});
  // A last turn may be shorter; a whole one leaves nothing to the smaller tiles.
  k.loop(k.index(0), count, perTurn, [&](Value first) {
    body({first, arith::MinUIOp::create(k.b, k.loc, k.addIndex(first, perTurn), count), tokens});
  });
}

void halftone::emitByColumns(KernelBuilder &k, Value y, int64_t most, function_ref<void()> many,
                             function_ref<void()> few) {
  int64_t tokens = cast<ShapedType>(y.getType()).getDimSize(0);
  if (!ShapedType::isDynamic(tokens))
    return tokens <= most ? few() : many();
  Value isFew = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ule, k.dim(y, 0), k.index(most));
  k.branch(isFew, few, many);
}

SmallVector<Value> halftone::forGroups(KernelBuilder &k, const GroupShape &groups, ValueRange init,
                                       function_ref<SmallVector<Value>(Value group, bool last, ValueRange)> body) {
  return forGroups(k, groups, 0, groups.count, init, body);
}

SmallVector<Value> halftone::forGroups(KernelBuilder &k, const GroupShape &groups, int64_t first, int64_t end,
                                       ValueRange init,
                                       function_ref<SmallVector<Value>(Value group, bool last, ValueRange)> body) {
  bool shortTail = groups.lastSize != groups.size && end == groups.count;
  int64_t full = end - (shortTail ? 1 : 0);
  SmallVector<Value> carried = k.repeat(full - first, init, [&](Value group, ValueRange values) {
    return body(k.addIndex(group, first), /*last=*/false, values);
  });
  if (shortTail)
    carried = body(k.index(full), /*last=*/true, carried);
  return carried;
}

SmallVector<Value> halftone::forSteps(KernelBuilder &k, int64_t count, bool inLongBlocks, ValueRange init,
                                      KernelBuilder::LoopBody body) {
  int64_t unroll = inLongBlocks ? 4 : 1;
  SmallVector<Value> carried = k.repeat(count / unroll, init, [&](Value block, ValueRange values) {
    SmallVector<Value> next(values);
    for (int64_t i = 0; i < unroll; ++i)
      next = body(k.affine(block, unroll, k.index(i)), next);
    return next;
  });
  for (int64_t step = count / unroll * unroll; step < count; ++step)
    carried = body(k.index(step), carried);
  return carried;
}

void halftone::storeRows(KernelBuilder &k, Value vector, Value y, Value token, Value block, int64_t rows,
                         int64_t perBlock) {
  Value row = k.mulIndex(block, perBlock);
  int64_t tail = rows % perBlock;
  if (tail == 0)
    return k.store(vector, y, {token, row});
  if (rows < perBlock)
    return k.store(k.slice(vector, 0, tail), y, {token, row});
  k.ifEqual(
      block, rows / perBlock, [&] { k.store(k.slice(vector, 0, tail), y, {token, row}); },
      [&] { k.store(vector, y, {token, row}); });
}

Kernel halftone::perTokenKernel(ModuleOp module, StringRef name, TypeRange types,
                                function_ref<void(KernelBuilder &, ValueRange, Value token)> body) {
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name, types, [&](KernelBuilder &k, ValueRange args) {
        size_t n = types.size();
        k.loop(args[n], args[n + 1], 1, [&](Value token) { body(k, args.take_front(n), token); });
      });
  return {function, 1, /*perToken=*/true};
}
