//===- Product.h - Products with constant weights ---------------*- C++ -*-===//
#ifndef HALFTONE_LIB_TRANSFORMS_PRODUCT_H
#define HALFTONE_LIB_TRANSFORMS_PRODUCT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace halftone {

/// A product y[m][n] = sum_k x[m][k] w[..], found in linalg form.
struct Product {
  mlir::linalg::LinalgOp op;
  mlir::Value activations, weights, init;
  bool rowsAreOutputs; ///< weights are [n][k] rather than [k][n]
};

/// Matches matrix products whose right-hand side is a constant 2D weight; others are left alone.
std::optional<Product> matchProduct(mlir::linalg::LinalgOp op);

/// True for an init operand that holds zeros, or nothing (its content is then unspecified).
bool isZeroOrEmpty(mlir::Value init);

} // namespace halftone

#endif // HALFTONE_LIB_TRANSFORMS_PRODUCT_H
