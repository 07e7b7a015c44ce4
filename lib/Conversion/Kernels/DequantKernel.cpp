//===- DequantKernel.cpp - Strategy dequant: unpack to float, FMA ---------===//
//
// For a block of 16 rows, elements in ascending order:
//   one scale per group:  s = fma(w[k], x[k], s) over the group's integer weights, y = fma(scale, s, y)
//                         (VS-Quant: over a vector, with the vector's scale; nvfp4: at the end y * scale of the tensor)
//   plane scales:         y = fma(w[k], x[k], y), w[k] = sum of +-scales, planes ascending
//   a scale per sign:     y = fma(w[k], x[k], y), w[k] = -s_1, 0 or s_0
//   floats:               y = fma(w[k], x[k], y)
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Tiles.h"
#include "WeightReader.h"

using namespace mlir;
using namespace halftone;

namespace {

struct DequantOperands {
  Value x, packed, y;
};

/// `blocks` blocks of 16 rows times `columns` tokens; sums are kept per (block, column), block first.
class DequantTile {
public:
  DequantTile(KernelBuilder &k, const MatmulShape &shape, const DequantOperands &args, Value rowBlock, int64_t blocks,
              Value token, int64_t columns)
      : k(k), shape(shape), args(args), groups(shape.format, shape.cols), columns(columns) {
    for (int64_t i = 0; i < blocks; ++i)
      readers.emplace_back(k, shape.format, shape.rows, shape.cols, args.packed, k.addIndex(rowBlock, i));
    for (int64_t c = 0; c < columns; ++c)
      tokens.push_back(k.addIndex(token, c));
  }

  void emit() {
    SmallVector<Value> sums(readers.size() * columns, k.splat(k.floats(), 0));
    if (shape.format.kind == FormatKind::Float)
      sums = emitFloats(sums);
    else
      sums = forGroups(k, groups, sums,
                       [&](Value group, bool last, ValueRange carried) { return emitGroup(group, last, carried); });
    for (auto [i, reader] : llvm::enumerate(readers))
      for (int64_t c = 0; c < columns; ++c)
        storeRows(k, tensorScaled(reader, sums[i * columns + c]), args.y, tokens[c], reader.block(), shape.rows,
                  kLanes);
  }

private:
  /// nvfp4: the tensor's scale is applied to whole sums.
  Value tensorScaled(WeightReader &reader, Value sum) {
    bool scaled = shape.format.kind == FormatKind::Vsq && shape.format.vectorScale == VsqScale::E4M3;
    return scaled ? k.mulF(sum, reader.rowScales()) : sum;
  }

  /// Adds weight times activation of one element, for every block and column.
  SmallVector<Value> accumulate(function_ref<Value(size_t reader)> weight, Value element, ValueRange sums) {
    SmallVector<Value> weights, next(sums);
    for (size_t i = 0; i < readers.size(); ++i)
      weights.push_back(weight(i));
    for (int64_t c = 0; c < columns; ++c) {
      Value activation = k.broadcast(k.loadScalar(args.x, {tokens[c], element}));
      for (auto [i, factor] : llvm::enumerate(weights)) {
        Value &sum = next[int64_t(i) * columns + c];
        sum = k.fma(factor, activation, sum);
      }
    }
    return next;
  }

  SmallVector<Value> emitFloats(ValueRange init) {
    return k.loop(k.index(0), k.index(shape.cols), 1, init, [&](Value element, ValueRange sums) {
      return accumulate(
          [&](size_t i) {
            Value block = k.mulIndex(readers[i].block(), shape.cols * kVectorBytes);
            return k.loadBytesAs(args.packed, k.affine(element, kVectorBytes, block), k.floats());
          },
          element, sums);
    });
  }

  SmallVector<Value> emitGroup(Value group, bool last, ValueRange carried) {
    for (WeightReader &reader : readers)
      reader.enterGroup(group);
    zeros.clear();
    if (!shape.format.planeScales)
      for (WeightReader &reader : readers)
        zeros.push_back(reader.zeros());
    Value firstElement = k.mulIndex(group, groups.size);
    int64_t size = last ? groups.lastSize : groups.size;
    if (vectorsPerGroup(shape.format) > 1)
      return emitVectors(firstElement, size, carried);
    bool direct = shape.format.planeScales || shape.format.scalePerSign;
    SmallVector<Value> sums(carried);
    if (!direct)
      sums.assign(sums.size(), k.splat(k.floats(), 0));
    sums = k.repeat(size / kStep, sums, [&](Value step, ValueRange values) {
      return emitStep(step, k.affine(step, kStep, firstElement), kStep, values);
    });
    if (int64_t rest = size % kStep)
      sums = emitStep(k.index(size / kStep), k.addIndex(firstElement, size - rest), rest, sums);
    if (direct)
      return sums;
    return scaled(sums, carried, 0);
  }

  /// Adds sums times the scales of the group, or of one of its vectors.
  SmallVector<Value> scaled(ValueRange sums, ValueRange carried, int64_t vector) {
    SmallVector<Value> next(sums);
    for (auto [i, reader] : llvm::enumerate(readers)) {
      Value scale = reader.scales(vector);
      for (int64_t at = i * columns; at < int64_t(i + 1) * columns; ++at)
        next[at] = k.fma(scale, sums[at], carried[at]);
    }
    return next;
  }

  /// The `size` elements of a step that holds several vectors of VS-Quant.
  SmallVector<Value> emitVectors(Value element, int64_t size, ValueRange carried) {
    SmallVector<Value> total(carried);
    for (WeightReader &reader : readers)
      reader.loadStep(k.index(0));
    for (int64_t first = 0; first < size; first += shape.format.group) {
      SmallVector<Value> sums(total.size(), k.splat(k.floats(), 0));
      for (int64_t i = first; i < std::min(first + shape.format.group, size); ++i)
        sums = accumulate([&](size_t reader) { return weight(reader, i / 4, i % 4); }, k.addIndex(element, i), sums);
      total = scaled(sums, total, first / shape.format.group);
    }
    return total;
  }

  /// Adds the first `count` elements of a step.
  SmallVector<Value> emitStep(Value step, Value element, int64_t count, ValueRange values) {
    SmallVector<Value> sums(values);
    for (WeightReader &reader : readers)
      reader.loadStep(step);
    for (int64_t i = 0; i < count; ++i)
      sums = accumulate([&](size_t reader) { return weight(reader, i / 4, i % 4); }, k.addIndex(element, i), sums);
    return sums;
  }

  Value weight(size_t i, int64_t chunk, int64_t j) {
    WeightReader &reader = readers[i];
    if (shape.format.planeScales)
      return reader.planeScaledWeight(chunk, j);
    if (shape.format.scalePerSign)
      return reader.perSignWeight(chunk, j);
    Value words = k.bitcast(reader.unpackChunk(chunk), k.words());
    Value u = k.andI(k.shrU(words, 8 * j), k.splat(k.words(), 255));
    return k.toFloat(k.subI(u, zeros[i]));
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DequantOperands &args;
  GroupShape groups;
  int64_t columns;
  std::vector<WeightReader> readers;
  SmallVector<Value> zeros; ///< per reader: the u of weight 0 in the group
  SmallVector<Value> tokens;
};

} // namespace

Kernel halftone::getDequantKernel(ModuleOp module, const MatmulShape &shape) {
  Builder b(module.getContext());
  Layout layout = shape.format.kind == FormatKind::Float ? Layout::Float16 : Layout::Rows16;
  PackedShape packed(shape.format, shape.rows, shape.cols, layout);
  Type f32 = b.getF32Type();
  std::string name = "dequant_" + shape.format.name() + "_" + sizeName(shape.rows) + "x" + sizeName(shape.cols) + "_t" +
                     sizeName(shape.tokens);
  // One token has one chain of additions per block; four of them hide the latency.
  int64_t rowTile = shape.tokens == 1 && packed.rowBlocks > 4 ? 4 : 1;
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({shape.tokens, shape.cols}, f32), MemRefType::get({packed.bytes}, b.getI8Type()),
       MemRefType::get({shape.tokens, shape.rows}, f32)},
      [&](KernelBuilder &k, ValueRange args) {
        DequantOperands operands{args[0], args[1], args[2]};
        TileLoops loops{args[3], args[4], rowTile, operands.y, 4 * shape.cols};
        forTiles(k, loops, [&](Value block, int64_t blocks, Value token, int64_t columns) {
          DequantTile(k, shape, operands, block, blocks, token, columns).emit();
        });
      });
  return {function, packed.rowBlocks};
}
