//===- LowbitDialect.cpp - Low-bit formats and their products -------------===//

#include "dialects/Lowbit/IR/LowbitDialect.h"

#include "dialects/Lowbit/IR/LowbitOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/InliningUtils.h"

using namespace mlir;
using namespace halftone::lowbit;

#include "dialects/Lowbit/IR/LowbitDialect.cpp.inc"

namespace {

/// Nothing in the dialect depends on the function that it is in.
struct LowbitInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const override { return true; }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const override { return true; }
};

} // namespace

void LowbitDialect::initialize() {
  addInterfaces<LowbitInlinerInterface>();
  registerTypes();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/Lowbit/IR/LowbitOps.cpp.inc"
      >();
}

LogicalResult LowbitDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != kExternalsAttr)
    return success();
  if (!isa<ModuleOp>(op))
    return op->emitOpError() << "'" << kExternalsAttr << "' belongs on the module";
  auto path = dyn_cast<StringAttr>(attribute.getValue());
  if (!path || path.empty())
    return op->emitOpError() << "'" << kExternalsAttr << "' must name a safetensors file or a folder of them";
  return success();
}
