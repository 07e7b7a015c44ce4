//===- LowbitDialect.h - Low-bit formats and their products -----*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITDIALECT_H
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITDIALECT_H

#include "mlir/IR/Dialect.h"

#include "dialects/Lowbit/IR/LowbitDialect.h.inc"

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITDIALECT_H
