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
  if (activations == Activations::I16)
    return 16;
  return activations == Activations::I8 ? 8 : unsigned(activations) - unsigned(Activations::B1) + 1;
}

Activations halftone::lowbit::activationsOfBits(unsigned bits) {
  return bits == 8 ? Activations::I8 : Activations(unsigned(Activations::B1) + bits - 1);
}

bool halftone::lowbit::isIntegerStrategy(Strategy strategy) {
  return strategy == Strategy::Lut || strategy == Strategy::Dot || strategy == Strategy::Popcount;
}

LogicalResult TileAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t blocks, int64_t columns,
                               int64_t fastU) {
  if (blocks < 1 || blocks > 4)
    return emitError() << "blocks must be 1 to 4, not " << blocks;
  if (columns < 1 || columns > 16)
    return emitError() << "columns must be 1 to 16, not " << columns;
  if (fastU < 1 || fastU > 255)
    return emitError() << "fast_u must be 1 to 255, not " << fastU;
  return success();
}

LogicalResult ActivationVectorsAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t vector,
                                            unsigned scaleBits, unsigned productBits) {
  if (vector < 8 || vector > 128)
    return emitError() << "vector must be 8 to 128, not " << vector;
  if (scaleBits < 3 || scaleBits > 10)
    return emitError() << "scale_bits must be 3 to 10, not " << scaleBits;
  if (productBits > 20)
    return emitError() << "product_bits must be 0 to 20, not " << productBits;
  return success();
}
