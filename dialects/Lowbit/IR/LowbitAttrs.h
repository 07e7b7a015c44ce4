//===- LowbitAttrs.h - Enumerations and attributes --------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_H
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/OpImplementation.h"

#include "dialects/Lowbit/IR/LowbitEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Lowbit/IR/LowbitAttrs.h.inc"

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_H
