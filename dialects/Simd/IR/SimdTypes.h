//===- SimdTypes.h - Types of the simd dialect ------------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_SIMD_IR_SIMDTYPES_H
#define HALFTONE_DIALECTS_SIMD_IR_SIMDTYPES_H

#include "mlir/IR/Types.h"

#define GET_TYPEDEF_CLASSES
#include "dialects/Simd/IR/SimdTypes.h.inc"

#endif // HALFTONE_DIALECTS_SIMD_IR_SIMDTYPES_H
