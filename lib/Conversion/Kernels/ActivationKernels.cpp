//===- ActivationKernels.cpp - Activations to integers, per token ---------===//
//
//   m = max |x|; scale = m / q; code = round-to-nearest-even(x * (q / m)), q = 2^(bits-1) - 1
// A row whose m is below 1e-30 (its reciprocal would overflow) counts as zero.
// One bit: scale = mean |x|, code = +1 for x >= 0, else -1.
// 16 bits: q = 32512 = 255 * 127 + 127. A code is 255 * high + low, and the two are stored as two tokens of 8 bits with
// the scales 255 * scale and scale.
// Codes are stored in packed order: each group padded with zeros to whole steps.
//
//===----------------------------------------------------------------------===//

#include "ActivationCodes.h"
#include "Kernels.h"

using namespace mlir;
using namespace halftone;

namespace {

class ActivationQuantizer {
public:
  ActivationQuantizer(KernelBuilder &k, const GroupShape &groups, int64_t vectors, int64_t bits, ValueRange args)
      : k(k), groups(groups), bits(bits), halves(bits == 16 ? 2 : 1), x(args[0]), scales(args[2]),
        rows{groups, vectors, args[0], args[1], args[3]} {}

  void emitToken(Value token) {
    Value factor = bits == 1 ? emitMeanScale(token) : emitMaxScale(token);
    rows.emit(k, token, row(token, 0), halves,
              [&](Value v, Value, int64_t width) { return codesOf(v, width, factor); });
  }

private:
  /// Stores the scale of the largest magnitude and returns its inverse in 16 lanes.
  Value emitMaxScale(Value token) {
    Value largest = k.maxLanes(reduceMagnitudes(token, [&](Value sum, Value magnitude) -> Value {
      return arith::MaxNumFOp::create(k.b, k.loc, sum, magnitude);
    }));
    Value limit = k.f32(halves == 2 ? double(kDigitWeight * 127 + 127) : double((int64_t(1) << (bits - 1)) - 1));
    Value tiny = isTiny(largest), scale = k.select(tiny, k.f32(0.0), k.divF(largest, limit));
    k.storeScalar(scale, scales, row(token, halves - 1));
    if (halves == 2)
      k.storeScalar(k.mulF(scale, k.f32(double(kDigitWeight))), scales, row(token, 0));
    return k.broadcast(k.select(tiny, k.f32(0.0), k.divF(limit, largest)));
  }

  /// Stores the mean magnitude; codes need no factor.
  Value emitMeanScale(Value token) {
    Value sum = k.sumLanes(reduceMagnitudes(token, [&](Value a, Value b) { return k.addF(a, b); }));
    Value mean = k.divF(sum, k.f32(double(groups.cols)));
    k.storeScalar(k.select(isTiny(mean), k.f32(0.0), mean), scales, token);
    return Value();
  }

  Value isTiny(Value scalar) {
    return arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::OLT, scalar, k.f32(1e-30));
  }

  /// Combines the magnitudes of a token in 16 lanes.
  Value reduceMagnitudes(Value token, function_ref<Value(Value, Value)> combine) {
    Value mask = k.splat(k.words(), 0x7fffffff);
    auto lanes =
        k.reduceVectors(groups.cols, k.splat(k.floats(), 0), [&](Value offset, int64_t width, ValueRange carried) {
          Value v = k.padded(k.load(x, {token, offset}, k.floats(width)), kLanes);
          Value magnitude = k.bitcast(k.andI(k.bitcast(v, k.words()), mask), k.floats());
          return SmallVector<Value>{combine(carried[0], magnitude)};
        });
    return lanes[0];
  }

  /// 16 codes as words, or their high and low halves; lanes from `width` on are zero.
  SmallVector<Value> codesOf(Value v, int64_t width, Value factor) {
    if (bits > 1) {
      auto [rounded, code] = roundEven(k, k.mulF(v, factor));
      return splitDigits(k, rounded, code, halves);
    }
    Value isPositive = arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::OGE, v, k.splat(k.floats(), 0));
    SmallVector<int64_t> ones(width, 1), minusOnes(width, -1);
    ones.resize(kLanes, 0);
    minusOnes.resize(kLanes, 0);
    return {k.select(isPositive, k.constant(k.words(), ones), k.constant(k.words(), minusOnes))};
  }

  /// The row of a half of a token: high, then low.
  Value row(Value token, int64_t half) { return k.affine(token, halves, k.index(half)); }

  KernelBuilder &k;
  const GroupShape &groups;
  int64_t bits;
  int64_t halves; ///< rows of codes per token
  Value x, scales;
  CodeRows rows;
};

} // namespace

Kernel halftone::getQuantizeActivationsKernel(ModuleOp module, int64_t tokens, int64_t cols,
                                              const CodeGroups &codeGroups, int64_t bits, int64_t codeColumns) {
  Builder b(module.getContext());
  GroupShape groups(codeGroups.size, cols);
  Type f32 = b.getF32Type();
  std::string name = (bits == 8 ? "quantize_" : "quantize" + std::to_string(bits) + "_") + sizeName(cols) + "g" +
                     std::to_string(groups.size) + vectorName(codeGroups) + "_t" + sizeName(tokens) +
                     codeColumnsName(codeColumns, groups.paddedCols());
  int64_t rows = ShapedType::isDynamic(tokens) || bits < 16 ? tokens : 2 * tokens;
  auto function = getOrCreateKernel(module, UnknownLoc::get(module.getContext()), name,
                                    {MemRefType::get({tokens, cols}, f32),
                                     MemRefType::get({rows, codeColumns}, b.getI8Type()), MemRefType::get({rows}, f32),
                                     MemRefType::get({rows, codeGroups.sumCount(cols)}, b.getI32Type())},
                                    [&](KernelBuilder &k, ValueRange args) {
                                      ActivationQuantizer quantizer(k, groups, codeGroups.vectors(), bits, args);
                                      k.loop(args[4], args[5], 1, [&](Value token) { quantizer.emitToken(token); });
                                    });
  return {function, 1, /*perToken=*/true};
}
