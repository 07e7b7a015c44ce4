//===- NnOps.h - Operations of the nn dialect -------------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_NN_IR_NNOPS_H
#define HALFTONE_DIALECTS_NN_IR_NNOPS_H

#include "dialects/Common/DestinationStyle.h"
#include "dialects/Nn/IR/NnAttrs.h"
#include "dialects/Nn/IR/NnDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "dialects/Nn/IR/NnOps.h.inc"

#endif // HALFTONE_DIALECTS_NN_IR_NNOPS_H
