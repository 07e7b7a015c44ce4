//===- LowerToLLVM.cpp - The pipeline from loops to the LLVM dialect ------===//
#include "halftone/Conversion/SimdToLLVM.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Vector/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace halftone {

#define GEN_PASS_REGISTRATION
#include "lib/Conversion/SimdToLLVM/Passes.h.inc"

void buildLowerToLLVMPipeline(OpPassManager &manager, const LowerToLLVMOptions &options) {
  // Vectors of rank one and structured control flow with plain indices.
  manager.addNestedPass<func::FuncOp>(vector::createLowerVectorMaskPass());
  manager.addNestedPass<func::FuncOp>(vector::createLowerVectorMultiReductionPass());
  VectorTransferToSCFOptions transfers;
  transfers.enableFullUnroll();
  manager.addPass(createConvertVectorToSCFPass(transfers));
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(arith::createArithExpandOpsPass());

  // One dialect after the other.
  manager.addPass(createSimdChainDots({options.cpu, options.triple}));
  manager.addPass(createConvertSimdToLLVM({options.cpu, options.triple}));
  ConvertVectorToLLVMPassOptions vectors;
  vectors.reassociateFPReductions = false;
  vectors.force32BitVectorIndices = false; // weights may be longer than 2^31 bytes
  manager.addPass(createConvertVectorToLLVMPass(vectors));
  manager.addPass(createExactFMA());
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertMathToLibmPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createUBToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(createVerifyLLVMOnly());
}

void registerSimdToLLVMPasses() {
  registerToLLVMPasses();
  PassPipelineRegistration<LowerToLLVMOptions>(
      "lower-to-llvm", "Lowers scf, vector, simd, memref, arith, math and func to the LLVM dialect for one CPU",
      buildLowerToLLVMPipeline);
}

} // namespace halftone
