//===- PieceProgram.h - A model that runs piece by piece --------*- C++ -*-===//
//
// The float model, compiled for this machine and cut where its products begin
// (halftone-cut-at-products), so that weights can change between one product and
// the next while every token passes each layer once.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_COMPENSATE_PIECEPROGRAM_H
#define HALFTONE_COMPENSATE_PIECEPROGRAM_H

#include "halftone/Weights/Evaluate.h"
#include <memory>

namespace halftone {

/// What calibration must know of a model.
struct LanguageModel {
  int64_t context = 0; ///< most tokens of a sequence
  int64_t vocabulary = 0;

  /// Reads `halftone.model`. Errors: a module that is no language model.
  static llvm::Expected<LanguageModel> describe(mlir::ModuleOp model);
};

/// One piece of a model, see halftone-cut-at-products.
struct Piece {
  /// Names of the weights whose products begin the piece; none in the first.
  std::vector<std::string> weights;
  int64_t input = -1;             ///< the argument that they multiply
  std::vector<int64_t> residuals; ///< for each weight the argument that is added to its product, or -1
  std::string gain;               ///< of the norm that is the input and is read by nothing else; empty: none
  /// For each argument of the next piece the number of a result, or -1 - the number of an argument.
  std::vector<int64_t> next;
  std::vector<int64_t> inputWidths; ///< of the arguments; 0: a token
  std::vector<int64_t> resultWidths;
};

class PieceProgram {
public:
  /// Compiles the pieces of `model` (stage 0, with its weights in `store`), which is not changed. `threads`: 0 for
  /// all cores, here and in run().
  static llvm::Expected<std::unique_ptr<PieceProgram>> compile(mlir::ModuleOp model, const TensorStore *store,
                                                               unsigned threads);
  ~PieceProgram();

  llvm::ArrayRef<Piece> pieces() const;

  /// A weight of a piece as the model has it: rows are outputs.
  struct Weight {
    int64_t rows = 0, cols = 0;
    std::vector<float> values;
  };
  llvm::Expected<Weight> weight(size_t piece, llvm::StringRef name) const;
  /// A tensor of one dimension that a piece reads.
  llvm::Expected<std::vector<float>> vector(size_t piece, llvm::StringRef name) const;

  /// Puts the piece's weights in place, in the place of those of the piece loaded before: one piece's floats are in
  /// memory.
  llvm::Error load(size_t piece, const WeightReplacements &replacements);

  /// Runs a piece that is loaded over sequences that lie one behind the other. `inputs` and `results`: [tokens][width]
  /// of the piece's arguments and results. The same bits with any number of threads.
  llvm::Error run(size_t piece, llvm::ArrayRef<int64_t> sequences, llvm::ArrayRef<const void *> inputs,
                  llvm::ArrayRef<float *> results) const;

private:
  PieceProgram();
  struct Implementation;
  std::unique_ptr<Implementation> implementation;
};

} // namespace halftone

#endif // HALFTONE_COMPENSATE_PIECEPROGRAM_H
