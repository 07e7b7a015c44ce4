//===- DotKernel.cpp - Strategy dot: unpack to bytes, four-way dot --------===//
//
// For a block of 16 rows and a tile of tokens, per group:
//   S[t] = sum_k u[k] * a[t][k] - zero * sum_k a[t][k],   exact in 32 bits
// with the format's offset as zero, or that of the row and group;
//   y[t] = fma(scale, float(S[t]), y[t])
// and at the end y[t] * scale of token t. Each unpacked vector of 16 rows x 4
// elements meets the broadcast 4 activations of every token of the tile, or two of them
// the 8 activations of two tokens (DotColumns). Many columns share what is unpacked (PanelDot).
//
//===----------------------------------------------------------------------===//

#include "DotColumns.h"
#include "Kernels.h"
#include "PanelDot.h"
#include "TernaryDot.h"
#include "Tiles.h"
#include "VectorScaledDot.h"
#include "VectorScaledPanel.h"
#include "WeightReader.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

namespace {

/// `blocks` blocks of 16 rows times `columns` tokens; sums are kept per (block, column), block first.
class DotTile {
public:
  DotTile(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, int64_t tableWidth,
          const DotTiling &tiling, const ColumnRange &range, Value rowBlock, int64_t blocks, Value token,
          int64_t columns)
      : k(k), shape(shape), args(args), tiling(tiling), groups(shape.format, shape.cols),
        range(range.value_or(std::pair(int64_t(0), shape.cols))), columns(columns),
        dots(k, args.codes, token, columns, tiling.columnPairs), tokens(dots.tokens()) {
    for (int64_t i = 0; i < blocks; ++i)
      readers.emplace_back(k, shape.format, shape.rows, shape.cols, args.packed, k.addIndex(rowBlock, i), tableWidth,
                           tiling.fastU, columns == 1);
    if (columns > 1)
      return;
    chains = parts = readers.front().partSums().size();
    // One accumulator would wait for the latency of the dot product; in 16 bits that is an addition's.
    if (parts == 1 && !tiling.pairs())
      chains = std::max<int64_t>(4 / blocks, 1);
  }

  void emit() {
    SmallVector<Value> sums(readers.size() * columns, k.splat(k.floats(), 0));
    sums = forGroups(k, groups, range.first / groups.size, (range.second - 1) / groups.size + 1, sums,
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
    SmallVector<Value> acc = dots.zeros(readers.size() * chains);
    // A row that is one group may have codes in some of its steps only.
    bool isRow = groups.count == 1;
    int64_t begin = isRow ? range.first / kStep : 0, end = last ? groups.lastSteps : groups.steps;
    acc = emitSteps(begin, isRow ? (range.second - 1) / kStep + 1 : end, firstElement, acc);
    SmallVector<Value> next;
    for (size_t i = 0; i < readers.size(); ++i) {
      WeightReader &reader = readers[i];
      Value scale = reader.scales();
      auto addColumn = [&](int64_t c, ArrayRef<Value> sums) {
        Value exact = reader.exactSum(sums, k.loadScalar(args.sums, {tokens[c], group}));
        next.push_back(k.fma(scale, k.toFloat(exact), carried[i * columns + c]));
      };
      int64_t count = dots.sumCount() * chains;
      SmallVector<Value> sums(ArrayRef<Value>(acc).slice(i * count, count));
      if (columns > 1) {
        for (auto [c, sum] : llvm::enumerate(dots.perColumn(sums)))
          addColumn(c, sum);
        continue;
      }
      for (int64_t chain = parts; chain < chains; ++chain)
        sums[0] = k.addI(sums[0], sums[chain]);
      addColumn(0, ArrayRef<Value>(sums).take_front(parts));
    }
    return next;
  }

  SmallVector<Value> emitSteps(int64_t begin, int64_t end, Value firstElement, ArrayRef<Value> init) {
    bool inLongBlocks = tiling.pairs() && (columns == 1 || readers.front().maxU() <= tiling.fastU);
    return forSteps(k, end - begin, inLongBlocks, init, [&](Value i, ValueRange values) {
      Value step = k.addIndex(i, begin);
      return emitStep(step, k.affine(step, kStep, firstElement), values);
    });
  }

  SmallVector<Value> emitStep(Value step, Value element, ValueRange values) {
    SmallVector<Value> acc(values);
    for (WeightReader &reader : readers)
      reader.loadStep(step);
    for (int64_t chunk = 0; chunk < kStep / 4; chunk += dots.chunks()) {
      Value first = k.addIndex(element, 4 * chunk);
      for (auto [i, reader] : llvm::enumerate(readers)) {
        if (columns == 1) {
          for (WeightReader::Part &part : reader.unpackParts(chunk)) {
            Value &sum = acc[i * chains + (parts == 1 ? chunk % chains : part.sum)];
            sum = simd::Dot4Op::create(k.b, k.loc, sum, part.bytes, dots.activations(0, first), uint32_t(part.maxU));
          }
          continue;
        }
        SmallVector<Value> weights;
        for (int64_t j = 0; j < dots.chunks(); ++j)
          weights.push_back(reader.unpackChunk(chunk + j));
        int64_t count = dots.sumCount();
        dots.multiply(MutableArrayRef<Value>(acc).slice(i * count, count), weights, first, reader.maxU());
      }
    }
    return acc;
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DotOperands &args;
  const DotTiling &tiling;
  GroupShape groups;
  std::pair<int64_t, int64_t> range; ///< of columns
  int64_t columns;
  int64_t parts = 1;  ///< sums per (block, column) that the reader's parts have
  int64_t chains = 1; ///< accumulators per (block, column): one per part, or several that take turns for one part
  DotColumns dots;
  ArrayRef<Value> tokens;
  std::vector<WeightReader> readers;
};

} // namespace

/// What a kernel's name says of its tiling: nothing of the usual one.
static std::string tilingName(const DotTiling &tiling) {
  DotTiling usual;
  std::string name;
  auto add = [&](const char *letter, int64_t value, int64_t usualValue) {
    if (value != usualValue)
      name += std::string("_") + letter + std::to_string(value);
  };
  add("b", tiling.blocks, usual.blocks);
  add("c", tiling.columns, usual.columns);
  add("u", tiling.fastU, usual.fastU);
  if (tiling.columnPairs)
    name += "_p2";
  return name;
}

Kernel halftone::getDotKernel(ModuleOp module, const MatmulShape &shape, int64_t tableWidth, const DotTiling &tiling,
                              const ColumnRange &range) {
  Builder b(module.getContext());
  GroupShape groups(shape.format, shape.cols);
  PackedShape packed(shape.format, shape.rows, shape.cols, shape.layout);
  Type i8 = b.getI8Type(), f32 = b.getF32Type();
  bool trits = shape.layout == Layout::Trits16, planes = shape.layout == Layout::Rows64;
  bool usesTables = tableWidth >= 128 && shape.format.kind == FormatKind::Bcq && !planes;
  std::string name = std::string(usesTables ? "dot128_"
                                 : trits    ? "dot_trits_"
                                 : planes   ? "dot_planes_"
                                            : "dot_") +
                     shape.format.name() + "_" + sizeName(shape.rows) + "x" + sizeName(shape.cols) + "_t" +
                     sizeName(shape.tokens) + tilingName(tiling) +
                     codeColumnsName(shape.codeColumns, groups.paddedCols());
  if (range)
    name += "_from" + std::to_string(range->first) + "to" + std::to_string(range->second);
  int64_t rowTile = shape.tokens == 1 && packed.rowBlocks > 1 && !trits ? tiling.blocks : 1;
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({shape.tokens, shape.codeColumns}, i8), MemRefType::get({shape.tokens}, f32),
       MemRefType::get({shape.tokens, shape.format.groupCount(shape.cols)}, b.getI32Type()),
       MemRefType::get({packed.bytes}, i8), MemRefType::get({shape.tokens, shape.rows}, f32)},
      [&](KernelBuilder &k, ValueRange args) {
        DotOperands operands{args[0], args[1], args[2], args[3], args[4], {}};
        // Weights are unpacked to panels where many columns share them, and always those in bit planes, or by every
        // tile for itself.
        bool isVsq = shape.format.kind == FormatKind::Vsq;
        auto panels = [&] {
          if (isVsq)
            return emitVectorScaledPanel(k, shape, nullptr, operands, tiling, args[5], args[6]);
          emitPanelDot(k, shape, operands, tableWidth, tiling, range, args[5], args[6]);
        };
        if (planes)
          return panels();
        TileLoops loops{
            args[5], args[6], rowTile, operands.y, shape.codeColumns, tiling.columns, tiling.columnPairs ? 2 : 1};
        auto tiles = [&] {
          forTiles(k, loops, [&](Value rowBlock, int64_t blocks, Value token, int64_t columns) {
            if (isVsq)
              return emitVectorScaledDot(k, shape, nullptr, operands, rowBlock, blocks, token, columns,
                                         tiling.columnPairs);
            if (shape.format.scalePerSign || trits)
              return emitTernaryDot(k, shape, operands, rowBlock, blocks, token, columns, tiling.columnPairs);
            DotTile(k, shape, operands, tableWidth, tiling, range, rowBlock, blocks, token, columns).emit();
          });
        };
        if (shape.format.scalePerSign)
          return tiles();
        emitByColumns(k, operands.y, kUnpackingTiles * tiling.columns, panels, tiles);
      });
  return {function, int64_t(llvm::divideCeil(shape.rows, kLanes))};
}
