//===- SimdOps.h - Operations of the simd dialect ---------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_SIMD_IR_SIMDOPS_H
#define HALFTONE_DIALECTS_SIMD_IR_SIMDOPS_H

#include "dialects/Simd/IR/SimdDialect.h"
#include "dialects/Simd/IR/SimdTypes.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "dialects/Simd/IR/SimdOps.h.inc"

#endif // HALFTONE_DIALECTS_SIMD_IR_SIMDOPS_H
