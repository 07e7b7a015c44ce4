//===- Passes.h - Transformations within a stage ----------------*- C++ -*-===//
#ifndef HALFTONE_TRANSFORMS_PASSES_H
#define HALFTONE_TRANSFORMS_PASSES_H

#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "dialects/Nn/IR/NnDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace halftone {

#define GEN_PASS_DECL
#include "halftone/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "halftone/Transforms/Passes.h.inc"

} // namespace halftone

#endif // HALFTONE_TRANSFORMS_PASSES_H
