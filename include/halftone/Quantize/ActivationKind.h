//===- ActivationKind.h - Names of activation formats -----------*- C++ -*-===//
//
// What an activation is rounded to, by its short name:
//
//   f32         nothing
//   i8, i16     symmetric integers with a scale per token, found at run time
//   static<b>   b = 2..16 bits with a scale and a zero point per tensor, from its range in calibration
//   grouped<K>  8 bits with a scale and a zero point per group of dimensions, K groups
//   peg<K>      the same after the dimensions are sorted by their ranges (arXiv 2109.12948)
//   vsq<b>v<V>s<M>  integers with scales of vectors, found at run time: ActivationVectors.h
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_ACTIVATIONKIND_H
#define HALFTONE_QUANTIZE_ACTIVATIONKIND_H

#include "halftone/Quantize/ActivationVectors.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace halftone {

struct ActivationKind {
  enum Class {
    Float,
    PerToken, ///< range found at run time
    Static,   ///< range from calibration
    Vectors   ///< scales of vectors, found at run time
  };
  Class kind = Float;
  unsigned bits = 32;
  int64_t groups = 1;             ///< of a Static one
  bool sorted = false;            ///< Static: dimensions are sorted by their ranges before they are grouped
  ActivationVectors vectors = {}; ///< of Vectors

  std::string name() const;
};

/// Parses a name; the error lists what there is.
llvm::Expected<ActivationKind> parseActivationKind(llvm::StringRef name);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_ACTIVATIONKIND_H
