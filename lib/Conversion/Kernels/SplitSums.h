//===- SplitSums.h - 16-bit sums looked up by bytes -------------*- C++ -*-===//
//
// Byte look-ups find a 16-bit sum in two tables, of its low and of its high
// byte. 64 rows of them are added up as two vectors of 32 sums, the halves of
// each 128-bit lane, which is the order that interleaving bytes gives.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_SPLITSUMS_H
#define HALFTONE_LIB_CONVERSION_KERNELS_SPLITSUMS_H

#include "KernelBuilder.h"

namespace halftone {

/// table[index] of each byte.
mlir::Value lookUp(KernelBuilder &k, mlir::Value table, mlir::Value index);

/// Interleaves low and high bytes within 128-bit lanes and adds the 16-bit sums to the two vectors of `acc`.
void addSplitSums(KernelBuilder &k, mlir::Value low, mlir::Value high, llvm::MutableArrayRef<mlir::Value> acc);

/// Undoes the order of addSplitSums(): 64 sums by row.
mlir::Value splitSumsByRow(KernelBuilder &k, mlir::Value first, mlir::Value second);

/// Stores the low bytes of 16-bit sums at tables[token][offset], and their high bytes behind them.
void storeSplitTable(KernelBuilder &k, mlir::Value sums, mlir::Value tables, mlir::Value token, mlir::Value offset);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_SPLITSUMS_H
