//===- ByteTables.h - Look-up tables of one byte per sum --------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_BYTETABLES_H
#define HALFTONE_LIB_CONVERSION_KERNELS_BYTETABLES_H

#include "KernelBuilder.h"

namespace halftone {

/// Slices whose looked-up bytes fit unsigned 16-bit sums: 256 * 255 < 2^16.
constexpr int64_t kByteSegment = 256;

/// What an entry of the tables is more than the sum that it stands for.
constexpr int64_t kByteBias = 128;

/// Adds 64 unsigned bytes to their sums, which `acc` keeps as two vectors of 32 words mod 2^16: sums of pairs (first
/// byte + 256 * second byte), and sums of the second bytes.
void addBytes(KernelBuilder &k, mlir::Value values, llvm::MutableArrayRef<mlir::Value> acc);

/// The 64 sums of `count` times addBytes as 32-bit integers, less `count` times the bias.
mlir::Value byteSums(KernelBuilder &k, mlir::ArrayRef<mlir::Value> acc, int64_t count);

/// A mask of the bytes whose sign bit is set. Make it before the look-up: code that nobody reads any more is replaced
/// by what it looks up, without a copy.
mlir::Value isNegative(KernelBuilder &k, mlir::Value code);

/// Negates the sums that biased bytes stand for, where `mask` says so: one masked subtraction.
mlir::Value negateBytes(KernelBuilder &k, mlir::Value mask, mlir::Value bytes);

/// The 32-bit `sums` of rounded entries times 2^k, with k the byte tables[token][at].
llvm::SmallVector<mlir::Value> shiftSums(KernelBuilder &k, mlir::Value tables, mlir::Value token, mlir::Value at,
                                         mlir::ValueRange sums);

/// The least k with `most` <= bound * 2^k, for sums of up to `largest`; all are words.
mlir::Value leastShift(KernelBuilder &k, mlir::Value most, int64_t bound, int64_t largest);

/// Divides words by 2^k, to the nearest integer, ties to even ones.
class ShiftRounding {
public:
  ShiftRounding(KernelBuilder &k, mlir::Value shift);
  mlir::Value divide(KernelBuilder &k, mlir::Value words) const;

private:
  mlir::Value shift, rounding, parity; ///< one word each
};

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_BYTETABLES_H
