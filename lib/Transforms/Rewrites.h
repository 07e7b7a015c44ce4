//===- Rewrites.h - Helpers of exact rewrites of float IR -------*- C++ -*-===//
#ifndef HALFTONE_LIB_TRANSFORMS_REWRITES_H
#define HALFTONE_LIB_TRANSFORMS_REWRITES_H

#include "Product.h"
#include "dialects/Lowbit/IR/LowbitOps.h"

namespace halftone {

/// Of a module: magnitudes of the channels of products' inputs, see halftone-equalize.
constexpr llvm::StringLiteral kChannelMagnitudesAttrName = "lowbit.channel_magnitudes";

/// All products of a function or module, in order.
std::vector<Product> findProducts(mlir::Operation *root);

/// The product whose result `value` is, if nothing else reads it and it adds to nothing; with a weight of its own.
std::optional<Product> soleProduct(mlir::Value value);

/// The products that read `value`, if nothing but them (and the size of a dimension) does; else none.
std::vector<Product> soleReaders(mlir::Value value);

/// The dimension of a product's weights that its inputs, or outputs, are numbered by.
inline lowbit::Axis inputAxis(const Product &product) {
  return product.rowsAreOutputs ? lowbit::Axis::Columns : lowbit::Axis::Rows;
}
inline lowbit::Axis outputAxis(const Product &product) {
  return product.rowsAreOutputs ? lowbit::Axis::Rows : lowbit::Axis::Columns;
}

/// The operand that holds a product's weights.
inline mlir::OpOperand &weightsOf(const Product &product) {
  mlir::linalg::LinalgOp op = product.op;
  return *op.getDpsInputOperand(1);
}

/// A copy of the chain that computes a weight, where the builder is.
mlir::Value copyWeightChain(mlir::OpBuilder &builder, mlir::Value chain);

} // namespace halftone

#endif // HALFTONE_LIB_TRANSFORMS_REWRITES_H
