//===- VectorSums.cpp - Sums of products of VS-Quant ----------------------===//

#include "VectorSums.h"

using namespace mlir;
using namespace halftone;

VectorSums::Kind VectorSums::kindOf(const MatmulShape &shape, const ActivationVectors *activations) {
  if (activations ? !activations->sumsIntegers(shape.format) : shape.format.vectorScale != VsqScale::Integer)
    return Kind::Float;
  if (activations)
    return activations->sumsFitWord(shape.format, shape.cols) ? Kind::Word : Kind::Long;
  return vectorSumsFitWord(shape.format, shape.cols) ? Kind::Word : Kind::TwoWords;
}

VectorSums::VectorSums(KernelBuilder &k, const MatmulShape &shape, const ActivationVectors *activations,
                       const DotOperands &args)
    : k(k), format(shape.format), activations(activations), args(args), kind(kindOf(shape, activations)) {}

VectorType VectorSums::type() const {
  return kind == Kind::Float ? k.floats() : kind == Kind::Long ? k.vec(kLanes, k.b.getI64Type()) : k.words();
}

VectorType VectorSums::weightScaleType() const { return kind == Kind::Float ? k.floats() : k.words(); }

Value VectorSums::weightScales(WeightReader &reader, int64_t vector) const {
  if (kind != Kind::Float)
    return reader.vectorScales(vector);
  // Activations have floats; the rows' scales come at the end.
  return format.vectorScale == VsqScale::Integer ? k.toFloat(reader.vectorScales(vector)) : reader.scales(vector);
}

Value VectorSums::correction(Value token, Value index, int64_t offset) const {
  if (offset == 0)
    return Value();
  return k.broadcast(k.mulI(k.loadScalar(args.sums, {token, index}), k.i32(offset)));
}

/// Integer scales on both sides: their product, perhaps rounded.
Value VectorSums::scaleProduct(Value ofWeights, Value token, Value index) const {
  Value product = k.mulI(ofWeights, k.broadcast(k.loadScalar(args.multipliers, {token, index})));
  unsigned dropped = activations->droppedBits(format);
  return dropped ? k.shrU(k.addI(product, k.splat(k.words(), double(int64_t(1) << (dropped - 1)))), dropped) : product;
}

/// Float scales: times those of the activations, if they have any.
Value VectorSums::floatScales(Value ofWeights, Value token, Value index) const {
  if (!activations)
    return ofWeights;
  Value ofActivations = k.broadcast(k.loadScalar(args.multipliers, {token, index}));
  return k.mulF(ofWeights, activations->floatScales ? k.bitcast(ofActivations, k.floats()) : k.toFloat(ofActivations));
}

void VectorSums::add(MutableArrayRef<Value> sum, Value weightScales, Value token, Value index, Value dot) const {
  if (kind == Kind::Float) {
    sum[0] = k.fma(floatScales(weightScales, token, index), k.toFloat(dot), sum[0]);
    return;
  }
  Value scales = activations ? scaleProduct(weightScales, token, index) : weightScales;
  if (kind == Kind::Long) {
    auto extended = [&](Value x) -> Value { return arith::ExtSIOp::create(k.b, k.loc, type(), x); };
    sum[0] = k.addI(sum[0], k.mulI(extended(scales), extended(dot)));
    return;
  }
  Value term = k.mulI(scales, dot);
  if (kind == Kind::Word) {
    sum[0] = k.addI(sum[0], term);
    return;
  }
  sum[0] = k.addI(sum[0], k.andI(term, k.splat(k.words(), 0xffff)));
  sum[1] = k.addI(sum[1], k.shrS(term, 16));
}

/// The exact sum, rounded once to float: the high word has 24 bits at most.
Value VectorSums::total(ValueRange sum) const {
  if (kind == Kind::Float)
    return sum[0];
  if (kind != Kind::TwoWords)
    return k.toFloat(sum[0]);
  Value low = k.andI(sum[0], k.splat(k.words(), 0xffff));
  Value high = k.addI(sum[1], k.shrU(sum[0], 16));
  return k.fma(k.toFloat(high), k.splat(k.floats(), 65536), k.toFloat(low));
}

/// With the power of two that rounding took from the products of scales.
Value VectorSums::tokenScale(Value token) const {
  Value scale = k.loadScalar(args.scales, token);
  unsigned dropped = activations && kind != Kind::Float ? activations->droppedBits(format) : 0;
  return k.broadcast(dropped ? k.mulF(scale, k.f32(double(int64_t(1) << dropped))) : scale);
}

Value VectorSums::result(ValueRange sum, Value rowScales, Value token) const {
  Value y = total(sum);
  if (rowScales)
    y = k.mulF(y, rowScales);
  return k.mulF(y, tokenScale(token));
}
