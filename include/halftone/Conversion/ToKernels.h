//===- ToKernels.h - Passes from operations to kernels ----------*- C++ -*-===//
#ifndef HALFTONE_CONVERSION_TOKERNELS_H
#define HALFTONE_CONVERSION_TOKERNELS_H

#include "dialects/Simd/IR/SimdDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace halftone {

#define GEN_PASS_DECL
#include "lib/Conversion/ToKernels/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lib/Conversion/ToKernels/Passes.h.inc"

} // namespace halftone

#endif // HALFTONE_CONVERSION_TOKERNELS_H
