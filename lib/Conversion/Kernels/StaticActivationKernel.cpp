//===- StaticActivationKernel.cpp - Activations to static integers --------===//
//
//   d = clamp(round(x / s), -z, top - z),   s and z of the group of the dimension
// as digits of 255, each in a row of its own; see lowbit.quantize_activations_static.
// The rows of a group have zeros in all other dimensions, so that a kernel that knows
// one scale per token computes the product of one group.
//
//===----------------------------------------------------------------------===//

#include "ActivationCodes.h"
#include "Kernels.h"
#include <numeric>

using namespace mlir;
using namespace halftone;

namespace {

class StaticQuantizer {
public:
  StaticQuantizer(KernelBuilder &k, const GroupShape &weights, int64_t vectors, const StaticActivations &format,
                  ValueRange args)
      : k(k), format(format), width(weights.cols / format.groups), steps(args[1]), zeros(args[2]), scales(args[4]),
        rows{weights, vectors, args[0], args[3], args[5]} {}

  void emitToken(Value token) {
    if (format.only)
      return emitGroup(token, k.index(*format.only), k.mulIndex(token, format.digits));
    k.repeat(format.groups, {}, [&](Value group, ValueRange) {
      emitGroup(token, group, k.mulIndex(k.affine(token, format.groups, group), format.digits));
      return SmallVector<Value>();
    });
  }

private:
  void emitGroup(Value token, Value group, Value firstRow) {
    Value step = k.loadScalar(steps, group), low = k.negF(k.loadScalar(zeros, group));
    Value high = k.addF(low, k.f32(double((int64_t(1) << format.bits) - 1)));
    int64_t weight = 1;
    for (int64_t digit = format.digits - 1; digit >= 0; --digit, weight *= kDigitWeight)
      k.storeScalar(k.mulF(step, k.f32(double(weight))), scales, k.addIndex(firstRow, digit));
    Value s = k.broadcast(step), lowest = k.broadcast(low), highest = k.broadcast(high);
    rows.emit(k, token, firstRow, format.digits, [&](Value v, Value column, int64_t) {
      // maxnum and minnum take the bound where t is not a number.
      Value t = arith::MaxNumFOp::create(k.b, k.loc, k.divF(v, s), lowest);
      t = arith::MinNumFOp::create(k.b, k.loc, t, highest);
      if (format.groups > 1)
        t = k.select(isInGroup(column, group), t, k.splat(k.floats(), 0));
      auto [rounded, code] = roundEven(k, t);
      return splitDigits(k, rounded, code, format.digits);
    });
  }

  /// The lanes from column `column` on that are dimensions of the group.
  Value isInGroup(Value column, Value group) {
    SmallVector<int64_t> lanes(kLanes);
    std::iota(lanes.begin(), lanes.end(), int64_t(0));
    Value first = arith::SubIOp::create(k.b, k.loc, column, k.mulIndex(group, width));
    Value place =
        k.addI(k.broadcast(arith::IndexCastOp::create(k.b, k.loc, k.i32(), first)), k.constant(k.words(), lanes));
    return arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ult, place, k.splat(k.words(), double(width)));
  }

  KernelBuilder &k;
  StaticActivations format;
  int64_t width; ///< dimensions of a group
  Value steps, zeros, scales;
  CodeRows rows;
};

} // namespace

Kernel halftone::getQuantizeActivationsStaticKernel(ModuleOp module, int64_t tokens, int64_t cols,
                                                    const CodeGroups &groups, const StaticActivations &format,
                                                    int64_t codeColumns) {
  Builder b(module.getContext());
  GroupShape weights(groups.size, cols);
  Type f32 = b.getF32Type();
  std::string name = "static" + std::to_string(format.bits) + "_" + sizeName(cols) + "k" + sizeName(format.groups) +
                     "d" + std::to_string(format.digits) + "g" + std::to_string(weights.size) + vectorName(groups) +
                     "_t" + sizeName(tokens) + codeColumnsName(codeColumns, weights.paddedCols());
  if (format.only)
    name += "_only" + std::to_string(*format.only);
  int64_t perToken = format.digits * (format.only ? 1 : format.groups);
  int64_t rows = ShapedType::isDynamic(tokens) ? tokens : tokens * perToken;
  auto perGroup = MemRefType::get({format.groups}, f32);
  auto function = getOrCreateKernel(module, UnknownLoc::get(module.getContext()), name,
                                    {MemRefType::get({tokens, cols}, f32), perGroup, perGroup,
                                     MemRefType::get({rows, codeColumns}, b.getI8Type()), MemRefType::get({rows}, f32),
                                     MemRefType::get({rows, groups.sumCount(cols)}, b.getI32Type())},
                                    [&](KernelBuilder &k, ValueRange args) {
                                      StaticQuantizer quantizer(k, weights, groups.vectors(), format, args);
                                      k.loop(args[6], args[7], 1, [&](Value token) { quantizer.emitToken(token); });
                                    });
  return {function, 1, /*perToken=*/true};
}
