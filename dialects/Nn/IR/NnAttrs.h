//===- NnAttrs.h - Enumerations and attributes ------------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_NN_IR_NNATTRS_H
#define HALFTONE_DIALECTS_NN_IR_NNATTRS_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/OpImplementation.h"

#include "dialects/Nn/IR/NnEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Nn/IR/NnAttrs.h.inc"

#endif // HALFTONE_DIALECTS_NN_IR_NNATTRS_H
