//===- LowbitAttrs.cpp - Enumerations and attributes ----------------------===//

#include "dialects/Lowbit/IR/LowbitAttrs.h"

#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace halftone::lowbit;

#include "dialects/Lowbit/IR/LowbitEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Lowbit/IR/LowbitAttrs.cpp.inc"

void LowbitDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Lowbit/IR/LowbitAttrs.cpp.inc"
      >();
}

unsigned halftone::lowbit::activationBits(Activations activations) {
  if (activations == Activations::F32)
    return 0;
  return activations == Activations::I8 ? 8 : unsigned(activations) - unsigned(Activations::B1) + 1;
}

bool halftone::lowbit::isIntegerStrategy(Strategy strategy) {
  return strategy == Strategy::Lut || strategy == Strategy::Dot || strategy == Strategy::Popcount;
}
