//===- ResultsToArguments.cpp - halftone-results-to-arguments -------------===//

#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONERESULTSTOARGUMENTS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

struct ResultsToArguments : halftone::impl::HalftoneResultsToArgumentsBase<ResultsToArguments> {
  using Base::Base;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal() && failed(rewrite(function)))
        return signalPassFailure();
  }

  static LogicalResult rewrite(func::FuncOp function) {
    if (!llvm::hasSingleElement(function.getBody()))
      return function.emitError("function '") << function.getSymName() << "' has more than one block";
    auto ret = dyn_cast<func::ReturnOp>(function.front().getTerminator());
    if (!ret)
      return function.emitError("function '") << function.getSymName() << "' does not end in func.return";
    if (!SymbolTable::symbolKnownUseEmpty(function, function->getParentOp()))
      return function.emitError("function '")
             << function.getSymName() << "' is called within the module; only whole programs become C functions";
    OpBuilder builder(ret);
    for (BlockArgument argument : function.getArguments())
      if (isa<TensorType>(argument.getType()))
        function.setArgAttr(argument.getArgNumber(), bufferization::BufferizationDialect::kWritableAttrName,
                            builder.getBoolAttr(false));
    for (Value result : ret.getOperands()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      if (!type)
        return function.emitError("function '")
               << function.getSymName() << "' returns " << result.getType() << "; only ranked tensors can be returned";
      auto buffer = MemRefType::get(type.getShape(), type.getElementType());
      (void)function.insertArgument(function.getNumArguments(), buffer, {}, ret.getLoc());
      bufferization::MaterializeInDestinationOp::create(builder, ret.getLoc(), /*result=*/TypeRange(), result,
                                                        function.getArguments().back(), /*restrict=*/true,
                                                        /*writable=*/true);
    }
    ret.getOperandsMutable().clear();
    function.setType(builder.getFunctionType(function.getArgumentTypes(), {}));
    function.setResAttrsAttr(nullptr);
    return success();
  }
};

} // namespace
