//===- InsertObservers.cpp - halftone-insert-observers --------------------===//

#include "Product.h"
#include "Weights.h"
#include "dialects/Nn/IR/NnOps.h"
#include "halftone/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONEINSERTOBSERVERS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// The other addend where the product's result goes into a sum and nowhere else; null otherwise.
Value residualOf(const Product &product) {
  Value y = product.op->getResult(0);
  if (!y.hasOneUse())
    return nullptr;
  auto add = dyn_cast<linalg::AddOp>(*y.getUsers().begin());
  if (!add || !llvm::is_contained(add.getInputs(), y))
    return nullptr;
  Value other = add.getInputs()[add.getInputs()[0] == y ? 1 : 0];
  return isWeightChain(other) || other.getType() != y.getType() ? nullptr : other;
}

/// Inserts an observation right behind `value`, before anything else reads it.
void observe(Value value, nn::ObservedValue kind, ArrayRef<std::string> weights) {
  OpBuilder builder(value.getContext());
  builder.setInsertionPointAfterValue(value);
  SmallVector<StringRef> names(weights.begin(), weights.end());
  auto op = nn::ObserveOp::create(builder, value.getLoc(), kind, builder.getStrArrayAttr(names), 0, value);
  value.replaceAllUsesExcept(op->getResult(0), op);
}

struct InsertObservers : halftone::impl::HalftoneInsertObserversBase<InsertObservers> {
  using Base::Base;

  void runOnOperation() override {
    std::vector<Product> products;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (std::optional<Product> product = matchProduct(op))
        products.push_back(*product);
    });
    // The inputs are those before any insertion: products that share one are observed together.
    llvm::MapVector<Value, std::vector<std::string>> shared;
    for (const Product &product : products)
      shared[product.activations].push_back(weightName(product.weights));
    for (const Product &product : products) {
      std::string name = weightName(product.weights);
      if (residuals)
        if (Value residual = residualOf(product))
          observe(residual, nn::ObservedValue::Residual, name);
      // What a product adds to other values is not to be told from them afterwards.
      if (Value y = product.op->getResult(0); sums && residualOf(product))
        observe((*y.getUsers().begin())->getResult(0), nn::ObservedValue::Sum, name);
      if (outputs && isZeroOrEmpty(product.init))
        observe(product.op->getResult(0), nn::ObservedValue::Output, name);
    }
    if (inputs)
      for (const auto &[value, names] : shared)
        observe(value, nn::ObservedValue::Input, names);
    int32_t site = 0;
    getOperation().walk([&](nn::ObserveOp op) { op.setSite(site++); });
  }
};

} // namespace
