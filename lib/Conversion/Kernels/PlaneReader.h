//===- PlaneReader.h - Unpacking Rows64 weights in a kernel -----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_PLANEREADER_H
#define HALFTONE_LIB_CONVERSION_KERNELS_PLANEREADER_H

#include "PanelReader.h"
#include "halftone/Pack/Layout.h"

namespace halftone {

/// Bytes of 16 of the 64 rows of a block of bit planes (Rows64). A set bit of plane p adds to u
///   m_p in two-level BCQ,   1 in binary and ternary formats,   2^p in int<b>,
/// and where BCQ has one plane 1, which the sum is multiplied by m for. Formats with one scale per group.
class PlaneReader : public PanelReader {
public:
  /// `rowBlock` counts blocks of 16 rows. Memory is prefetched `stepsAhead` steps ahead.
  PlaneReader(KernelBuilder &k, const Format &format, int64_t rows, int64_t cols, Value packed, Value rowBlock,
              int64_t stepsAhead);

  void enterGroup(Value group) override;
  void loadStep(Value step) override { this->step = step; }
  /// Chunks are asked for in order.
  Value unpackChunk(int64_t chunk) override;
  int64_t maxU() const override;
  Terms terms() override;
  Value groupScales() override;

private:
  bool isBcq() const { return format.kind == FormatKind::Bcq; }
  /// Loads eight elements of the step: slice 0 .. 3.
  void loadSlice(int64_t index);
  /// Multiplier `p` of the 16 rows for the group entered, as bytes.
  Value multiplierBytes(unsigned p);
  /// Index among all (row block, group) of the scales that the group entered has.
  Value scaleIndex();

  KernelBuilder &k;
  Format format;
  PackedShape shape;
  GroupShape groups;
  unsigned planes;
  int64_t prefetchDistance;
  Value packed;
  Value block;    ///< of 64 rows
  Value firstRow; ///< within the block
  Value group, step;
  llvm::SmallVector<Value> slices;      ///< of the planes: every row's byte four times
  llvm::SmallVector<Value> multipliers; ///< BCQ: 16 bytes per plane
  llvm::SmallVector<Value> planeSteps;  ///< what a set bit adds to each of 64 bytes
};

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_PLANEREADER_H
