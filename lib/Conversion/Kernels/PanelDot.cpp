//===- PanelDot.cpp - Dot products of many columns ------------------------===//
//
// A panel is the bytes u of 16 rows and up to 1024 elements, which the first-level
// cache holds: unpacked once, then multiplied by all columns of a turn,
//   S[t] = sum_k u[k] * a[t][k],   exact in 32 bits
//   y[t] = fma(scale, float(factor * 2^shift * S[t] - zeros * sum_k a[t][k]), y[t])
// (PanelReader::Terms) group by group, as DotKernel does without panels. The float
// sums of a column wait in memory between panels, and so do the integer sums of a
// group that is longer than a panel.
//
//===----------------------------------------------------------------------===//

#include "PanelDot.h"
#include "DotColumns.h"
#include "Panel.h"
#include "PlaneReader.h"
#include "Tiles.h"
#include "TritReader.h"
#include "WeightReader.h"

using namespace mlir;
using namespace halftone;

namespace {

class PanelDot {
public:
  PanelDot(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, int64_t tableWidth,
           const DotTiling &tiling, const ColumnRange &range)
      : k(k), shape(shape), args(args), tableWidth(tableWidth), tiling(tiling), groups(shape.format, shape.cols),
        range(range.value_or(std::pair(int64_t(0), shape.cols))), panel(k, args.y) {
    splitsGroups = std::max(groups.steps, groups.lastSteps) > kPanelSteps;
    perPanel = std::max<int64_t>(kPanelSteps / groups.steps, 1);
  }

  void emit(Value begin, Value end) {
    loops = panelLoops(shape, tiling, args.y, begin, end);
    allocate(loops.mostColumns);
    forTurns(k, loops, [&](const ColumnTurn &each) {
      turn = each;
      k.loop(begin, end, 1, [&](Value rowBlock) { emitBlock(rowBlock); });
    });
  }

private:
  //===--- memory ------------------------------------------------------------===//

  void allocate(int64_t columns) {
    sums = panel.allocate(columns, k.f32());
    if (splitsGroups)
      exactSums = panel.allocate(columns, k.i32());
    scales = panel.allocate(perPanel, k.f32());
    factors = panel.allocate(perPanel, k.i32());
    zeros = panel.allocate(perPanel, k.i32());
  }

  /// Place of a token in what is kept for the columns of a turn.
  Value slotOf(Value token) { return arith::SubIOp::create(k.b, k.loc, token, turn.first); }

  Value isAt(Value index, int64_t place) {
    return arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::eq, index, k.index(place));
  }

  void forTokens(function_ref<void(Value token)> body) { k.loop(turn.first, turn.end, 1, body); }

  //===--- a block of 16 rows ------------------------------------------------===//

  void emitBlock(Value rowBlock) {
    std::unique_ptr<PanelReader> owned;
    if (shape.layout == Layout::Trits16)
      owned = std::make_unique<TritReader>(k, shape.format, shape.rows, shape.cols, args.packed, rowBlock);
    else if (shape.layout == Layout::Rows64)
      owned =
          std::make_unique<PlaneReader>(k, shape.format, shape.rows, shape.cols, args.packed, rowBlock, kPanelSteps);
    else
      owned = std::make_unique<WeightReader>(k, shape.format, shape.rows, shape.cols, args.packed, rowBlock, tableWidth,
                                             tiling.fastU, /*oneColumn=*/false, kPanelSteps);
    reader = owned.get();
    if (splitsGroups)
      emitSplitGroups();
    else
      emitWholeGroups();
    forTokens([&](Value token) {
      Value scale = k.broadcast(k.loadScalar(args.scales, token));
      Value sum = panel.load(sums, slotOf(token), k.floats());
      storeRows(k, k.mulF(sum, scale), args.y, token, rowBlock, shape.rows, kLanes);
    });
  }

  /// Groups with codes.
  GroupSpan groupsInRange() const {
    int64_t end = (range.second - 1) / groups.size + 1;
    bool shortTail = groups.lastSteps != groups.steps && end == groups.count;
    return {range.first / groups.size, end - (shortTail ? 1 : 0), end};
  }

  void emitWholeGroups() {
    forPanels(k, groupsInRange(), perPanel, [&](Value first, int64_t count, bool last) {
      emitGroups(first, count, last ? groups.lastSteps : groups.steps);
    });
  }

  /// `count` groups of `steps` steps each, in one panel.
  void emitGroups(Value first, int64_t count, int64_t steps) {
    k.loop(k.index(0), k.index(count), 1, [&](Value i) {
      enterGroup(k.addIndex(first, i), i);
      panel.unpack(*reader, k.index(0), steps, k.mulIndex(i, steps));
    });
    forColumnTiles(k, loops, turn, [&](Value token, int64_t columns) {
      DotColumns dots(k, args.codes, token, columns, tiling.columnPairs);
      SmallVector<Value> floats;
      for (Value each : dots.tokens())
        floats.push_back(panel.loadAfterFirst(sums, slotOf(each), k.floats(), isAt(first, groupsInRange().first)));
      floats = k.loop(k.index(0), k.index(count), 1, floats, [&](Value i, ValueRange carried) {
        Value group = k.addIndex(first, i);
        SmallVector<Value> exact = multiply(dots, k.mulIndex(i, steps), k.mulIndex(group, groups.steps * kStep), steps),
                           next;
        for (auto [c, sum] : llvm::enumerate(exact))
          next.push_back(addGroup(dots.tokens()[c], group, i, sum, carried[c]));
        return next;
      });
      for (auto [each, sum] : llvm::zip(dots.tokens(), floats))
        panel.store(sum, sums, slotOf(each));
    });
  }

  //===--- groups longer than a panel ----------------------------------------===//

  void emitSplitGroups() {
    auto [first, full, end] = groupsInRange();
    bool isRow = groups.count == 1;
    int64_t begin = isRow ? range.first / kStep : 0, last = isRow ? (range.second - 1) / kStep + 1 : 0;
    if (first < full)
      k.loop(k.index(first), k.index(full), 1,
             [&](Value group) { emitSplitGroup(group, begin, isRow ? last : groups.steps); });
    if (full < end)
      emitSplitGroup(k.index(full), begin, isRow ? last : groups.lastSteps);
  }

  void emitSplitGroup(Value group, int64_t begin, int64_t end) {
    enterGroup(group, k.index(0));
    int64_t rest = (end - begin) % kPanelSteps;
    if (begin < end - rest)
      k.loop(k.index(begin), k.index(end - rest), kPanelSteps,
             [&](Value step) { emitPart(group, step, kPanelSteps, begin); });
    if (rest > 0)
      emitPart(group, k.index(end - rest), rest, begin);
    Value isFirst = isAt(group, groupsInRange().first);
    forTokens([&](Value token) {
      Value slot = slotOf(token), exact = panel.load(exactSums, slot, k.words());
      Value y = panel.loadAfterFirst(sums, slot, k.floats(), isFirst);
      panel.store(addGroup(token, group, k.index(0), exact, y), sums, slot);
    });
  }

  /// `steps` steps of a group from `step` on; the first of the group is `begin`.
  void emitPart(Value group, Value step, int64_t steps, int64_t begin) {
    Value isFirst = isAt(step, begin);
    panel.unpack(*reader, step, steps, k.index(0));
    Value element = k.affine(group, groups.steps * kStep, k.mulIndex(step, kStep));
    forColumnTiles(k, loops, turn, [&](Value token, int64_t columns) {
      DotColumns dots(k, args.codes, token, columns, tiling.columnPairs);
      for (auto [each, sum] : llvm::zip(dots.tokens(), multiply(dots, k.index(0), element, steps))) {
        Value before = panel.loadAfterFirst(exactSums, slotOf(each), k.words(), isFirst);
        panel.store(k.addI(before, sum), exactSums, slotOf(each));
      }
    });
  }

  //===--- panels ------------------------------------------------------------===//

  /// Positions the reader at a group and keeps what its columns share, as entry `i`.
  void enterGroup(Value group, Value i) {
    reader->enterGroup(group);
    PanelReader::Terms terms = reader->terms();
    panel.store(reader->groupScales(), scales, i);
    if (terms.factor)
      panel.store(terms.factor, factors, i);
    if (terms.zeros)
      panel.store(terms.zeros, zeros, i);
    common = terms;
  }

  /// y with a group's exact sum added; entry `i` is the group's.
  Value addGroup(Value token, Value group, Value i, Value sum, Value y) {
    PanelReader::Terms terms = common;
    terms.factor = common.factor ? panel.load(factors, i, k.words()) : Value();
    terms.zeros = common.zeros ? panel.load(zeros, i, k.words()) : Value();
    Value exact = terms.apply(k, sum, k.loadScalar(args.sums, {token, group}));
    return k.fma(panel.load(scales, i, k.floats()), k.toFloat(exact), y);
  }

  /// Sums of the panel's steps from `place` on times the activations from `element` on, per column.
  SmallVector<Value> multiply(const DotColumns &dots, Value place, Value element, int64_t steps) {
    int64_t maxU = reader->maxU();
    bool inLongBlocks = tiling.pairs() && maxU <= tiling.fastU;
    return dots.perColumn(forSteps(k, steps, inLongBlocks, dots.zeros(1), [&](Value step, ValueRange values) {
      SmallVector<Value> acc(values);
      panel.multiply(acc, dots, k.addIndex(place, step), k.affine(step, kStep, element), 0, kStep / 4, maxU);
      return acc;
    }));
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DotOperands &args;
  int64_t tableWidth;
  const DotTiling &tiling;
  GroupShape groups;
  std::pair<int64_t, int64_t> range; ///< of columns
  Panel panel;
  bool splitsGroups;
  int64_t perPanel; ///< groups in a panel
  TileLoops loops;
  ColumnTurn turn;
  PanelReader *reader = nullptr;
  PanelReader::Terms common;    ///< which terms the format has, and their constants
  Value sums, exactSums;        ///< [columns][16]
  Value scales, factors, zeros; ///< [groups of a panel][16]
};

} // namespace

void halftone::emitPanelDot(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, int64_t tableWidth,
                            const DotTiling &tiling, const ColumnRange &range, Value begin, Value end) {
  PanelDot(k, shape, args, tableWidth, tiling, range).emit(begin, end);
}
