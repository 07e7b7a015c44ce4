//===- Stream.cpp - Values between the pieces of a model ------------------===//

#include "Stream.h"

using namespace halftone;
using namespace llvm;

Expected<compensate::Stream> compensate::runPiece(const PieceProgram &program, size_t index, ArrayRef<int32_t> tokens,
                                                  ArrayRef<int64_t> lengths, const Stream &stream) {
  const Piece &piece = program.pieces()[index];
  int64_t count = int64_t(tokens.size());
  std::vector<const void *> inputs;
  if (index == 0)
    inputs.push_back(tokens.data());
  for (const Matrix &matrix : stream)
    inputs.push_back(matrix.values.data());
  Stream results;
  std::vector<float *> pointers;
  for (int64_t width : piece.resultWidths) {
    results.push_back({count, width, std::vector<float>(count * width)});
    pointers.push_back(results.back().values.data());
  }
  if (Error error = program.run(index, lengths, inputs, pointers))
    return std::move(error);
  Stream next;
  for (int64_t from : piece.next)
    next.push_back(from >= 0 ? std::move(results[from]) : stream[-1 - from]);
  return std::move(next);
}
