//===- ActivationCodes.h - Integer codes in packed order --------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_ACTIVATIONCODES_H
#define HALFTONE_LIB_CONVERSION_KERNELS_ACTIVATIONCODES_H

#include "KernelBuilder.h"
#include "Kernels.h"
#include "halftone/Pack/Layout.h"

namespace halftone {

/// A code that does not fit a byte is written with digits of this weight. It is odd, so that a quotient by it is never
/// halfway between two integers, and less than 256, so that digits stay in -127 .. 127.
constexpr int64_t kDigitWeight = 255;

/// x, |x| < 2^22, rounded to the nearest even integer, as a float and as a word.
std::pair<mlir::Value, mlir::Value> roundEven(KernelBuilder &k, mlir::Value x);

/// The digits of 16 integers, the highest first; `rounded` are the integers as floats.
llvm::SmallVector<mlir::Value> splitDigits(KernelBuilder &k, mlir::Value rounded, mlir::Value code, int64_t digits);

/// Where the codes of tokens go: x f32 [T][K], codes i8 [R][KP], sums i32 [R][G], each group padded with zeros to whole
/// steps. `vectors` in a group have a sum each.
struct CodeRows {
  const GroupShape &groups;
  int64_t vectors;
  mlir::Value x, codes, sums;

  /// 16 values, those from lane `width` on are 0, the first of which is column `column` -> words, one for every row;
  /// codes of zeros are 0.
  using CodesOf =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value values, mlir::Value column, int64_t width)>;

  /// Writes the codes of a token, and the sums of those of each group, into `rows` rows from `firstRow` on.
  void emit(KernelBuilder &k, mlir::Value token, mlir::Value firstRow, int64_t rows, CodesOf codesOf) const;

private:
  void emitGroup(KernelBuilder &k, mlir::Value token, mlir::Value group, int64_t size, int64_t steps,
                 mlir::Value firstRow, int64_t rows, CodesOf codesOf) const;
  /// A group of several vectors: their lanes are summed up apart.
  void emitVectors(KernelBuilder &k, mlir::Value token, mlir::Value group, int64_t size, mlir::Value firstRow,
                   int64_t rows, CodesOf codesOf) const;
  void store(KernelBuilder &k, mlir::Value code, mlir::Value row, mlir::Value column) const;
};

/// What a kernel's name says of groups with several sums: nothing of those with one.
std::string vectorName(const CodeGroups &groups);

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_ACTIVATIONCODES_H
