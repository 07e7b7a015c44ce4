//===- Rewrites.cpp - Helpers of exact rewrites of float IR ---------------===//

#include "Rewrites.h"
#include "Weights.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace halftone;

std::vector<Product> halftone::findProducts(Operation *root) {
  std::vector<Product> products;
  root->walk([&](linalg::LinalgOp op) {
    if (std::optional<Product> product = matchProduct(op))
      products.push_back(*product);
  });
  return products;
}

std::optional<Product> halftone::soleProduct(Value value) {
  auto op = value.getDefiningOp<linalg::LinalgOp>();
  std::optional<Product> product = op ? matchProduct(op) : std::nullopt;
  return product && value.hasOneUse() && isZeroOrEmpty(product->init) ? product : std::nullopt;
}

std::vector<Product> halftone::soleReaders(Value value) {
  std::vector<Product> products;
  for (OpOperand &use : value.getUses()) {
    if (isa<tensor::DimOp>(use.getOwner()))
      continue;
    auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
    std::optional<Product> product = op ? matchProduct(op) : std::nullopt;
    if (!product || use.getOperandNumber() != 0)
      return {};
    products.push_back(*product);
  }
  std::reverse(products.begin(), products.end()); // uses are listed last one first
  return products;
}

static Value copyOf(OpBuilder &builder, Value value, IRMapping &copies) {
  if (Value known = copies.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    copyOf(builder, operand, copies);
  builder.clone(*op, copies);
  return copies.lookup(value);
}

Value halftone::copyWeightChain(OpBuilder &builder, Value chain) {
  IRMapping copies;
  return copyOf(builder, chain, copies);
}
