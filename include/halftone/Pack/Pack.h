//===- Pack.h - Quantized matrices to packed bytes --------------*- C++ -*-===//
#ifndef HALFTONE_PACK_PACK_H
#define HALFTONE_PACK_PACK_H

#include "halftone/Pack/Layout.h"
#include "halftone/Quantize/Quantize.h"

namespace halftone {

/// Packs a quantized matrix; the result has packedBytes(...) bytes. The layout must hold the format.
std::vector<uint8_t> pack(const QuantizedMatrix &matrix, Layout layout, unsigned threads = 0);

/// The inverse: codes, scales and multipliers of a packed matrix.
QuantizedMatrix unpack(llvm::ArrayRef<uint8_t> bytes, const Format &format, int64_t rows, int64_t cols, Layout layout);

/// Interleaves floats (row-major rows x cols) in the layout Float16.
std::vector<uint8_t> packFloats(llvm::ArrayRef<float> weights, int64_t rows, int64_t cols);

} // namespace halftone

#endif // HALFTONE_PACK_PACK_H
