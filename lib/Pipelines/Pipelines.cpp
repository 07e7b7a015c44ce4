//===- Pipelines.cpp - The stages of the compiler -------------------------===//

#include "halftone/Pipelines/Pipelines.h"
#include "dialects/Lowbit/Transforms/Passes.h"
#include "halftone/Conversion/SimdToLLVM.h"
#include "halftone/Conversion/ToKernels.h"
#include "halftone/Conversion/ToObject.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace halftone;

void halftone::buildToLowbitPipeline(OpPassManager &pm, const ToLowbitOptions &options) {
  // Before anything folds: upstream's casts fold to floats.
  pm.addPass(createQuantToLowbit());
  // C functions are made of whole programs: helpers dissolve in them.
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createHalftoneSpecializeTokens());
  pm.addPass(createHalftoneDecompose());
  SmallVector<std::string> policy(options.activationPolicy.begin(), options.activationPolicy.end());
  if (!policy.empty()) {
    pm.addPass(createHalftonePermuteChannels({policy}));
    pm.addPass(createLowbitRequantizeActivations({policy}));
  }
  LowbitQuantizeWeightsOptions quantize;
  quantize.format = options.format;
  quantize.embeddingFormat = options.embeddingFormat;
  quantize.headFormat = options.headFormat;
  quantize.tensorFormats.assign(options.tensorFormats.begin(), options.tensorFormats.end());
  quantize.weightRange = options.weightRange;
  quantize.activations = options.activations;
  quantize.activationPolicy.assign(policy.begin(), policy.end());
  quantize.strategy = options.strategy;
  pm.addPass(createLowbitQuantizeWeights(quantize));
  pm.addPass(createCanonicalizerPass());
}

void halftone::buildToPlannedPipeline(OpPassManager &pm, const ToPlannedOptions &options) {
  LowbitSelectKernelsOptions select;
  select.cpu = options.cpu.getValue();
  select.triple = options.triple.getValue();
  select.sharedWith.assign(options.sharedWith.begin(), options.sharedWith.end());
  select.tuning = options.tuning.getValue();
  select.ternaryPacking = options.ternaryPacking.getValue();
  select.lutTables = options.lutTables.getValue();
  pm.addPass(createLowbitSelectKernels(select));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLowbitOutlineWeights());
  pm.addPass(createLowbitPlaceWeights({options.redzone}));
}

void halftone::buildToLoopsPipeline(OpPassManager &pm, const ToLoopsOptions &options) {
  pm.addPass(createHalftoneResultsToArguments());
  pm.addPass(createHalftoneLoopsInPlace());
  pm.addPass(lowbit::createLowbitBufferize());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createHalftoneContiguousOperands());
  pm.addPass(createConvertLowbitToKernels());
  pm.addPass(createConvertNnToKernels());
  // Equal numbers of tokens become one value.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createHalftoneMergeLaunches());
  pm.addPass(createHalftonePlanMemory({options.chunk, options.separateBuffers}));
  pm.addPass(createConvertLinalgToLoopsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void halftone::buildToLLVMPipeline(OpPassManager &pm, const ToLLVMOptions &options) {
  pm.addPass(createHalftoneExpandMath());
  pm.addPass(createHalftoneCInterface());
  pm.addPass(createHalftoneLowerGlobals());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createCSEPass());
  LowerToLLVMOptions lower;
  lower.cpu = options.cpu.getValue();
  lower.triple = options.triple.getValue();
  buildLowerToLLVMPipeline(pm, lower);
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void halftone::registerPipelines() {
  registerHalftoneTransformsPasses();
  registerHalftoneToKernelsPasses();
  registerHalftoneToObjectPasses();
  PassPipelineRegistration<ToLowbitOptions>("halftone-to-lowbit", "Stage 0 to 1: give weights a low-bit format",
                                            buildToLowbitPipeline);
  PassPipelineRegistration<ToPlannedOptions>("halftone-to-planned", "Stage 1 to 2: choose kernels, pack weights",
                                             buildToPlannedPipeline);
  PassPipelineRegistration<ToLoopsOptions>("halftone-to-loops", "Stage 2 to 3: buffers, kernels as loops on vectors",
                                           buildToLoopsPipeline);
  PassPipelineRegistration<ToLLVMOptions>("halftone-to-llvm", "Stage 3 to 4: the LLVM dialect for one CPU",
                                          buildToLLVMPipeline);
}
