//===- Tiles.cpp - Loops that the matrix kernels share --------------------===//

#include "Tiles.h"

using namespace mlir;
using namespace halftone;

void halftone::forColumnTiles(KernelBuilder &k, int64_t tokens, Value y,
                              function_ref<void(Value token, int64_t columns)> tile, int64_t size, int64_t rest) {
  bool isDynamic = ShapedType::isDynamic(tokens);
  if (!isDynamic && tokens <= size)
    return tile(k.index(0), tokens);
  Value count = k.dim(y, 0);
  auto upTo = [&](Value remainder) -> Value { return arith::SubIOp::create(k.b, k.loc, count, remainder); };
  Value remainder = arith::RemUIOp::create(k.b, k.loc, count, k.index(size));
  Value done = upTo(remainder);
  k.loop(k.index(0), done, size, [&](Value token) { tile(token, size); });
  int64_t left = isDynamic ? 1 : tokens % size;
  if (rest > 1 && rest < size && (isDynamic || left >= rest)) {
    Value end = upTo(arith::RemUIOp::create(k.b, k.loc, remainder, k.index(rest)));
    k.loop(done, end, rest, [&](Value token) { tile(token, rest); });
    done = end;
    left = isDynamic ? 1 : left % rest;
  }
  if (left > 0)
    k.loop(done, count, 1, [&](Value token) { tile(token, 1); });
}

void halftone::forRowTiles(KernelBuilder &k, Value begin, Value end, int64_t size,
                           function_ref<void(Value block, int64_t blocks)> tile) {
  if (size == 1)
    return k.loop(begin, end, 1, [&](Value block) { tile(block, 1); });
  Value count = arith::SubIOp::create(k.b, k.loc, end, begin);
  Value rest = arith::RemUIOp::create(k.b, k.loc, count, k.index(size));
  Value tiled = arith::SubIOp::create(k.b, k.loc, end, rest);
  k.loop(begin, tiled, size, [&](Value block) { tile(block, size); });
  k.loop(tiled, end, 1, [&](Value block) { tile(block, 1); });
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
