//===- Layout.h - Packed storage of weights, shaped for kernels -*- C++ -*-===//
//
// Where every bit of a packed weight lies. Kernel generators and the packer both
// read this description, so there is one truth. Layouts do not depend on the
// CPU: they are made of 64-byte vectors, the width that all kernels think in.
//
// Rows16 (strategies dot and dequant). Rows in blocks of 16. Each group of the
// reduction dimension is padded with zero codes to a multiple of 32 elements (a
// "step"). A code of b bits is cut into fields of 1, 2, 4 or 8 bits. One step of
// one row block is, for each field of w bits, w vectors of 64 bytes; byte
// 4*row + j of vector v holds, in bits [s*w, s*w+w), the field of element
// k = v*(32/w) + 4*s + j. So `(vector >> s*w) & mask` is 16 rows x 4 consecutive
// elements: the operand of a four-way byte dot product.
//   codes: [rowBlocks][steps][bits][64]
//   scales: half [rowBlocks][groups][scalesPerGroup][16]
//   multipliers: i8 [rowBlocks][groups][planes][16] (two-level BCQ)
// An offset (BCQ) is one more scale or multiplier after those of the planes; a zero
// point (int) is a multiplier. Scales are floats where the format says so. One scale
// per tensor is stored for one block of rows, and serves all.
// VS-Quant (vsq) in Rows16: the integer scales of vectors are the multipliers, the
// rows' scales are floats [rowBlocks][16]. Vectors of 8 or 16 elements would waste
// most of a step; they are packed four or two to a group of 32 elements, so that
// codes lie in the order of the row without gaps, and a group has that many
// multipliers (in the last group those of missing vectors are zero).  A multiplier
// is a byte, but two for integers of more than 8 bits and four (a float) for float
// vector scales; of the formats with floats of 8 bits it is their code. The rows'
// scales are there for integer scales, and as copies of the tensor's for nvfp4. All other
// vectors are groups. Activations are padded in the same order, and have a sum
// per vector.
//   scales: float [rowBlocks][16]
//   multipliers: u8 [rowBlocks][groups][vectorsPerGroup][16]
//
// Rows64 (strategies lut and popcount, dot of many columns). Rows in blocks of 64; every code as planes of one bit.
// Byte r of a vector holds 8 consecutive elements of row r, the first in the
// lowest bit.
//   codes: [rowBlocks][paddedCols/8][planes][64]
//   scales: half [rowBlocks][groups][scalesPerGroup][64]
//   multipliers: i8 [rowBlocks][groups][planes][64] (two-level BCQ)
//
// Trits16 (dot), Trits64 (lut). As Rows16 and Rows64, for ternary codes, five to a
// byte; Trits.h has the details.
//
// Float16: unquantized weights, f32 [rowBlocks of 16][cols][16].
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_PACK_LAYOUT_H
#define HALFTONE_PACK_LAYOUT_H

#include "halftone/Quantize/Format.h"
#include "llvm/ADT/SmallVector.h"

namespace halftone {

enum class Layout { Rows16, Rows64, Float16, Trits16, Trits64 };

/// Elements of a step: the unit to which groups are padded.
constexpr int64_t kStep = 32;

/// A bit field of a code: `width` bits starting at bit `shift` of the code byte.
struct CodeField {
  unsigned width, shift;
};

/// The fields of a format's code in Rows16, in storage order. Ternary: one 2-bit field; BCQ and int<b>: their bits
/// (planes) as powers of two from the lowest (5 = 1 + 4).
llvm::SmallVector<CodeField> codeFields(const Format &format);

/// One-bit planes of a format's code: BCQ its planes, binary 1, ternary 2 (t = (b0 + b1) / 2), int<b> b.
unsigned planeCount(const Format &format);

/// Bits of a code in Rows16: the sum of the field widths.
unsigned codeBits(const Format &format);

/// Elements of a packed group: the format's group, or 32 for VS-Quant with vectors of 8 or 16. 0: the row.
int64_t packedGroup(const Format &format);

/// VS-Quant: elements of the packed group that vectors of `vector` elements lie in.
int64_t packedVector(int64_t vector);

/// VS-Quant: vectors in a packed group (1, 2 or 4); 1 for all other formats.
unsigned vectorsPerGroup(const Format &format);

/// VS-Quant with 8-bit activations: longest row whose sums kernels keep exactly: at most 2^18 columns, sums below 2^40
/// and the term of one vector, V * largest element * 127 * (2^scaleBits - 1), below 2^31; 0 if a term is not. Formats
/// with float vector scales have no limit but that of one vector's sum.
int64_t maxVectorScaledColumns(const Format &format);

/// VS-Quant with integer scales and 8-bit activations: true if no sum of a row of `cols` elements leaves 32 bits,
/// whatever the weights and activations: cols * largest element * 127 * (2^scaleBits - 1) < 2^31.
bool vectorSumsFitWord(const Format &format, int64_t cols);

/// VS-Quant: bytes of a vector's scale: 1, 2 for integers of more than 8 bits, 4 for floats. 1 for other formats.
unsigned multiplierWidth(const Format &format);

/// VS-Quant: true if a float per row is stored (integer scales, or E4M3, whose tensor has one scale).
bool hasRowScales(const Format &format);

/// Scales per (row, group): 1, the planes of BCQ with plane scales and its offset, or 2 of ternary per sign (of +1,
/// then of -1); 0 for VS-Quant, whose scales are per row.
unsigned scalesPerGroup(const Format &format);

/// Integer multipliers per (row, packed group): the planes of two-level BCQ and its offset, the vectors of
/// VS-Quant, the zero point of int, else 0.
unsigned multipliersPerGroup(const Format &format);

/// Bytes of a scale: 2 (half), or 4 with float scales and for VS-Quant.
unsigned scaleBytes(const Format &format);

/// How packed groups lie along the reduction dimension of `cols` elements.
struct GroupShape {
  int64_t cols, size, count; ///< elements, group size, groups
  int64_t lastSize;          ///< elements of the last group
  int64_t steps;             ///< padded steps of a full group
  int64_t lastSteps;         ///< padded steps of the last group
  GroupShape(const Format &format, int64_t cols);
  GroupShape(int64_t groupSize, int64_t cols);
  int64_t totalSteps() const { return (count - 1) * steps + lastSteps; }
  int64_t paddedCols() const { return totalSteps() * kStep; }
  /// Index in padded order of element k.
  int64_t padded(int64_t k) const { return k / size * steps * kStep + k % size; }
};

/// Columns that the codes of activations (i8 [T][KP]) take in memory where a dot kernel reads the same column of
/// several rows at once: KP, and a cache line more where rows would lie half a page apart, or a multiple of that. The
/// first-level cache serves addresses whose low 12 bits agree one after the other: with AVX2 on Zen 4 products took
/// twice the time at KP = 4096, and 1.08 times at KP = 2048.
int64_t codeColumns(int64_t paddedCols);

/// Dot kernels of many columns unpack weights once for up to so many columns, to memory. Up to so many tiles of columns
/// unpack them for themselves: memory is then read at the pace of the products.
constexpr int64_t kPanelColumns = 128, kUnpackingTiles = 4;

/// Byte offsets of the parts of a packed weight. Every part starts at a multiple of 64.
struct PackedShape {
  int64_t rowsPerBlock, rowBlocks;
  int64_t codesOffset = 0, codesBytes = 0;
  int64_t scalesOffset = 0, scalesBytes = 0;
  int64_t multipliersOffset = 0, multipliersBytes = 0;
  int64_t bytes = 0; ///< total, a multiple of 64
  /// Bytes of one row block in each part; one scale per tensor is stored for the first block only.
  int64_t blockCodes = 0, blockScales = 0, blockMultipliers = 0;
  PackedShape(const Format &format, int64_t rows, int64_t cols, Layout layout);
};

/// Total bytes of a packed weight.
inline int64_t packedBytes(const Format &format, int64_t rows, int64_t cols, Layout layout) {
  return PackedShape(format, rows, cols, layout).bytes;
}

/// True if a format can be stored in a layout: floats in Float16 only, all others in Rows16; BCQ with plane scales
/// and VS-Quant not in Rows64; ternary in Trits16 and, with one scale, in Trits64.
bool layoutHolds(Layout layout, const Format &format);

/// True if kernels of strategy dot multiply weights of a format in a layout: Rows16 and Trits16, and Rows64 where a
/// format has one scale per group.
bool dotReads(Layout layout, const Format &format);

/// True if they pass over the weights of columns whose codes are all 0 (where a format has one integer per weight and
/// one scale per group): a product of static groups is then one product per group.
bool dotSkipsGroups(Layout layout, const Format &format);

} // namespace halftone

#endif // HALFTONE_PACK_LAYOUT_H
