//===- Weights.cpp - Recognizing constant weights -------------------------===//

#include "Weights.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace halftone;

bool halftone::isWeightChain(Operation *op) {
  if (isa<lowbit::ExternalOp, nn::RopeTableOp>(op))
    return true;
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto type = dyn_cast<RankedTensorType>(constant.getType());
    return type && type.getElementType().isIntOrFloat() &&
           isa<DenseElementsAttr, DenseResourceElementsAttr>(constant.getValue());
  }
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op))
    return isWeightChain(transpose.getInput()) && transpose.getPermutation() == ArrayRef<int64_t>{1, 0} &&
           cast<ShapedType>(transpose.getInput().getType()).getElementType().isF32() &&
           cast<ShapedType>(transpose.getInit().getType()).hasStaticShape() &&
           transpose.getInit().getDefiningOp<tensor::EmptyOp>();
  if (!isa<lowbit::EqualizerOp, lowbit::PermuteOp, lowbit::RotateOp, lowbit::ScaleOp, lowbit::QuantizeOp,
           lowbit::EncodeOp, lowbit::ConvertOp, lowbit::DequantizeOp, lowbit::AssembleOp, lowbit::DisassembleOp,
           lowbit::PackOp>(op))
    return false;
  return llvm::all_of(op->getOperands(), [](Value operand) { return isWeightChain(operand); });
}

std::string halftone::weightName(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return "";
  if (auto external = dyn_cast<lowbit::ExternalOp>(op))
    return external.getTensorName().str();
  if (isa<nn::RopeTableOp>(op))
    return "rope_table";
  if (isa<arith::ConstantOp>(op)) {
    if (auto named = dyn_cast<NameLoc>(op->getLoc()))
      return named.getName().str();
    return "constant";
  }
  return op->getNumOperands() == 0 ? "" : weightName(op->getOperand(0));
}
