//===- PanelReader.h - Packed weights of 16 rows as bytes -------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_PANELREADER_H
#define HALFTONE_LIB_CONVERSION_KERNELS_PANELREADER_H

#include "KernelBuilder.h"

namespace halftone {

/// Emits the code that turns packed weights of 16 rows into unsigned bytes u, whatever the layout they are packed in.
class PanelReader {
public:
  using Value = mlir::Value;

  virtual ~PanelReader() = default;

  /// Positions the reader at a group: emits the loads that all its elements share.
  virtual void enterGroup(Value group) = 0;

  /// Positions the reader at a step, which counts within the group.
  virtual void loadStep(Value step) = 0;

  /// The bytes u of 16 rows x 4 elements: elements 4*chunk .. 4*chunk+3 of the step; byte 4*row + j.
  virtual Value unpackChunk(int64_t chunk) = 0;

  /// The largest u.
  virtual int64_t maxU() const = 0;

  /// How the sum over a group of u * activation becomes that of weight * activation:
  ///   factor * 2^shift * sum - zeros * (sum of the activations)
  struct Terms {
    int64_t shift = 0;
    Value factor; ///< per row, words; null: 1
    Value zeros;  ///< per row, words; null: all rows have `zero`
    int64_t zero = 0;
    /// The sum of weight * activation, as words; `activationSum` is an i32.
    Value apply(KernelBuilder &k, Value sum, Value activationSum) const;
  };
  /// Those of the group entered.
  virtual Terms terms() = 0;

  /// The scales of the 16 rows for the group entered, as floats.
  virtual Value groupScales() = 0;
};

/// A byte per row, 16 of them, as bytes in which every row stands four times in succession.
mlir::Value fourTimes(KernelBuilder &k, mlir::Value rows);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_PANELREADER_H
