//===- Constants.h - The bytes of constants ---------------------*- C++ -*-===//
#ifndef HALFTONE_LIB_TRANSFORMS_CONSTANTS_H
#define HALFTONE_LIB_TRANSFORMS_CONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace halftone {

/// The elements of a dense or dense_resource constant of i8, f16 or f32 as bytes, one after the other; none for other
/// attributes and element types, and for a resource that is missing or has the wrong size.
std::optional<std::vector<uint8_t>> constantBytes(mlir::ElementsAttr constant);

} // namespace halftone

#endif // HALFTONE_LIB_TRANSFORMS_CONSTANTS_H
