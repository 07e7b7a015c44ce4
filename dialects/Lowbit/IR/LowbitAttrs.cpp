//===- LowbitAttrs.cpp - Enumerations and attributes ----------------------===//

#include "dialects/Lowbit/IR/LowbitAttrs.h"

#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace halftone::lowbit;
using halftone::ActivationVectors;

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
  if (activations == Activations::F32 || activations == Activations::Static)
    return 0;
  if (activations == Activations::I16)
    return 16;
  return activations == Activations::I8 ? 8 : unsigned(activations) - unsigned(Activations::B1) + 1;
}

Activations halftone::lowbit::activationsOfBits(unsigned bits) {
  return bits == 8 ? Activations::I8 : Activations(unsigned(Activations::B1) + bits - 1);
}

VsqElement halftone::lowbit::elementOf(const ActivationVectors &vectors) {
  return vectors.isUnsigned ? VsqElement::Unsigned : VsqElement::Signed;
}

VsqScale halftone::lowbit::scaleOf(const ActivationVectors &vectors) {
  return vectors.floatScales ? VsqScale::Float : VsqScale::Integer;
}

ActivationVectorsAttr halftone::lowbit::vectorsToAttr(MLIRContext *context, const ActivationVectors &vectors) {
  return ActivationVectorsAttr::get(context, vectors.vector, vectors.scaleBits, vectors.productBits, elementOf(vectors),
                                    scaleOf(vectors));
}

ActivationVectors halftone::lowbit::attrToVectors(ActivationVectorsAttr attr, unsigned bits) {
  return {bits,
          attr.getVector(),
          attr.getScaleBits(),
          attr.getProductBits(),
          attr.getElement() == VsqElement::Unsigned,
          attr.getScale() == VsqScale::Float};
}

std::optional<Activations> halftone::lowbit::activationsByName(llvm::StringRef name) {
  std::optional<Activations> activations = symbolizeActivations(name);
  return activations == Activations::Static ? std::nullopt : activations;
}

bool halftone::lowbit::isIntegerStrategy(Strategy strategy) {
  return strategy == Strategy::Lut || strategy == Strategy::Dot || strategy == Strategy::Popcount;
}

LogicalResult TileAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t blocks, int64_t columns,
                               int64_t fastU, bool columnPairs) {
  if (blocks < 1 || blocks > 4)
    return emitError() << "blocks must be 1 to 4, not " << blocks;
  if (columns < 1 || columns > 16)
    return emitError() << "columns must be 1 to 16, not " << columns;
  if (fastU < 1 || fastU > 255)
    return emitError() << "fast_u must be 1 to 255, not " << fastU;
  if (columnPairs && columns < 2)
    return emitError() << "column_pairs needs tiles of two columns or more";
  return success();
}

LogicalResult ActivationVectorsAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t vector,
                                            unsigned scaleBits, unsigned productBits, VsqElement element,
                                            VsqScale scale) {
  bool isUnsigned = element == VsqElement::Unsigned;
  if ((element != VsqElement::Signed && !isUnsigned) || (scale != VsqScale::Integer && scale != VsqScale::Float))
    return emitError() << "activations have signed or unsigned elements with integer or float scales";
  // Bits of an element are no part of this attribute: 4 are always right.
  std::string problem =
      ActivationVectors{4, vector, scaleBits, productBits, isUnsigned, scale == VsqScale::Float}.problem();
  if (!problem.empty())
    return emitError() << problem;
  return success();
}
