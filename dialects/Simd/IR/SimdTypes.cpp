//===- SimdTypes.cpp - Types of the simd dialect --------------------------===//
#include "dialects/Simd/IR/SimdTypes.h"
#include "dialects/Simd/IR/SimdDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace halftone::simd;

#define GET_TYPEDEF_CLASSES
#include "dialects/Simd/IR/SimdTypes.cpp.inc"

void SimdDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Simd/IR/SimdTypes.cpp.inc"
      >();
}
