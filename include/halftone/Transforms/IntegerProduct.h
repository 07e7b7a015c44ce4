//===- IntegerProduct.h - Products with integer activations -----*- C++ -*-===//
#ifndef HALFTONE_TRANSFORMS_INTEGERPRODUCT_H
#define HALFTONE_TRANSFORMS_INTEGERPRODUCT_H

#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Plan/CostModel.h"
#include <optional>

namespace halftone {

/// Rows of codes that a token takes.
struct TokenRows {
  int64_t groups = 1, digits = 1; ///< digits of a group
  int64_t count() const { return groups * digits; }
};

/// Rows of a group are zero outside of it, so that the work grows with the groups; with many, floats are faster.
constexpr int64_t kMaxStaticGroups = 16;

/// The rounding of static activations; null if nothing rounds them.
lowbit::RequantizeOp requantizeOf(lowbit::MatmulOp op);

/// Digits that hold the integers which `requantize` rounds to.
int64_t digitsOf(lowbit::RequantizeOp requantize);

/// Rows of codes per token of a product with integer activations; those that are static are rounded by something.
TokenRows rowsPerToken(lowbit::MatmulOp op);

/// What a product computes, for the choice of its kernel; none if it has no choice: another strategy than auto, float
/// activations, weights without integers, scales of vectors on both sides, too many static groups, rows that are too
/// long for exact sums. `tableBits`: of the entries of tables for look-ups.
std::optional<ProductShape> integerProduct(lowbit::MatmulOp op, unsigned tableBits);

} // namespace halftone

#endif // HALFTONE_TRANSFORMS_INTEGERPRODUCT_H
