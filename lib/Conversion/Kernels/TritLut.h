//===- TritLut.h - Look-ups of five ternary weights at once -----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_TRITLUT_H
#define HALFTONE_LIB_CONVERSION_KERNELS_TRITLUT_H

#include "Kernels.h"

namespace halftone {

/// The kernel of getLutKernel for the layout Trits64, on tables of getTritTablesKernel.
Kernel getTritLutKernel(mlir::ModuleOp module, const MatmulShape &shape);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_TRITLUT_H
