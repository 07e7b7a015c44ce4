//===- ActivationKernels.cpp - Activations to int8, per token -------------===//
//
//   m = max |x|; scale = m / 127; code = round-to-nearest-even(x * (127 / m))
// A row whose m is below 1e-30 (its reciprocal would overflow) counts as zero.
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
  ActivationQuantizer(KernelBuilder &k, const GroupShape &groups, ValueRange args)
      : k(k), groups(groups), x(args[0]), codes(args[1]), scales(args[2]), sums(args[3]) {}

  void emitToken(Value token) {
    Value largest = emitMax(token);
    Value tiny = arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::OLT, largest, k.f32(1e-30));
    Value scale = k.select(tiny, k.f32(0.0), k.divF(largest, k.f32(127.0)));
    Value inverse = k.select(tiny, k.f32(0.0), k.divF(k.f32(127.0), largest));
    k.storeScalar(scale, scales, token);
    Value factor = k.broadcast(inverse);
    bool shortTail = groups.lastSize != groups.size;
    k.repeat(groups.count - (shortTail ? 1 : 0), {}, [&](Value group, ValueRange) {
      emitGroup(token, group, groups.size, groups.steps, factor);
      return SmallVector<Value>();
    });
    if (shortTail)
      emitGroup(token, k.index(groups.count - 1), groups.lastSize, groups.lastSteps, factor);
  }

private:
  Value emitMax(Value token) {
    Value mask = k.splat(k.words(), 0x7fffffff);
    SmallVector<Value> largest =
        k.reduceVectors(groups.cols, k.splat(k.floats(), 0), [&](Value offset, int64_t width, ValueRange carried) {
          Value v = k.padded(k.load(x, {token, offset}, k.floats(width)), kLanes);
          Value magnitude = k.bitcast(k.andI(k.bitcast(v, k.words()), mask), k.floats());
          return SmallVector<Value>{arith::MaxNumFOp::create(k.b, k.loc, carried[0], magnitude)};
        });
    return k.maxLanes(largest[0]);
  }

  void emitGroup(Value token, Value group, int64_t size, int64_t steps, Value factor) {
    Value from = k.mulIndex(group, groups.size), to = k.mulIndex(group, groups.steps * kStep);
    int64_t covered = 0;
    SmallVector<Value> sum =
        k.reduceVectors(size, k.splat(k.words(), 0), [&](Value offset, int64_t width, ValueRange carried) {
          Value v = k.padded(k.load(x, {token, k.addIndex(from, offset)}, k.floats(width)), kLanes);
          Value rounded = k.addF(k.mulF(v, factor), k.splat(k.floats(), kRoundMagic));
          Value code = k.subI(k.bitcast(rounded, k.words()), k.splat(k.words(), kRoundMagicBits));
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
  Value x, codes, scales, sums;
};

} // namespace

Kernel halftone::getQuantizeActivationsKernel(ModuleOp module, int64_t tokens, int64_t cols, int64_t group) {
  Builder b(module.getContext());
  GroupShape groups(group, cols);
  Type f32 = b.getF32Type();
  std::string name = "quantize_" + sizeName(cols) + "g" + std::to_string(groups.size) + "_t" + sizeName(tokens);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({tokens, cols}, f32), MemRefType::get({tokens, groups.paddedCols()}, b.getI8Type()),
       MemRefType::get({tokens}, f32), MemRefType::get({tokens, groups.count}, b.getI32Type())},
      [&](KernelBuilder &k, ValueRange args) {
        ActivationQuantizer quantizer(k, groups, args);
        k.loop(args[4], args[5], 1, [&](Value token) { quantizer.emitToken(token); });
      });
  return {function, 1, /*perToken=*/true};
}
