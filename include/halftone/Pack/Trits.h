//===- Trits.h - Five ternary weights in a byte -----------------*- C++ -*-===//
//
// Two layouts of ternary weights with five trits per byte (3^5 = 243 of 256
// values), 1.6 bits per weight. Scales lie as in Rows16 and Rows64.
//
// Trits16 (strategy dot). Rows in blocks of 16, vectors of 64 bytes. Elements of
// a padded group go by chunks of 4. Byte 4*row + j of a vector holds, in five
// digits u = 0, 1, 2 for -1, 0, +1, element j of five chunks of that row. Digit 0
// is the most significant: n = sum_d u_d 3^(4-d), stored as the fixed-point
// fraction x_0 = ceil(n * 256 / 243), from which digits are taken without
// division: u_d = (3 x_d) >> 8, x_(d+1) = (3 x_d) mod 256.
// Which chunks share a vector: five groups in succession are a superblock, whose
// vector v has chunk v of each of them, the first group in digit 0. What is left
// of a row, and all groups if that wastes at most 1/16, stands alone: a group of
// C chunks takes V = ceil(C / 5) vectors, vector v has the chunks d*V + v, and
// chunks beyond the group are zero digits.
//   codes: [rowBlocks][vectors][64]
//
// Trits64 (strategy lut). Rows in blocks of 64. Each padded group is cut into
// slices of 5 elements, the last filled up with zeros. Byte r of a vector holds a
// slice of row r as a number in balanced ternary, v = sum_i t_i 3^i with t = -1,
// 0, +1: its magnitude, 0..121, in the low seven bits and its sign in bit 7. The
// magnitude is an index into half a table of sums, the sign negates.
//   codes: [rowBlocks][slices][64]
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_PACK_TRITS_H
#define HALFTONE_PACK_TRITS_H

#include "halftone/Pack/Layout.h"
#include "llvm/ADT/ArrayRef.h"
#include <array>

namespace halftone {

/// Trits in a byte.
constexpr int64_t kTrits = 5;

/// Where the chunks of a row lie in Trits16.
struct TritShape {
  int64_t groupChunks;     ///< chunks of 4 elements in a full group
  int64_t superblocks;     ///< units of five groups, `groupChunks` vectors each
  int64_t singles;         ///< full groups that stand alone after them
  int64_t singleVectors;   ///< vectors of such a group
  int64_t lastChunks = 0;  ///< chunks of the last group if it has fewer than the others, else 0
  int64_t lastVectors = 0; ///< its vectors
  int64_t vectors;         ///< of a row block

  explicit TritShape(const GroupShape &groups);

  /// The vector and the digit of a chunk of a group.
  struct Slot {
    int64_t vector;
    int64_t digit;
  };
  Slot slot(int64_t group, int64_t chunk) const;
};

/// Slices of a row in Trits64.
struct TritSlices {
  int64_t perGroup, last, total; ///< of a full group, of the last group, of the row
  explicit TritSlices(const GroupShape &groups);
};

/// Bits of codes per weight of a row, with what groups and their ends waste.
double tritBitsPerWeight(const GroupShape &groups, Layout layout);

/// The byte of Trits16 of five digits 0..2, and back.
uint8_t packDigits(const std::array<uint8_t, kTrits> &digits);
std::array<uint8_t, kTrits> unpackDigits(uint8_t byte);

/// The byte of Trits64 of five codes 0..2 for -1, 0, +1, and back.
uint8_t packBalanced(const std::array<uint8_t, kTrits> &codes);
std::array<uint8_t, kTrits> unpackBalanced(uint8_t byte);

/// Packs the code bytes 0, 1, 2 of row `row` into the codes part of a packed weight, which is zero before.
void packTritRow(llvm::ArrayRef<uint8_t> codes, int64_t row, const GroupShape &groups, Layout layout, uint8_t *out);

/// The inverse.
void unpackTritRow(const uint8_t *bytes, int64_t row, const GroupShape &groups, Layout layout,
                   llvm::MutableArrayRef<uint8_t> codes);

} // namespace halftone

#endif // HALFTONE_PACK_TRITS_H
