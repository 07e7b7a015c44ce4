//===- Panel.cpp - Unpacked weights of a block of rows --------------------===//

#include "Panel.h"

using namespace mlir;
using namespace halftone;

/// Chunks of a step.
static constexpr int64_t kChunks = kStep / 4;
/// Bytes of columns that are read again for every row block. More than elsewhere: 16 rows read them slowly, and another
/// turn unpacks all weights again.
static constexpr int64_t kTurnBytes = 640 * 1024;

Panel::Panel(KernelBuilder &k, Value argument) : k(k), entry(cast<BlockArgument>(argument).getOwner()) {
  bytes = allocate(ArrayRef<int64_t>{kPanelSteps * kChunks * kVectorBytes}, k.i8());
}

Value Panel::allocate(ArrayRef<int64_t> sizes, Type element) {
  OpBuilder::InsertionGuard guard(k.b);
  k.b.setInsertionPointToStart(entry);
  return memref::AllocaOp::create(k.b, k.loc, MemRefType::get(sizes, element), k.b.getI64IntegerAttr(kVectorBytes));
}

Value Panel::allocate(int64_t count, Type element) { return allocate(ArrayRef<int64_t>{count, kLanes}, element); }

Value Panel::loadAfterFirst(Value rows, Value index, VectorType type, Value isFirst) const {
  return arith::SelectOp::create(k.b, k.loc, isFirst, k.splat(type, 0), load(rows, index, type));
}

static Value chunkOffset(KernelBuilder &k, Value step, int64_t chunk) {
  return k.affine(step, kChunks * kVectorBytes, k.index(chunk * kVectorBytes));
}

void Panel::unpack(PanelReader &reader, Value first, int64_t steps, Value place) const {
  k.loop(k.index(0), k.index(steps), 1, [&](Value i) {
    reader.loadStep(k.addIndex(first, i));
    for (int64_t chunk = 0; chunk < kChunks; ++chunk)
      k.store(reader.unpackChunk(chunk), bytes, chunkOffset(k, k.addIndex(place, i), chunk));
  });
}

Value Panel::chunk(Value step, int64_t chunk) const { return k.load(bytes, chunkOffset(k, step, chunk), k.bytes()); }

void Panel::multiply(MutableArrayRef<Value> sums, const DotColumns &dots, Value place, Value element, int64_t begin,
                     int64_t end, int64_t maxU) const {
  for (int64_t first = begin; first < end; first += dots.chunks()) {
    SmallVector<Value> weights;
    for (int64_t j = 0; j < dots.chunks(); ++j)
      weights.push_back(chunk(place, first + j));
    dots.multiply(sums, weights, k.addIndex(element, 4 * first), maxU);
  }
}

void halftone::forPanels(KernelBuilder &k, const GroupSpan &span, int64_t perPanel,
                         function_ref<void(Value first, int64_t count, bool last)> body) {
  auto [first, full, end] = span;
  int64_t rest = (full - first) % perPanel;
  if (full - rest > first)
    k.loop(k.index(first), k.index(full - rest), perPanel, [&](Value group) { body(group, perPanel, false); });
  if (rest > 0)
    body(k.index(full - rest), rest, false);
  if (full < end)
    body(k.index(full), 1, true);
}

TileLoops halftone::panelLoops(const MatmulShape &shape, const DotTiling &tiling, Value y, Value begin, Value end) {
  int64_t columns = kPanelColumns / tiling.columns * tiling.columns;
  return {begin, end, 1, y, shape.codeColumns, tiling.columns, tiling.columnPairs ? 2 : 1, columns, kTurnBytes};
}
