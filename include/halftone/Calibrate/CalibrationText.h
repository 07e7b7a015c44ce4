//===- CalibrationText.h - Tokens to calibrate on ---------------*- C++ -*-===//
//
// Sequences of tokens that are like what a model will see: of a text that the user
// gives, or that the model writes itself.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_CALIBRATE_CALIBRATIONTEXT_H
#define HALFTONE_CALIBRATE_CALIBRATIONTEXT_H

#include "halftone/Calibrate/ObservedProgram.h"
#include <functional>

namespace halftone {

/// Longest sequence, the begin token included, unless the model's context is shorter.
constexpr int64_t kCalibrationSequence = 512;
/// Fewer tokens than this are refused: they say too little of any channel.
constexpr int64_t kLeastCalibrationTokens = 128;

/// Sequences to run from position 0.
struct CalibrationData {
  std::vector<std::vector<int32_t>> sequences;
  std::string source; ///< for people: the file's name, or "self, seed 4"

  int64_t tokens() const;
  /// Of the tokens, in hexadecimal.
  std::string hash() const;
};

/// Reads a text ("-": standard input). Errors: it cannot be read, is empty or nothing but white space, or is not UTF-8.
llvm::Expected<std::string> readCalibrationText(llvm::StringRef path);

/// Tokenizes a text with the program's tokenizer. Its documents, which `<|endoftext|>` separates, are cut into
/// sequences that each begin with the begin token; the first `most` tokens are taken. Errors name `path`: a model
/// without a tokenizer, a text of fewer than kLeastCalibrationTokens tokens.
llvm::Expected<CalibrationData> tokenizeCalibrationText(const ObservedProgram &program, llvm::StringRef text,
                                                        llvm::StringRef path, int64_t most);

/// Lets the model write `tokens` tokens, begin tokens included, at temperature 1: each sequence from the begin token (a
/// random token where the model has none) until its end token or the longest sequence. The same seed gives the same
/// tokens everywhere. `progress`: called after each token with the number so far. Errors: `tokens` below
/// kLeastCalibrationTokens; a model that writes nothing but end tokens; logits that are no numbers.
llvm::Expected<CalibrationData> generateCalibrationText(ObservedProgram &program, uint64_t seed, int64_t tokens,
                                                        std::function<void(int64_t)> progress = nullptr);

} // namespace halftone

#endif // HALFTONE_CALIBRATE_CALIBRATIONTEXT_H
