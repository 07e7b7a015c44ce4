//===- DequantKernel.cpp - Strategy dequant: unpack to float, FMA ---------===//
//
// For a block of 16 rows, elements in ascending order:
//   one scale per group:  s = fma(w[k], x[k], s) over the group's integer weights, y = fma(scale, s, y)
//   plane scales:         y = fma(w[k], x[k], y), w[k] = sum of +-scales, planes ascending
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

class DequantTile {
public:
  DequantTile(KernelBuilder &k, const MatmulShape &shape, const DequantOperands &args, Value rowBlock, Value token,
              int64_t columns)
      : k(k), shape(shape), args(args), reader(k, shape.format, shape.rows, shape.cols, args.packed),
        rowBlock(rowBlock), columns(columns) {
    for (int64_t c = 0; c < columns; ++c)
      tokens.push_back(k.addIndex(token, c));
  }

  void emit() {
    SmallVector<Value> sums(columns, k.splat(k.floats(), 0));
    if (shape.format.kind == FormatKind::Float)
      sums = emitFloats(sums);
    else
      sums = forGroups(k, reader.groupShape(), sums,
                       [&](Value group, bool last, ValueRange carried) { return emitGroup(group, last, carried); });
    for (int64_t c = 0; c < columns; ++c)
      storeRows(k, sums[c], args.y, tokens[c], rowBlock, shape.rows, kLanes);
  }

private:
  SmallVector<Value> accumulate(Value weights, Value element, ValueRange sums) {
    SmallVector<Value> next;
    for (int64_t c = 0; c < columns; ++c)
      next.push_back(k.fma(weights, k.broadcast(k.loadScalar(args.x, {tokens[c], element})), sums[c]));
    return next;
  }

  SmallVector<Value> emitFloats(ValueRange init) {
    Value block = k.mulIndex(rowBlock, shape.cols * kVectorBytes);
    return k.loop(k.index(0), k.index(shape.cols), 1, init, [&](Value element, ValueRange sums) {
      Value weights = k.loadBytesAs(args.packed, k.affine(element, kVectorBytes, block), k.floats());
      return accumulate(weights, element, sums);
    });
  }

  SmallVector<Value> emitGroup(Value group, bool last, ValueRange carried) {
    const GroupShape &groups = reader.groupShape();
    reader.enterGroup(rowBlock, group);
    Value firstElement = k.mulIndex(group, groups.size);
    int64_t size = last ? groups.lastSize : groups.size;
    bool planes = shape.format.planeScales;
    SmallVector<Value> sums(carried);
    if (!planes)
      sums.assign(columns, k.splat(k.floats(), 0));
    sums = k.repeat(size / kStep, sums, [&](Value step, ValueRange values) {
      return emitStep(step, k.affine(step, kStep, firstElement), kStep, values);
    });
    if (int64_t rest = size % kStep)
      sums = emitStep(k.index(size / kStep), k.addIndex(firstElement, size - rest), rest, sums);
    if (planes)
      return sums;
    Value scale = reader.scales();
    for (int64_t c = 0; c < columns; ++c)
      sums[c] = k.fma(scale, sums[c], carried[c]);
    return sums;
  }

  /// Adds the first `count` elements of a step.
  SmallVector<Value> emitStep(Value step, Value element, int64_t count, ValueRange values) {
    SmallVector<Value> sums(values);
    reader.loadStep(step);
    for (int64_t i = 0; i < count; ++i)
      sums = accumulate(weight(i / 4, i % 4), k.addIndex(element, i), sums);
    return sums;
  }

  Value weight(int64_t chunk, int64_t j) {
    if (shape.format.planeScales)
      return reader.planeScaledWeight(chunk, j);
    Value words = k.bitcast(reader.unpackChunk(chunk), k.words());
    Value u = k.andI(k.shrU(words, 8 * j), k.splat(k.words(), 255));
    return k.toFloat(k.subI(u, k.splat(k.words(), reader.offset())));
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DequantOperands &args;
  WeightReader reader;
  Value rowBlock;
  int64_t columns;
  SmallVector<Value> tokens;
};

} // namespace

Kernel halftone::getDequantKernel(ModuleOp module, const MatmulShape &shape) {
  Builder b(module.getContext());
  Layout layout = shape.format.kind == FormatKind::Float ? Layout::Float16 : Layout::Rows16;
  PackedShape packed(shape.format, shape.rows, shape.cols, layout);
  Type f32 = b.getF32Type();
  std::string name = "dequant_" + shape.format.name() + "_" + sizeName(shape.rows) + "x" + sizeName(shape.cols) +
                     "_t" + sizeName(shape.tokens);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({shape.tokens, shape.cols}, f32), MemRefType::get({packed.bytes}, b.getI8Type()),
       MemRefType::get({shape.tokens, shape.rows}, f32)},
      [&](KernelBuilder &k, ValueRange args) {
        DequantOperands operands{args[0], args[1], args[2]};
        k.loop(args[3], args[4], 1, [&](Value rowBlock) {
          forColumnTiles(k, shape.tokens, operands.y, [&](Value token, int64_t columns) {
            DequantTile(k, shape, operands, rowBlock, token, columns).emit();
          });
        });
      });
  return {function, packed.rowBlocks};
}
