//===- TritLut.h - Look-ups of five ternary weights at once -----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_TRITLUT_H
#define HALFTONE_LIB_CONVERSION_KERNELS_TRITLUT_H

#include "Kernels.h"

namespace halftone {

/// Entries of a table: the magnitudes 0..121, filled up to what a look-up takes.
constexpr int64_t kTritEntries = 128;

/// The kernel of getLutKernel for the layout Trits64, on tables of getTritTablesKernel with the same `byteTables`.
Kernel getTritLutKernel(mlir::ModuleOp module, const MatmulShape &shape, bool byteTables);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_TRITLUT_H
