//===- SimdToLLVM.h - From loops and vectors to the LLVM dialect -*- C++ -*-===//
#ifndef HALFTONE_CONVERSION_SIMDTOLLVM_H
#define HALFTONE_CONVERSION_SIMDTOLLVM_H

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

#include <memory>
#include <string>

namespace mlir {
class LLVMTypeConverter;
class OpPassManager;
class RewritePatternSet;
} // namespace mlir

namespace halftone {

struct TargetInfo;

#define GEN_PASS_DECL
#include "lib/Conversion/SimdToLLVM/Passes.h.inc"

/// Adds the patterns that lower every operation of simd for a target, which must outlive them, and the
/// conversion of `!simd.exec` to `converter`. They compose with upstream's patterns in one conversion.
void populateSimdToLLVMConversionPatterns(mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                                          const TargetInfo &target);

struct LowerToLLVMOptions : mlir::PassPipelineOptions<LowerToLLVMOptions> {
  Option<std::string> cpu{*this, "cpu", llvm::cl::desc("LLVM's name of the CPU, or native for this machine"),
                          llvm::cl::init("native")};
  Option<std::string> triple{*this, "triple", llvm::cl::desc("target triple, this machine's if empty"),
                             llvm::cl::init("")};
};

/// Lowers modules of scf, vector, simd, memref, affine, arith, math, index, func and cf to the LLVM
/// dialect alone, without any change of floating-point results; errors if something else is left.
void buildLowerToLLVMPipeline(mlir::OpPassManager &manager, const LowerToLLVMOptions &options);

/// Registers the passes above and the pipeline `lower-to-llvm`.
void registerSimdToLLVMPasses();

} // namespace halftone

#endif // HALFTONE_CONVERSION_SIMDTOLLVM_H
