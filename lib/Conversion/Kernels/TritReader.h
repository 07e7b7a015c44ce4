//===- TritReader.h - Unpacking Trits16 weights in a kernel -----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_TRITREADER_H
#define HALFTONE_LIB_CONVERSION_KERNELS_TRITREADER_H

#include "PanelReader.h"
#include "halftone/Pack/Trits.h"

namespace halftone {

/// Emits the code that turns ternary weights of 16 rows, five to a byte with one scale per group, into the bytes 0,
/// 1, 2. Which digit of a byte a chunk is depends on the group, so digits are taken by a multiplication that is known
/// at run time: fit for panels, which unpack once for many columns.
class TritReader : public PanelReader {
public:
  /// `rowBlock`: of 16 rows.
  TritReader(KernelBuilder &k, const Format &format, int64_t rows, int64_t cols, Value packed, Value rowBlock);

  void enterGroup(Value group) override;
  void loadStep(Value index) override { step = index; }
  Value unpackChunk(int64_t chunk) override;
  int64_t maxU() const override { return 2; }
  Terms terms() override;
  Value groupScales() override;

private:
  /// The vector of a chunk and 3^digit, by which its digit becomes the first one (an i16).
  struct Slot {
    Value vector, factor;
  };
  Slot slotOf(Value chunk);
  Value powerOf3(Value digit);

  KernelBuilder &k;
  Format format;
  PackedShape shape;
  GroupShape groups;
  TritShape trits;
  Value packed, rowBlock;
  Value group, step;
  Slot inSuperblock;     ///< of the group's first chunk, if it lies in one
  Value isInSuperblock;  ///< of five groups
  Value firstOfSingle;   ///< else: the group's first vector
  Value vectorsOfSingle; ///< and its vectors
};

/// The first digits of fractions x, given as x - 128: 0, 1 or 2.
mlir::Value firstDigits(KernelBuilder &k, mlir::Value fractions);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_TRITREADER_H
