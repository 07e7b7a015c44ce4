//===- WeightReader.h - Unpacking Rows16 weights in a kernel ----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_WEIGHTREADER_H
#define HALFTONE_LIB_CONVERSION_KERNELS_WEIGHTREADER_H

#include "KernelBuilder.h"
#include "halftone/Pack/Layout.h"

namespace halftone {

/// Emits the code that turns packed Rows16 weights of one block of 16 rows into
/// bytes. The integer weight of an element is `u - offset()` with `u` an
/// unsigned byte, 0..maxU(); formats with an offset or a zero point per group have
/// `u - zeros()` instead.
///
/// BCQ codes of up to 3 planes are decoded by a byte table of the group when the
/// target looks 128 bytes up at once (`tableWidth` 128), otherwise by one masked
/// addition per plane.
class WeightReader {
public:
  using Value = mlir::Value;

  WeightReader(KernelBuilder &k, const Format &format, int64_t rows, int64_t cols, Value packed, Value rowBlock,
               int64_t tableWidth = 16);

  /// Positions the reader at a group: emits the loads that all its elements share.
  void enterGroup(Value group);

  /// Loads the field vectors of one step; `step` counts within the group.
  void loadStep(Value step);

  /// The bytes u of 16 rows x 4 elements: elements 4*chunk .. 4*chunk+3 of the step; byte 4*row + j.
  Value unpackChunk(int64_t chunk);

  /// Two-level, ternary and integer formats: the scales of the 16 rows as floats. VS-Quant: those of a vector of the
  /// packed group, the integer times the row's scale.
  Value scales(int64_t vector = 0);

  /// Ternary with a scale per sign: the float weights of 16 rows of element 4*chunk + j of the step.
  Value perSignWeight(int64_t chunk, int64_t j);

  /// VS-Quant: the integer scales of a vector of the packed group for 16 rows, as words.
  Value vectorScales(int64_t vector);

  /// VS-Quant: the float scales of the 16 rows.
  Value rowScales();

  /// BCQ with plane scales: the float weights of 16 rows of element 4*chunk + j of the step.
  Value planeScaledWeight(int64_t chunk, int64_t j);

  int64_t offset() const;
  int64_t maxU() const;
  /// The u that stands for 0 in the group entered, for 16 rows, as words: may lie outside 0..255.
  Value zeros();
  Value block() const { return rowBlock; }

private:
  /// Where the bit of a plane of an element chunk lies: a vector of the step, and the bit within each byte.
  struct BitSlot {
    unsigned vector, bit;
  };
  BitSlot slotOf(unsigned plane, int64_t chunk) const;
  Value extractField(const CodeField &field, unsigned firstVector, int64_t chunk);
  Value lookUpPlanes(int64_t chunk);
  Value halves(Value byteOffset);
  /// Index among all (row block, group) of the scales that the group entered has.
  Value scaleIndex();
  /// Byte vector of multiplier `p` of the group entered.
  Value multiplierBytes(unsigned p);
  void enterTwoLevelGroup();
  Value buildTable(llvm::ArrayRef<Value> multipliers, Value rest);
  /// A row value per row to bytes in which every row stands `copies` times in succession.
  Value replicate(Value rows, int64_t copies, int64_t size);

  KernelBuilder &k;
  Format format;
  PackedShape shape;
  GroupShape groups;
  llvm::SmallVector<CodeField> fields;
  unsigned bits, tablePlanes;
  Value packed, rowBlock;

  Value groupIndex;                          ///< rowBlock * groups + group
  Value groupCodes;                          ///< byte offset of the group's first step
  Value base;                                ///< two-level BCQ: bytes 128 - sum of multipliers, or null with a table
  Value table;                               ///< two-level BCQ: u by row and the first planes' bits
  llvm::SmallVector<Value> twiceMultipliers; ///< two-level BCQ: bytes, per plane that is not in the table
  llvm::SmallVector<Value> planeScales, negatedPlaneScales;
  Value plusScale, negatedMinusScale; ///< ternary per sign
  Value planeOffset;                  ///< BCQ with plane scales and an offset
  llvm::SmallVector<Value> vectors;   ///< the step's vectors
};

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_WEIGHTREADER_H
