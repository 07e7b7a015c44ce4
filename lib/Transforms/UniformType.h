//===- UniformType.h - !quant.uniform of a weight matrix --------*- C++ -*-===//
#ifndef HALFTONE_LIB_TRANSFORMS_UNIFORMTYPE_H
#define HALFTONE_LIB_TRANSFORMS_UNIFORMTYPE_H

#include "halftone/Quantize/Quantize.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"

namespace halftone {

/// What upstream's uniform type says of a matrix, with rows (output channels) first.
struct UniformType {
  unsigned width = 8;        ///< bits of the storage
  int64_t lowest = 0;        ///< least value of the storage
  int64_t low = 0, high = 0; ///< range to which a qcast clamps
  int64_t rows = 0, cols = 0, group = 0;
  bool perTensor = false;
  std::vector<float> scales;   ///< [rows][groups], or [1]
  std::vector<int> zeroPoints; ///< the same, relative to `lowest`

  /// Reads the type of a matrix whose dimension `rowAxis` is its rows. `emitError` begins a diagnostic that names the
  /// type; errors: everything that lowbit integers cannot hold without loss.
  static mlir::FailureOr<UniformType> get(mlir::RankedTensorType type, unsigned rowAxis,
                                          llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

  /// Signed, around zero, without the most negative value: symmetric lowbit integers.
  bool isSymmetric() const;
  /// A qcast clamps as lowbit.encode does.
  bool hasWholeRange() const;
  /// A matrix with these scales and no codes.
  QuantizedMatrix emptyMatrix() const;
  /// A matrix of stored values (of the type's shape).
  QuantizedMatrix matrix(mlir::DenseIntElementsAttr values, unsigned rowAxis) const;
};

/// The element type, of upstream's dialect, that stands for the same numbers as a matrix of integers; errors by
/// `emitError`: groups that do not divide the row, other formats.
mlir::FailureOr<mlir::Type> uniformTypeOf(mlir::MLIRContext *context, const QuantizedMatrix &matrix,
                                          llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace halftone

#endif // HALFTONE_LIB_TRANSFORMS_UNIFORMTYPE_H
