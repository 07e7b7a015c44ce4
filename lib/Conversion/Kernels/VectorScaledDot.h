//===- VectorScaledDot.h - Integer products of VS-Quant ---------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_VECTORSCALEDDOT_H
#define HALFTONE_LIB_CONVERSION_KERNELS_VECTORSCALEDDOT_H

#include "KernelBuilder.h"
#include "Kernels.h"

namespace halftone {

/// The memrefs of a dot kernel, see getDotKernel.
struct DotOperands {
  mlir::Value codes, scales, sums, packed, y;
  mlir::Value multipliers; ///< of getVectorDotKernel
};

/// Emits the products of `blocks` blocks of 16 rows and `columns` tokens for a format with scales of vectors;
/// `activations` is null if theirs have none. `columnPairs` as DotTiling has it.
void emitVectorScaledDot(KernelBuilder &k, const MatmulShape &shape, const ActivationVectors *activations,
                         const DotOperands &args, mlir::Value rowBlock, int64_t blocks, mlir::Value token,
                         int64_t columns, bool columnPairs = false);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_VECTORSCALEDDOT_H
