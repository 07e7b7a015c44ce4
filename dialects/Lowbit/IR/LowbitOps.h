//===- LowbitOps.h - Operations of the lowbit dialect -----------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITOPS_H
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITOPS_H

#include "dialects/Common/DestinationStyle.h"
#include "dialects/Lowbit/IR/LowbitAttrs.h"
#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "dialects/Lowbit/IR/LowbitTypes.h"
#include "halftone/Quantize/ActivationVectors.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace halftone {
enum class Layout;
namespace lowbit {
/// The layout of packed weights that an attribute names.
Layout toLayout(PackLayout layout);
/// The attribute that names a layout.
PackLayout toPackLayout(Layout layout);
} // namespace lowbit
} // namespace halftone

#define GET_OP_CLASSES
#include "dialects/Lowbit/IR/LowbitOps.h.inc"

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITOPS_H
