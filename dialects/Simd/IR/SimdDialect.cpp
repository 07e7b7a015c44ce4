//===- SimdDialect.cpp - The simd dialect ---------------------------------===//
#include "dialects/Simd/IR/SimdDialect.h"
#include "dialects/Simd/IR/SimdOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace halftone::simd;

#include "dialects/Simd/IR/SimdDialect.cpp.inc"

void SimdDialect::initialize() {
  registerTypes();
  registerOps();
}

/// Folded operations become arith constants.
Operation *SimdDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}
