//===- Descriptor.h - Memrefs from plain pointers ---------------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_TOOBJECT_DESCRIPTOR_H
#define HALFTONE_LIB_CONVERSION_TOOBJECT_DESCRIPTOR_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/Builders.h"

namespace halftone {

/// A memref of identity layout over the memory at `pointer`, as an unrealized cast of its descriptor. `dynamicSize`
/// is an i64, the size of every dynamic dimension; it may be null if there is none.
mlir::Value memrefFromPointer(mlir::OpBuilder &builder, mlir::Location loc, const mlir::LLVMTypeConverter &converter,
                              mlir::MemRefType type, mlir::Value pointer, mlir::Value dynamicSize);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_TOOBJECT_DESCRIPTOR_H
