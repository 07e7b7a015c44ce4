//===- WeightReader.h - Unpacking Rows16 weights in a kernel ----*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_WEIGHTREADER_H
#define HALFTONE_LIB_CONVERSION_KERNELS_WEIGHTREADER_H

#include "PanelReader.h"
#include "halftone/Pack/Layout.h"

namespace halftone {

/// Emits the code that turns packed Rows16 weights of one block of 16 rows into
/// bytes. The integer weight of an element is `u - offset()` with `u` an
/// unsigned byte, 0..maxU(); formats with an offset or a zero point per group have
/// `u - zeros()` instead.
///
/// BCQ codes of up to 3 planes are decoded by a byte table of the group when the
/// target looks 128 bytes up at once (`tableWidth` 128), otherwise by one masked
/// addition per plane. Where bytes above `fastU` cost the target more (see
/// DotTiling), two-level BCQ is read as `2 u - M` with u <= 127 and M the sum of
/// the row's multipliers; or, for one column and sums in 16 bits, plane by plane.
/// Memory is prefetched `stepsAhead` steps ahead, or farther.
class WeightReader : public PanelReader {
public:
  WeightReader(KernelBuilder &k, const Format &format, int64_t rows, int64_t cols, Value packed, Value rowBlock,
               int64_t tableWidth = 16, int64_t fastU = 255, bool oneColumn = false, int64_t stepsAhead = 0);

  void enterGroup(Value group) override;

  /// The step's vectors of fields are loaded where they are used first: registers are few.
  void loadStep(Value step) override;

  Value unpackChunk(int64_t chunk) override;

  Terms terms() override;

  /// A sum over a group that unpackParts wants: what is added to it is u, or a bit of a plane, times 2^shift.
  struct PartSum {
    unsigned plane;
    int shift; ///< may be negative: a high half of u
    bool operator==(const PartSum &other) const { return plane == other.plane && shift == other.shift; }
  };
  /// Bytes that times the activations are added to a sum, an index into partSums().
  struct Part {
    Value bytes;
    int64_t maxU;
    size_t sum;
  };

  /// As unpackChunk, but leaves fields where they lie in the byte as far as `fastU` allows: fewer shifts. Bytes of 8
  /// bits come in two parts where `fastU` is less.
  llvm::SmallVector<Part> unpackParts(int64_t chunk);

  /// The sums of unpackParts over all chunks, in the order that their parts appear in.
  llvm::SmallVector<PartSum> partSums() const;

  /// Words: sum over the group of weight * activation, from the group's sum of activations (an i32) and either
  /// the sum of u * activation, or those of partSums().
  Value exactSum(llvm::ArrayRef<Value> sums, Value activationSum);

  /// Two-level, ternary and integer formats: the scales of the 16 rows as floats. VS-Quant: those of a vector of the
  /// packed group: the integer times the row's scale, or the unit of float scales (QuantizedMatrix::vectorUnit).
  Value scales(int64_t vector = 0);

  /// Ternary with a scale per sign: the float weights of 16 rows of element 4*chunk + j of the step.
  Value perSignWeight(int64_t chunk, int64_t j);

  /// VS-Quant: the integer scales of a vector of the packed group for 16 rows, as words.
  Value vectorScales(int64_t vector);

  /// The float scales of the 16 rows of formats that have them.
  Value rowScales();

  /// BCQ with plane scales: the float weights of 16 rows of element 4*chunk + j of the step.
  Value planeScaledWeight(int64_t chunk, int64_t j);

  Value groupScales() override { return scales(); }

  int64_t offset() const;
  int64_t maxU() const override;
  /// The u that stands for 0 in the group entered, for 16 rows, as words: may lie outside 0..255.
  Value zeros();
  Value block() const { return rowBlock; }

private:
  /// Where the bit of a plane of an element chunk lies: a vector of the step, and the bit within each byte.
  struct BitSlot {
    unsigned vector, bit;
  };
  /// Loads vector `index` of the step if it is not loaded yet.
  Value vector(unsigned index);
  BitSlot slotOf(unsigned plane, int64_t chunk) const;
  Value extractField(const CodeField &field, unsigned firstVector, int64_t chunk);
  Value lookUpPlanes(int64_t chunk);
  /// Fields of a byte that unpackParts leaves in place after one shift: a power of two.
  int64_t fieldsInPlace() const;
  /// A set bit of binary weights is u = 2.
  int bitShift() const { return format.kind == FormatKind::Binary ? 1 : 0; }
  /// True if `2 u - M` is read.
  bool halved() const;
  /// True if unpackParts gives planes.
  bool byPlanes() const;
  /// Where a plane's bit of a chunk lies in its byte once shifted right by a count that many chunks share.
  int placeInNibble(unsigned plane, int64_t chunk) const;
  Part unpackPlane(unsigned plane, int64_t chunk, size_t sum);
  Value integersOfSmallFloats(Value codes);
  Value loadMultipliers(int64_t vector, mlir::VectorType type);
  Value halves(Value byteOffset);
  /// Index among all (row block, group) of the scales that the group entered has.
  Value scaleIndex();
  /// Byte vector of multiplier `p` of the group entered.
  Value multiplierBytes(unsigned p);
  void enterTwoLevelGroup();
  void enterHalvedGroup(llvm::ArrayRef<Value> multipliers);
  Value buildTable(llvm::ArrayRef<Value> multipliers, Value rest);
  /// A row value per row to bytes in which every row stands `copies` times in succession.
  Value replicate(Value rows, int64_t copies, int64_t size);

  KernelBuilder &k;
  Format format;
  PackedShape shape;
  GroupShape groups;
  llvm::SmallVector<CodeField> fields;
  unsigned bits, tablePlanes;
  int64_t fastU;
  bool oneColumn;
  int64_t prefetchDistance;
  Value packed, rowBlock;

  Value groupIndex;    ///< rowBlock * groups + group
  Value groupCodes;    ///< byte offset of the group's first step
  Value base;          ///< two-level BCQ: bytes 128 - sum of multipliers, or null with a table
  Value table;         ///< two-level BCQ: u by row and the first planes' bits
  Value multiplierSum; ///< two-level BCQ, halved: M as words
  /// Two-level BCQ: bytes, per plane that is not in the table: what a set bit adds to u.
  llvm::SmallVector<Value> planeSteps;
  llvm::SmallVector<Value> planeMultipliers; ///< two-level BCQ by planes: words
  llvm::SmallVector<Value> planeScales, negatedPlaneScales;
  Value plusScale, negatedMinusScale; ///< ternary per sign
  Value planeOffset;                  ///< BCQ with plane scales and an offset
  Value stepCodes;                    ///< byte offset of the step
  llvm::SmallVector<Value> vectors;   ///< the step's vectors, null before they are used
};

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_WEIGHTREADER_H
