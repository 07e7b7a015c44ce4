//===- NnDialect.h - Transformer operations ---------------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_NN_IR_NNDIALECT_H
#define HALFTONE_DIALECTS_NN_IR_NNDIALECT_H

#include "mlir/IR/Dialect.h"

#include "dialects/Nn/IR/NnDialect.h.inc"

#endif // HALFTONE_DIALECTS_NN_IR_NNDIALECT_H
