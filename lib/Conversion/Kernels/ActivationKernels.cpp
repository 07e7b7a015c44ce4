//===- ActivationKernels.cpp - Activations to integers, per token ---------===//
//
//   m = max |x|; scale = m / q; code = round-to-nearest-even(x * (q / m)), q = 2^(bits-1) - 1
// A row whose m is below 1e-30 (its reciprocal would overflow) counts as zero.
// One bit: scale = mean |x|, code = +1 for x >= 0, else -1.
// Codes are stored in packed order: each group padded with zeros to whole steps.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "Kernels.h"

using namespace mlir;
using namespace halftone;

namespace {

/// Adding and subtracting 1.5 * 2^23 rounds |x| < 2^22 to the nearest even integer; the low bits of the sum's
/// pattern are that integer. The same on every target, and no library call.
constexpr double kRoundMagic = 12582912.0;
constexpr int64_t kRoundMagicBits = 0x4b400000;

class ActivationQuantizer {
public:
  ActivationQuantizer(KernelBuilder &k, const GroupShape &groups, int64_t bits, ValueRange args)
      : k(k), groups(groups), bits(bits), x(args[0]), codes(args[1]), scales(args[2]), sums(args[3]) {}

  void emitToken(Value token) {
    Value factor = bits == 1 ? emitMeanScale(token) : emitMaxScale(token);
    bool shortTail = groups.lastSize != groups.size;
    k.repeat(groups.count - (shortTail ? 1 : 0), {}, [&](Value group, ValueRange) {
      emitGroup(token, group, groups.size, groups.steps, factor);
      return SmallVector<Value>();
    });
    if (shortTail)
      emitGroup(token, k.index(groups.count - 1), groups.lastSize, groups.lastSteps, factor);
  }

private:
  /// Stores the scale of the largest magnitude and returns its inverse in 16 lanes.
  Value emitMaxScale(Value token) {
    Value largest = k.maxLanes(reduceMagnitudes(token, [&](Value sum, Value magnitude) -> Value {
      return arith::MaxNumFOp::create(k.b, k.loc, sum, magnitude);
    }));
    Value limit = k.f32(double((int64_t(1) << (bits - 1)) - 1));
    Value tiny = isTiny(largest);
    k.storeScalar(k.select(tiny, k.f32(0.0), k.divF(largest, limit)), scales, token);
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

  /// 16 codes as words; lanes from `width` on are zero.
  Value emitCodes(Value v, int64_t width, Value factor) {
    if (bits > 1) {
      Value rounded = k.addF(k.mulF(v, factor), k.splat(k.floats(), kRoundMagic));
      return k.subI(k.bitcast(rounded, k.words()), k.splat(k.words(), kRoundMagicBits));
    }
    Value isPositive = arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::OGE, v, k.splat(k.floats(), 0));
    SmallVector<int64_t> ones(width, 1), minusOnes(width, -1);
    ones.resize(kLanes, 0);
    minusOnes.resize(kLanes, 0);
    return k.select(isPositive, k.constant(k.words(), ones), k.constant(k.words(), minusOnes));
  }

  void emitGroup(Value token, Value group, int64_t size, int64_t steps, Value factor) {
    Value from = k.mulIndex(group, groups.size), to = k.mulIndex(group, groups.steps * kStep);
    int64_t covered = 0;
    SmallVector<Value> sum =
        k.reduceVectors(size, k.splat(k.words(), 0), [&](Value offset, int64_t width, ValueRange carried) {
          Value v = k.padded(k.load(x, {token, k.addIndex(from, offset)}, k.floats(width)), kLanes);
          Value code = emitCodes(v, width, factor);
          k.store(arith::TruncIOp::create(k.b, k.loc, k.bytes(kLanes), code), codes, {token, k.addIndex(to, offset)});
          covered += width < kLanes ? kLanes : 0;
          return SmallVector<Value>{k.addI(carried[0], code)};
        });
    covered += size / kLanes * kLanes;
    for (; covered < steps * kStep; covered += kLanes)
      k.store(k.splat(k.bytes(kLanes), 0), codes, {token, k.addIndex(to, covered)});
    k.storeScalar(k.sumLanes(sum[0]), sums, {token, group});
  }

  KernelBuilder &k;
  const GroupShape &groups;
  int64_t bits;
  Value x, codes, scales, sums;
};

} // namespace

Kernel halftone::getQuantizeActivationsKernel(ModuleOp module, int64_t tokens, int64_t cols, int64_t group,
                                              int64_t bits) {
  Builder b(module.getContext());
  GroupShape groups(group, cols);
  Type f32 = b.getF32Type();
  std::string name = (bits == 8 ? "quantize_" : "quantize" + std::to_string(bits) + "_") + sizeName(cols) + "g" +
                     std::to_string(groups.size) + "_t" + sizeName(tokens);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({tokens, cols}, f32), MemRefType::get({tokens, groups.paddedCols()}, b.getI8Type()),
       MemRefType::get({tokens}, f32), MemRefType::get({tokens, groups.count}, b.getI32Type())},
      [&](KernelBuilder &k, ValueRange args) {
        ActivationQuantizer quantizer(k, groups, bits, args);
        k.loop(args[4], args[5], 1, [&](Value token) { quantizer.emitToken(token); });
      });
  return {function, 1, /*perToken=*/true};
}
