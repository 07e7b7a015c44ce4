//===- Stream.h - Values between the pieces of a model ----------*- C++ -*-===//
#ifndef HALFTONE_LIB_COMPENSATE_STREAM_H
#define HALFTONE_LIB_COMPENSATE_STREAM_H

#include "halftone/Compensate/PieceProgram.h"

namespace halftone::compensate {

/// Rows x cols floats, row-major.
struct Matrix {
  int64_t rows = 0, cols = 0;
  std::vector<float> values;
  const float *row(int64_t i) const { return values.data() + i * cols; }
};

/// All values that live between two pieces, [tokens][width] each, of one model.
using Stream = std::vector<Matrix>;

/// Runs a piece that is loaded over all tokens, of sequences of `lengths`; what lives behind it.
llvm::Expected<Stream> runPiece(const PieceProgram &program, size_t index, llvm::ArrayRef<int32_t> tokens,
                                llvm::ArrayRef<int64_t> lengths, const Stream &stream);

} // namespace halftone::compensate

#endif // HALFTONE_LIB_COMPENSATE_STREAM_H
