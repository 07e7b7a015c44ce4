//===- LowbitTypes.h - Number formats as types ------------------*- C++ -*-===//
#ifndef HALFTONE_DIALECTS_LOWBIT_IR_LOWBITTYPES_H
#define HALFTONE_DIALECTS_LOWBIT_IR_LOWBITTYPES_H

#include "dialects/Lowbit/IR/LowbitAttrs.h"
#include "halftone/Quantize/Format.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Types.h"
#include <optional>
#include <string>

namespace halftone::lowbit {

/// One of the plain tensors that a quantized matrix consists of.
struct StorageComponent {
  /// "planes", "codes", "scales", "multipliers", "offsets" or "zero_points".
  std::string name;
  llvm::SmallVector<int64_t> shape;
  /// i8, i16, f16 or f32.
  mlir::Type elementType;

  mlir::RankedTensorType getType() const { return mlir::RankedTensorType::get(shape, elementType); }
};

} // namespace halftone::lowbit

#include "dialects/Lowbit/IR/LowbitInterfaces.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Lowbit/IR/LowbitTypes.h.inc"

namespace halftone::lowbit {

/// The element type of matrices in `format`; f32 for Float. Solver fields have no place in a type.
mlir::Type formatToType(mlir::MLIRContext *context, const Format &format);

/// The format of an element type: a low-bit type or f32; none for other types.
std::optional<Format> typeToFormat(mlir::Type type);

/// Elements of a group in packed order: getGroup(), or 32 for short vectors that share a group (see Layout.h).
int64_t packedGroup(mlir::Type format);

/// Columns of a row of `cols` elements in packed order: every group of `group` elements (0: the row), the short
/// last one too, is padded to a multiple of 32.
int64_t paddedColumns(int64_t cols, int64_t group);

/// Groups in a row of `cols` elements; the last may be short.
int64_t groupCount(int64_t cols, int64_t group);

/// Bytes of one token's tables for `paddedColumns` codes: per slice of 8 codes 128 entries (half of the patterns) of
/// 16 bits when `width` is 128, or two tables of 16 entries of 16 bits when it is 16.
int64_t tableBytes(int64_t paddedColumns, int64_t width);

/// Bytes of a slice's tables of one-byte entries, without high bytes.
int64_t byteTableBytes(int64_t width);

/// Bytes of one token's tables of one-byte entries: the tables, then a byte per group of `paddedGroup` codes (a
/// multiple of 32; the last may be short), filled up to a multiple of 64.
int64_t byteTableBytes(int64_t width, int64_t paddedColumns, int64_t paddedGroup);

/// The same for look-ups of five ternary weights: `paddedColumns` codes in groups of `paddedGroup` (a multiple of 32),
/// per slice of 5 codes of a group 128 entries of 16 bits.
int64_t tritTableBytes(int64_t paddedColumns, int64_t paddedGroup);

/// The same with entries of one byte: the tables, then a byte per group, filled up to a multiple of 64.
int64_t tritByteTableBytes(int64_t paddedColumns, int64_t paddedGroup);

/// One of these: `trits` for look-ups of five ternary weights, which have width 128 only, `bytes` for entries of one
/// byte. Exact tables of planes have no groups.
int64_t lookUpTableBytes(int64_t width, int64_t paddedColumns, int64_t paddedGroup, bool trits, bool bytes);

} // namespace halftone::lowbit

#endif // HALFTONE_DIALECTS_LOWBIT_IR_LOWBITTYPES_H
