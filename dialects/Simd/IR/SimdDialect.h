//===- SimdDialect.h - The simd dialect -------------------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_SIMD_IR_SIMDDIALECT_H
#define HALFTONE_DIALECTS_SIMD_IR_SIMDDIALECT_H

#include "mlir/IR/Dialect.h"

#include "dialects/Simd/IR/SimdDialect.h.inc"

#endif // HALFTONE_DIALECTS_SIMD_IR_SIMDDIALECT_H
