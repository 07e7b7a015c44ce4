//===- ToObject.h - Passes that give a module its C face --------*- C++ -*-===//
#ifndef HALFTONE_CONVERSION_TOOBJECT_H
#define HALFTONE_CONVERSION_TOOBJECT_H

#include "dialects/Simd/IR/SimdDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace halftone {

#define GEN_PASS_DECL
#include "lib/Conversion/ToObject/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "lib/Conversion/ToObject/Passes.h.inc"

} // namespace halftone

#endif // HALFTONE_CONVERSION_TOOBJECT_H
