//===- Product.cpp - Products with constant weights -----------------------===//

#include "Product.h"
#include "Weights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace halftone;

/// Dimension order of a 2D operand as loop numbers, or none.
static std::optional<std::pair<unsigned, unsigned>> loopsOf(AffineMap map) {
  if (map.getNumResults() != 2 || !map.isProjectedPermutation())
    return std::nullopt;
  return std::make_pair(map.getDimPosition(0), map.getDimPosition(1));
}

std::optional<Product> halftone::matchProduct(linalg::LinalgOp op) {
  if (!linalg::isaContractionOpInterface(op) || op.getNumLoops() != 3 || op.getNumDpsInputs() != 2 ||
      !op.hasPureTensorSemantics())
    return std::nullopt;
  auto maps = op.getIndexingMapsArray();
  auto a = loopsOf(maps[0]), b = loopsOf(maps[1]), c = loopsOf(maps[2]);
  if (!a || !b || !c || a->first != c->first)
    return std::nullopt;
  unsigned k = a->second, n = c->second;
  bool rowsAreOutputs = b->first == n && b->second == k;
  if (!rowsAreOutputs && !(b->first == k && b->second == n))
    return std::nullopt;
  Product product{op, op.getDpsInputOperand(0)->get(), op.getDpsInputOperand(1)->get(), op.getDpsInitOperand(0)->get(),
                  rowsAreOutputs};
  auto isF32 = [](Value v) { return cast<RankedTensorType>(v.getType()).getElementType().isF32(); };
  if (!isF32(product.activations) || !isF32(product.weights) || !isF32(product.init) ||
      !isWeightChain(product.weights) || isWeightChain(product.activations) ||
      cast<ShapedType>(product.weights.getType()).getNumElements() == 0)
    return std::nullopt;
  return product;
}

bool halftone::isZeroOrEmpty(Value init) {
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
  if (auto constant = init.getDefiningOp<arith::ConstantOp>())
    return matchPattern(constant.getResult(), m_AnyZeroFloat());
  return init.getDefiningOp<tensor::EmptyOp>() != nullptr;
}
