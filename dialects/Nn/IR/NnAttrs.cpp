//===- NnAttrs.cpp - Enumerations and attributes --------------------------===//

#include "dialects/Nn/IR/NnAttrs.h"

#include "dialects/Nn/IR/NnDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace halftone::nn;

#include "dialects/Nn/IR/NnEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Nn/IR/NnAttrs.cpp.inc"

void NnDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Nn/IR/NnAttrs.cpp.inc"
      >();
}
