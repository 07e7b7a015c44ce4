// Quantized matrices with random contents: any code that a format has, any scales.
#ifndef HALFTONE_TEST_UNIT_PACK_RANDOMMATRIX_H
#define HALFTONE_TEST_UNIT_PACK_RANDOMMATRIX_H

#include "halftone/Pack/Pack.h"
#include <random>

namespace halftone {

inline Format formatOf(llvm::StringRef name) { return llvm::cantFail(parseFormat(name)); }

inline QuantizedMatrix randomMatrix(const Format &format, int64_t rows, int64_t cols, unsigned seed) {
  std::mt19937 random(seed);
  QuantizedMatrix matrix;
  matrix.format = format;
  matrix.rows = rows;
  matrix.cols = cols;
  unsigned codes = format.kind == FormatKind::Ternary ? 3 : 1u << format.bits;
  for (int64_t i = 0; i < rows * cols; ++i)
    matrix.codes.push_back(random() % codes);
  int64_t groups = format.perTensor ? 1 : rows * format.groupCount(cols);
  if (format.kind == FormatKind::Vsq) {
    unsigned bytes = multiplierWidth(format);
    for (int64_t i = 0; i < groups; ++i)
      if (bytes == 4)
        matrix.vectorScales.push_back(float(random()));
      else if (bytes == 2)
        matrix.scales.push_back(random());
      else
        matrix.multipliers.push_back(int8_t(uint8_t(random())));
    int64_t rowScales = !hasRowScales(format) ? 0 : format.vectorScale == VsqScale::E4M3 ? 1 : rows;
    for (int64_t i = 0; i < rowScales; ++i)
      matrix.rowScales.push_back(float(random()));
    return matrix;
  }
  for (int64_t i = 0; i < groups * scalesPerGroup(format); ++i) {
    if (format.floatScales)
      matrix.rowScales.push_back(float(random()));
    else
      matrix.scales.push_back(random());
  }
  // Offsets and zero points take all 8 bits.
  for (int64_t i = 0; i < groups * multipliersPerGroup(format); ++i)
    matrix.multipliers.push_back(int8_t(random() % (format.offset ? 256 : 128)));
  return matrix;
}

} // namespace halftone

#endif // HALFTONE_TEST_UNIT_PACK_RANDOMMATRIX_H
