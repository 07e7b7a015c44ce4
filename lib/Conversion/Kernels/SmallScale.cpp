//===- SmallScale.cpp - Scales that are floats of 8 bits ------------------===//

#include "SmallScale.h"

using namespace mlir;
using namespace halftone;

Value halftone::smallScaleUnit(KernelBuilder &k, VsqScale scale, Value codes) {
  auto vector = dyn_cast<VectorType>(codes.getType());
  Type floats = vector ? Type(k.floats(vector.getNumElements())) : k.f32();
  auto integer = [&](int64_t value) -> Value { return vector ? k.splat(vector, double(value)) : k.i32(value); };
  auto real = [&](double value) -> Value { return vector ? k.splat(cast<VectorType>(floats), value) : k.f32(value); };
  auto asFloat = [&](Value bits) -> Value { return arith::BitcastOp::create(k.b, k.loc, floats, bits); };
  if (scale == VsqScale::E4M3) {
    // The bits at their place in a float have an exponent that is less by 127 - 7, and subnormal codes are subnormal
    // there, too: times 2^120, and half of it.
    Value bits = arith::ShLIOp::create(k.b, k.loc, codes, integer(20));
    return k.mulF(asFloat(bits), real(0x1p119));
  }
  // The code is the exponent of a float; 0 is that of a subnormal number.
  Value bits = arith::ShLIOp::create(k.b, k.loc, codes, integer(23));
  Value isZero = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::eq, codes, integer(0));
  return k.select(isZero, real(0x1p-128), k.mulF(asFloat(bits), real(0.5)));
}
