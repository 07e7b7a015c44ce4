//===- Canonical.h - Quantized matrices as plain tensors --------*- C++ -*-===//
//
// The storage that does not depend on a target: what lowbit.assemble puts
// together. The dialect's description says where every bit lies.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_PACK_CANONICAL_H
#define HALFTONE_PACK_CANONICAL_H

#include "halftone/Quantize/Quantize.h"

namespace halftone {

/// Bytes of the components of a matrix, in the order of its type's storage.
std::vector<std::vector<uint8_t>> toCanonical(const QuantizedMatrix &matrix);

/// The inverse. Errors name `tensorName`: a component of the wrong size; scales that are not finite; codes, zero
/// points or multipliers that the format does not have.
llvm::Expected<QuantizedMatrix> fromCanonical(const Format &format, int64_t rows, int64_t cols,
                                              llvm::ArrayRef<std::vector<uint8_t>> components,
                                              llvm::StringRef tensorName);

} // namespace halftone

#endif // HALFTONE_PACK_CANONICAL_H
