//===- LowbitBufferize.cpp - Bufferization around chains of weights -------===//

#include "dialects/Lowbit/Transforms/BufferizableOpInterfaceImpl.h"
#include "dialects/Lowbit/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace halftone::lowbit {
#define GEN_PASS_DEF_LOWBITBUFFERIZE
#include "dialects/Lowbit/Transforms/Passes.h.inc"
} // namespace halftone::lowbit

using namespace mlir;

namespace {

struct LowbitBufferize : halftone::lowbit::impl::LowbitBufferizeBase<LowbitBufferize> {
  using Base::Base;

  void runOnOperation() override {
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
