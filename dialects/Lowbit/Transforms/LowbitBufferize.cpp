//===- LowbitBufferize.cpp - Bufferization around chains of weights -------===//

#include "dialects/Lowbit/Transforms/BufferizableOpInterfaceImpl.h"
#include "dialects/Lowbit/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace halftone::lowbit {
#define GEN_PASS_DEF_LOWBITBUFFERIZE
#include "dialects/Lowbit/Transforms/Passes.h.inc"
} // namespace halftone::lowbit

using namespace mlir;

namespace {

/// One `tensor.empty` for every use. What shares one would share a buffer and depend on the order for nothing; which
/// buffers lie in the same memory is decided when memory is planned.
void separateEmptyTensors(ModuleOp module) {
  llvm::DenseSet<Operation *> taken;
  module.walk<WalkOrder::PreOrder>([&](Operation *user) {
    for (OpOperand &operand : user->getOpOperands()) {
      auto empty = operand.get().getDefiningOp<tensor::EmptyOp>();
      if (empty && !taken.insert(empty).second)
        operand.set(OpBuilder(empty).clone(*empty)->getResult(0));
    }
  });
}

struct LowbitBufferize : halftone::lowbit::impl::LowbitBufferizeBase<LowbitBufferize> {
  using Base::Base;

  void runOnOperation() override {
    separateEmptyTensors(getOperation());
    bufferization::OneShotBufferizationOptions options;
    options.bufferizeFunctionBoundaries = true;
    options.setFunctionBoundaryTypeConversion(bufferization::LayoutMapOption::IdentityLayoutMap);
    halftone::lowbit::keepWeightChains(options);
    bufferization::BufferizationState state;
    if (failed(bufferization::runOneShotModuleBufferize(getOperation(), options, state)))
      signalPassFailure();
  }
};

} // namespace
