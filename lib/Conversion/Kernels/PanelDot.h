//===- PanelDot.h - Dot products of many columns ----------------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_PANELDOT_H
#define HALFTONE_LIB_CONVERSION_KERNELS_PANELDOT_H

#include "KernelBuilder.h"
#include "Kernels.h"
#include "VectorScaledDot.h"

namespace halftone {

/// Emits the loops of a dot kernel over blocks of 16 rows `begin` .. `end` and all columns, for formats with one
/// integer per weight and one scale per group, in Rows16, Rows64 or Trits16. Weights are unpacked once for a turn of
/// columns.
void emitPanelDot(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, int64_t tableWidth,
                  const DotTiling &tiling, const ColumnRange &range, mlir::Value begin, mlir::Value end);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_PANELDOT_H
