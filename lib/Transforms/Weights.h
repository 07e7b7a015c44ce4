//===- Weights.h - Recognizing constant weights -----------------*- C++ -*-===//
#ifndef HALFTONE_LIB_TRANSFORMS_WEIGHTS_H
#define HALFTONE_LIB_TRANSFORMS_WEIGHTS_H

#include "mlir/IR/Value.h"
#include <string>

namespace halftone {

/// True if `op` may be part of the chain that computes a weight and all its operands are such chains too. The
/// tensor.empty under a transposition belongs to the transposition and is no chain of its own.
bool isWeightChain(mlir::Operation *op);
inline bool isWeightChain(mlir::Value value) { return value.getDefiningOp() && isWeightChain(value.getDefiningOp()); }

/// A name for a weight: the external's name at the root of its chain, the name location of a constant, or
/// "constant". Empty for no chain.
std::string weightName(mlir::Value value);

} // namespace halftone

#endif // HALFTONE_LIB_TRANSFORMS_WEIGHTS_H
