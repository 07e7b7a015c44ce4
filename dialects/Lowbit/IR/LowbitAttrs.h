//===- LowbitAttrs.h - Enumerations and attributes --------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_H
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_H

#include "halftone/Quantize/ActivationVectors.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/OpImplementation.h"

#include "dialects/Lowbit/IR/LowbitEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Lowbit/IR/LowbitAttrs.h.inc"

namespace halftone::lowbit {

/// Bits of the integers that activations become (1..8 or 16); 0 for floats and static integers.
unsigned activationBits(Activations activations);

/// Its inverse for 1 to 8 bits: i8, not b8.
Activations activationsOfBits(unsigned bits);

/// Elements and scales of activations with scales of vectors.
VsqElement elementOf(const ActivationVectors &vectors);
VsqScale scaleOf(const ActivationVectors &vectors);
ActivationVectorsAttr vectorsToAttr(mlir::MLIRContext *context, const ActivationVectors &vectors);
/// The inverse; the bits of an element are not part of the attribute.
ActivationVectors attrToVectors(ActivationVectorsAttr attr, unsigned bits);

/// True for the strategies that compute exact sums of integers: lut, dot, popcount.
bool isIntegerStrategy(Strategy strategy);

/// The activations that can be asked for by a name for all products: not `static`, which is a matter of each input.
std::optional<Activations> activationsByName(llvm::StringRef name);

/// What `activationsByName` and `symbolizeStrategy` take, for messages.
constexpr llvm::StringLiteral kActivationNames = "f32, i8, i16, b1 to b8 or vsq<bits>v<vector>s<scale bits>";
constexpr llvm::StringLiteral kStrategyNames = "auto, lut, dot, dequant or popcount";

} // namespace halftone::lowbit

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITATTRS_H
