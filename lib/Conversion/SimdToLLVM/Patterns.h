//===- Patterns.h - The parts of the simd to LLVM conversion ----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_SIMDTOLLVM_PATTERNS_H
#define HALFTONE_LIB_CONVERSION_SIMDTOLLVM_PATTERNS_H

#include "halftone/Target/TargetInfo.h"

#include "mlir/Conversion/LLVMCommon/Pattern.h"

namespace halftone {

// `target` must outlive the patterns.
void populateTableLookupPatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                                 const TargetInfo &target);
void populateDot4Patterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                          const TargetInfo &target);
void populateElementwisePatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns,
                                 const TargetInfo &target);
void populateLaunchPatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns);

/// One slot on the stack of the function around `op`: allocated once, at the entry of the function.
mlir::Value createEntryAlloca(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Type type, unsigned alignment);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_SIMDTOLLVM_PATTERNS_H
