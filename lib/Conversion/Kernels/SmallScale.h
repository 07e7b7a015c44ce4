//===- SmallScale.h - Scales that are floats of 8 bits ----------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_SMALLSCALE_H
#define HALFTONE_LIB_CONVERSION_KERNELS_SMALLSCALE_H

#include "KernelBuilder.h"
#include "halftone/Quantize/Format.h"

namespace halftone {

/// Half of the values of E8M0 or E4M3 codes: units of the integers that twice an E2M1 number is. `codes` are 32-bit
/// integers, a scalar or a vector; the result is exact, subnormal numbers included. Codes of NaN are not expected.
mlir::Value smallScaleUnit(KernelBuilder &k, VsqScale scale, mlir::Value codes);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_SMALLSCALE_H
