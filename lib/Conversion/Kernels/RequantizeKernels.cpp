//===- RequantizeKernels.cpp - Activations as a format would keep them ----===//
//
//   static, per group:  y = s * clamp(round(x / s), -z, top - z)
//   per token:          y = round(x * (top / m)) * (m / top),  m = max |x|
// Rounding is to nearest even. Also the sum of the rows of
// a token whose product has several.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Tiles.h"

using namespace mlir;
using namespace halftone;

/// Adding and subtracting 1.5 * 2^23 rounds |x| < 2^22 to the nearest even integer.
static Value roundEven(KernelBuilder &k, Value x, VectorType type) {
  Value magic = k.splat(type, 12582912.0);
  return k.subF(k.addF(x, magic), magic);
}

Kernel halftone::getSumTokenRowsKernel(ModuleOp module, int64_t tokens, int64_t size, int64_t rows) {
  Type f32 = Builder(module.getContext()).getF32Type();
  int64_t all = ShapedType::isDynamic(tokens) ? tokens : rows * tokens;
  return perTokenKernel(module, "sum_rows" + std::to_string(rows) + "_" + sizeName(size) + "_t" + sizeName(tokens),
                        {MemRefType::get({all, size}, f32), MemRefType::get({tokens, size}, f32)},
                        [&](KernelBuilder &k, ValueRange args, Value token) {
                          Value first = k.mulIndex(token, rows);
                          k.forVectors(size, [&](Value offset, int64_t width) {
                            Value sum = k.load(args[0], {first, offset}, k.floats(width));
                            for (int64_t i = 1; i < rows; ++i)
                              sum = k.addF(sum, k.load(args[0], {k.addIndex(first, i), offset}, k.floats(width)));
                            k.store(sum, args[1], {token, offset});
                          });
                        });
}

Kernel halftone::getRequantizeKernel(ModuleOp module, int64_t tokens, int64_t size, int64_t groups, int64_t bits) {
  Type f32 = Builder(module.getContext()).getF32Type();
  auto rows = MemRefType::get({tokens, size}, f32), perGroup = MemRefType::get({groups}, f32);
  std::string name =
      "requantize" + std::to_string(bits) + "_" + sizeName(size) + "k" + sizeName(groups) + "_t" + sizeName(tokens);
  double top = double((int64_t(1) << bits) - 1);
  return perTokenKernel(module, name, {rows, perGroup, perGroup, rows},
                        [&](KernelBuilder &k, ValueRange args, Value token) {
                          k.loop(k.index(0), k.index(groups), 1, [&](Value group) {
                            Value scale = k.loadScalar(args[1], group), low = k.negF(k.loadScalar(args[2], group));
                            Value high = k.addF(low, k.f32(top)), first = k.mulIndex(group, size / groups);
                            k.forVectors(size / groups, [&](Value offset, int64_t width) {
                              Value column = k.addIndex(first, offset), s = k.broadcast(scale, width);
                              Value t = k.divF(k.load(args[0], {token, column}, k.floats(width)), s);
                              // maxnum and minnum take the bound where t is not a number.
                              t = arith::MaxNumFOp::create(k.b, k.loc, t, k.broadcast(low, width));
                              t = arith::MinNumFOp::create(k.b, k.loc, t, k.broadcast(high, width));
                              k.store(k.mulF(roundEven(k, t, k.floats(width)), s), args[3], {token, column});
                            });
                          });
                        });
}

Kernel halftone::getRequantizeTokensKernel(ModuleOp module, int64_t tokens, int64_t size, int64_t bits) {
  auto rows = MemRefType::get({tokens, size}, Builder(module.getContext()).getF32Type());
  std::string name = "requantize_tokens" + std::to_string(bits) + "_" + sizeName(size) + "_t" + sizeName(tokens);
  return perTokenKernel(module, name, {rows, rows}, [&](KernelBuilder &k, ValueRange args, Value token) {
    Value mask = k.splat(k.words(), 0x7fffffff), top = k.f32(bits == 16 ? 32512.0 : 127.0);
    SmallVector<Value> lanes =
        k.reduceVectors(size, k.splat(k.floats(), 0), [&](Value offset, int64_t width, ValueRange carried) {
          Value v = k.padded(k.load(args[0], {token, offset}, k.floats(width)), kLanes);
          Value magnitude = k.bitcast(k.andI(k.bitcast(v, k.words()), mask), k.floats());
          return SmallVector<Value>{arith::MaxNumFOp::create(k.b, k.loc, carried[0], magnitude)};
        });
    Value largest = k.maxLanes(lanes[0]);
    Value tiny = arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::OLT, largest, k.f32(1e-30));
    Value scale = k.select(tiny, k.f32(0.0), k.divF(largest, top));
    Value inverse = k.select(tiny, k.f32(0.0), k.divF(top, largest));
    k.forVectors(size, [&](Value offset, int64_t width) {
      Value scaled = k.mulF(k.load(args[0], {token, offset}, k.floats(width)), k.broadcast(inverse, width));
      k.store(k.mulF(roundEven(k, scaled, k.floats(width)), k.broadcast(scale, width)), args[1], {token, offset});
    });
  });
}
