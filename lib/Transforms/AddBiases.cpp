//===- AddBiases.cpp - halftone-add-biases --------------------------------===//

#include "Rewrites.h"
#include "Weights.h"
#include "halftone/Transforms/Biases.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringMap.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONEADDBIASES
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

std::string halftone::correctionOf(StringRef weight) { return (weight + ".correction").str(); }

namespace {

/// y + b for the product's rows y [m][n] and b [n], which then is read wherever y was.
void addBias(const Product &product, StringRef name) {
  Value y = product.op->getResult(0);
  OpBuilder builder(y.getContext());
  builder.setInsertionPointAfterValue(y);
  Location loc = y.getLoc();
  auto type = cast<RankedTensorType>(y.getType());
  Value bias = lowbit::ExternalOp::create(builder, loc, type.clone({type.getDimSize(1)}), name);
  Value empty =
      tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, product.init), type.getElementType());
  AffineMap rows = builder.getMultiDimIdentityMap(2), columns = rows.getSubMap(1);
  SmallVector<utils::IteratorType> iterators(2, utils::IteratorType::parallel);
  auto sum = linalg::GenericOp::create(builder, loc, type, ValueRange{y, bias}, empty, {rows, columns, rows}, iterators,
                                       [](OpBuilder &b, Location at, ValueRange args) {
                                         Value sum = arith::AddFOp::create(b, at, args[0], args[1]);
                                         linalg::YieldOp::create(b, at, sum);
                                       });
  y.replaceUsesWithIf(sum.getResult(0),
                      [&](OpOperand &use) { return use.getOwner() != sum && !isa<tensor::DimOp>(use.getOwner()); });
}

struct AddBiases : halftone::impl::HalftoneAddBiasesBase<AddBiases> {
  using Base::Base;

  void runOnOperation() override {
    llvm::StringMap<std::vector<Product>> byWeight;
    for (const Product &product : findProducts(getOperation()))
      byWeight[weightName(product.weights)].push_back(product);
    for (const std::string &name : weights) {
      std::vector<Product> &products = byWeight[name];
      if (products.size() != 1) {
        getOperation().emitError("weight '")
            << name << "' belongs to " << products.size() << " products, not to one: it has no bias of its own";
        return signalPassFailure();
      }
      Value y = products.front().op->getResult(0);
      if (cast<ShapedType>(y.getType()).isDynamicDim(1)) {
        products.front().op->emitError("the outputs of weight '") << name << "' are not counted: no size for a bias";
        return signalPassFailure();
      }
      addBias(products.front(), correctionOf(name));
    }
  }
};

} // namespace
