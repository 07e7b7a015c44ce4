//===- IntegerProduct.cpp - Products with integer activations -------------===//

#include "halftone/Transforms/IntegerProduct.h"
#include "halftone/Pack/Layout.h"
#include "halftone/Quantize/Grouped.h"
#include "halftone/Quantize/Quantize.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace halftone;

lowbit::RequantizeOp halftone::requantizeOf(lowbit::MatmulOp op) {
  return op.getInput().getDefiningOp<lowbit::RequantizeOp>();
}

int64_t halftone::digitsOf(lowbit::RequantizeOp requantize) {
  double top = double((int64_t(1) << cast<lowbit::GroupedType>(requantize.getFormat()).getBits()) - 1), most = top;
  DenseElementsAttr zeros;
  if (matchPattern(requantize.getZeroPoints(), m_Constant(&zeros))) {
    most = 0;
    for (float zero : zeros.getValues<float>())
      most = std::max({most, double(zero), top - double(zero)});
  }
  return most <= 127 ? 1 : most <= symmetricTop(16) ? 2 : 3;
}

TokenRows halftone::rowsPerToken(lowbit::MatmulOp op) {
  if (op.getActivations() == lowbit::Activations::I16)
    return {1, 2};
  if (op.getActivations() != lowbit::Activations::Static)
    return {};
  lowbit::RequantizeOp requantize = requantizeOf(op);
  return {cast<lowbit::GroupedType>(requantize.getFormat()).getGroups(), digitsOf(requantize)};
}

std::optional<ProductShape> halftone::integerProduct(lowbit::MatmulOp op, unsigned tableBits) {
  auto weights = cast<ShapedType>(op.getWeights().getType());
  std::optional<Format> format = lowbit::typeToFormat(weights.getElementType());
  bool isStatic = op.getActivations() == lowbit::Activations::Static;
  if (!format || format->kind == FormatKind::Float || format->planeScales || op.getVectors() ||
      op.getActivations() == lowbit::Activations::F32 || op.getStrategy() != lowbit::Strategy::Auto)
    return std::nullopt;
  if (format->kind == FormatKind::Vsq && weights.getDimSize(1) > maxVectorScaledColumns(*format))
    return std::nullopt;
  ProductShape product{*format, weights.getDimSize(0), weights.getDimSize(1)};
  product.tableBits = tableBits;
  if (!isStatic) {
    product.bits = lowbit::activationBits(op.getActivations());
    if (product.bits > 8) // the low halves of codes would be lost in rounded sums of the high
      product.tableBits = 16;
    return product;
  }
  if (!requantizeOf(op))
    return std::nullopt;
  TokenRows rows = rowsPerToken(op);
  product.groups = rows.groups;
  product.digits = rows.digits;
  return rows.groups <= kMaxStaticGroups ? std::optional(product) : std::nullopt;
}
