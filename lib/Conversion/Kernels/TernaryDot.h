//===- TernaryDot.h - Integer products of ternary weights -------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_TERNARYDOT_H
#define HALFTONE_LIB_CONVERSION_KERNELS_TERNARYDOT_H

#include "KernelBuilder.h"
#include "Kernels.h"
#include "VectorScaledDot.h"

namespace halftone {

/// Emits the products of `blocks` blocks of 16 rows and `columns` tokens for ternary weights with a scale per
/// sign, or in the layout Trits16. `columnPairs` as DotTiling has it; Trits16 takes no notice of it.
void emitTernaryDot(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, mlir::Value rowBlock,
                    int64_t blocks, mlir::Value token, int64_t columns, bool columnPairs = false);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_TERNARYDOT_H
