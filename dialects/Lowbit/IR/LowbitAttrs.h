//===- LowbitAttrs.h - Enumerations and attributes --------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_H
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/OpImplementation.h"

#include "dialects/Lowbit/IR/LowbitEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Lowbit/IR/LowbitAttrs.h.inc"

namespace halftone::lowbit {

/// Bits of the integers that activations become (1..8); 0 for floats.
unsigned activationBits(Activations activations);

/// Its inverse for 1 to 8 bits: i8, not b8.
Activations activationsOfBits(unsigned bits);

/// True for the strategies that compute exact sums of integers: lut, dot, popcount.
bool isIntegerStrategy(Strategy strategy);

/// What `symbolizeActivations` and `symbolizeStrategy` take, for messages.
constexpr llvm::StringLiteral kActivationNames = "f32, i8, i16, b1 to b8 or vsq<bits>v<vector>s<scale bits>";
constexpr llvm::StringLiteral kStrategyNames = "auto, lut, dot, dequant or popcount";

} // namespace halftone::lowbit

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_H
