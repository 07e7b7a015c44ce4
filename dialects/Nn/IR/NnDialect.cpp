//===- NnDialect.cpp - Transformer operations -----------------------------===//

#include "dialects/Nn/IR/NnDialect.h"

#include "dialects/Nn/IR/NnOps.h"

using namespace mlir;
using namespace halftone::nn;

#include "dialects/Nn/IR/NnDialect.cpp.inc"

void NnDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/Nn/IR/NnOps.cpp.inc"
      >();
}
