//===- Patterns.h - The parts of the simd to LLVM conversion ----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_SIMDTOLLVM_PATTERNS_H
#define HALFTONE_LIB_CONVERSION_SIMDTOLLVM_PATTERNS_H

#include "halftone/Target/TargetInfo.h"

#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace halftone {

/// A pattern that emits other code for other targets; `target` must outlive it.
template <typename Op>
class TargetPattern : public mlir::ConvertOpToLLVMPattern<Op> {
public:
  TargetPattern(const mlir::LLVMTypeConverter &converter, const TargetInfo &target)
      : mlir::ConvertOpToLLVMPattern<Op>(converter), target(target) {}

protected:
  const TargetInfo &target;
};

// `target` must outlive the patterns.
void populateTableLookupPatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                                 const TargetInfo &target);
void populateCountBitsPatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                               const TargetInfo &target);
void populateDot2Patterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                          const TargetInfo &target);
void populateDot4Patterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                          const TargetInfo &target);
void populateDot8x2Patterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                            const TargetInfo &target);
void populateElementwisePatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                                 const TargetInfo &target);
void populateLaunchPatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateObservePatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns);

/// The function of that name and type in the symbol table `table`, made by `build` if it does not exist; null if
/// something else has the name.
mlir::LLVM::LLVMFuncOp getOrCreateHelper(mlir::OpBuilder &builder, mlir::Operation *table, mlir::Location loc,
                                         llvm::StringRef name, mlir::LLVM::LLVMFunctionType type,
                                         llvm::function_ref<void(mlir::LLVM::LLVMFuncOp)> build);

/// One slot on the stack of the function around `op`: allocated once, at the entry of the function.
mlir::Value createEntryAlloca(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Type type, unsigned alignment);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_SIMDTOLLVM_PATTERNS_H
