//===- SpecializeTokens.cpp - halftone-specialize-tokens ------------------===//

#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONESPECIALIZETOKENS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// The type with every dynamic size replaced by one.
Type singleToken(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.hasStaticShape())
    return type;
  SmallVector<int64_t> shape(tensor.getShape());
  for (int64_t &size : shape)
    if (ShapedType::isDynamic(size))
      size = 1;
  return RankedTensorType::get(shape, tensor.getElementType(), tensor.getEncoding());
}

struct SpecializeTokens : halftone::impl::HalftoneSpecializeTokensBase<SpecializeTokens> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!module->hasAttr("halftone.model"))
      return;
    auto body = module.lookupSymbol<func::FuncOp>("body");
    if (!body || body.isExternal()) {
      module.emitError("the module has the attribute 'halftone.model' but no function 'body'");
      return signalPassFailure();
    }
    for (StringRef name : {"decode", "prefill"})
      if (Operation *taken = module.lookupSymbol(name)) {
        taken->emitError("the name '") << name << "' is taken; a model's '" << name << "' is made from its 'body'";
        return signalPassFailure();
      }
    OpBuilder builder(body);
    auto decode = cast<func::FuncOp>(builder.clone(*body));
    decode.setSymName("decode");
    body.setSymName("prefill");
    specialize(decode);
  }

  /// In a model every dynamic size is the number of tokens.
  static void specialize(func::FuncOp function) {
    for (BlockArgument argument : function.getArguments())
      argument.setType(singleToken(argument.getType()));
    SmallVector<Operation *> erased;
    function.walk([&](Operation *op) {
      OpBuilder builder(op);
      if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
        if (empty.getType().hasStaticShape())
          return;
        auto type = cast<RankedTensorType>(singleToken(empty.getType()));
        empty.replaceAllUsesWith(
            tensor::EmptyOp::create(builder, op->getLoc(), type.getShape(), type.getElementType()).getResult());
        erased.push_back(op);
        return;
      }
      if (auto dim = dyn_cast<tensor::DimOp>(op)) {
        std::optional<int64_t> index = dim.getConstantIndex();
        auto type = dyn_cast<RankedTensorType>(dim.getSource().getType());
        if (index && type && !type.isDynamicDim(*index)) {
          dim.replaceAllUsesWith(
              arith::ConstantIndexOp::create(builder, op->getLoc(), type.getDimSize(*index)).getResult());
          erased.push_back(op);
        }
        return;
      }
      for (Value result : op->getResults())
        result.setType(singleToken(result.getType()));
      for (Region &region : op->getRegions())
        for (BlockArgument argument : region.getArguments())
          argument.setType(singleToken(argument.getType()));
    });
    for (Operation *op : llvm::reverse(erased))
      if (op->use_empty())
        op->erase();
    auto type = function.getFunctionType();
    SmallVector<Type> results;
    for (Type result : type.getResults())
      results.push_back(singleToken(result));
    function.setType(FunctionType::get(function.getContext(), function.front().getArgumentTypes(), results));
  }
};

} // namespace
