//===- VectorScaledPanel.h - VS-Quant by many columns -----------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_VECTORSCALEDPANEL_H
#define HALFTONE_LIB_CONVERSION_KERNELS_VECTORSCALEDPANEL_H

#include "KernelBuilder.h"
#include "Kernels.h"
#include "VectorScaledDot.h"

namespace halftone {

/// Emits the loops of a dot kernel over blocks of 16 rows `begin` .. `end` and all columns for a format with scales of
/// vectors; `activations` is null if theirs have none. Weights are unpacked once for a turn of columns.
void emitVectorScaledPanel(KernelBuilder &k, const MatmulShape &shape, const ActivationVectors *activations,
                           const DotOperands &args, const DotTiling &tiling, mlir::Value begin, mlir::Value end);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_VECTORSCALEDPANEL_H
