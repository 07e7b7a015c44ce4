//===- WeightReader.h - Unpacking Rows16 weights in a kernel ----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_WEIGHTREADER_H
#define HALFTONE_LIB_CONVERSION_KERNELS_WEIGHTREADER_H

#include "KernelBuilder.h"
#include "halftone/Pack/Layout.h"

namespace halftone {

/// Emits the code that turns packed Rows16 weights into bytes. The integer
/// weight of an element is `u - offset()` with `u` an unsigned byte, 0..maxU().
class WeightReader {
public:
  using Value = mlir::Value;

  WeightReader(KernelBuilder &k, const Format &format, int64_t rows, int64_t cols, Value packed)
      : k(k), format(format), shape(format, rows, cols, Layout::Rows16), groups(format, cols),
        fields(codeFields(format)), bits(codeBits(format)), packed(packed) {}

  /// Positions the reader at (row block, group): emits the loads that all elements of the group share.
  void enterGroup(Value rowBlock, Value group);

  /// Loads the field vectors of one step; `step` counts within the group.
  void loadStep(Value step);

  /// The bytes u of 16 rows x 4 elements: elements 4*chunk .. 4*chunk+3 of the step; byte 4*row + j.
  Value unpackChunk(int64_t chunk);

  /// Two-level, ternary and integer formats: the scales of the 16 rows as floats.
  Value scales();

  /// BCQ with plane scales: the float weights of 16 rows of element 4*chunk + j of the step.
  Value planeScaledWeight(int64_t chunk, int64_t j);

  int64_t offset() const;
  int64_t maxU() const;
  const GroupShape &groupShape() const { return groups; }
  const PackedShape &packedShape() const { return shape; }

private:
  Value extractField(const CodeField &field, unsigned firstVector, int64_t chunk);
  Value planeBit(unsigned plane, int64_t chunk);
  Value halves(Value byteOffset);

  KernelBuilder &k;
  Format format;
  PackedShape shape;
  GroupShape groups;
  llvm::SmallVector<CodeField> fields;
  unsigned bits;
  Value packed;

  Value groupIndex;  ///< rowBlock * groups + group
  Value groupCodes;  ///< byte offset of the group's first step
  Value base;        ///< two-level BCQ: bytes 128 - sum of multipliers
  llvm::SmallVector<Value> twiceMultipliers; ///< two-level BCQ: bytes, per plane
  llvm::SmallVector<Value> planeScales, negatedPlaneScales;
  llvm::SmallVector<Value> vectors; ///< the step's vectors
};

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_WEIGHTREADER_H
