//===- NnDialect.cpp - Transformer operations -----------------------------===//

#include "dialects/Nn/IR/NnDialect.h"

#include "dialects/Nn/IR/NnOps.h"
#include "mlir/Transforms/InliningUtils.h"

using namespace mlir;
using namespace halftone::nn;

#include "dialects/Nn/IR/NnDialect.cpp.inc"

namespace {

/// Nothing in the dialect depends on the function that it is in.
struct NnInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const override { return true; }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const override { return true; }
};

} // namespace

void NnDialect::initialize() {
  addInterfaces<NnInlinerInterface>();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/Nn/IR/NnOps.cpp.inc"
      >();
}
