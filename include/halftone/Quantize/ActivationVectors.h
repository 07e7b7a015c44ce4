//===- ActivationVectors.h - VS-Quant on activations ------------*- C++ -*-===//
//
// Activations with two-level scales, found per token while a model runs (VS-Quant,
// arXiv 2102.04503). A token is cut into vectors as the rows of its weights are;
// element k, in vector j, is
//
//   gamma * m[j] * a[k],   |a[k]| <= n = 2^(bits-1) - 1,   1 <= m[j] <= 2^scaleBits - 1
//
// with a float gamma per token. The name is that of the weight format, vsq4v16s4;
// with p<bits> at its end the product of the two integer scales of a vector is
// rounded to that many bits. Unsigned elements (vsq4uv16s4), 0 .. n = 2^bits - 1,
// are for activations that are not negative, as behind a ReLU; negative ones count
// as 0. With float scales (vsq4v16sf) a vector has a float s[j], the token none.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_ACTIVATIONVECTORS_H
#define HALFTONE_QUANTIZE_ACTIVATIONVECTORS_H

#include "halftone/Quantize/Format.h"

namespace halftone {

struct ActivationVectors {
  unsigned bits = 8;        ///< of an element, 2..8
  int64_t vector = 16;      ///< elements, 8..128
  unsigned scaleBits = 8;   ///< of a vector's scale, 3..10
  unsigned productBits = 0; ///< to which the product of two scales is rounded, 1..20; 0: not rounded
  bool isUnsigned = false;  ///< elements of 2..7 bits that are not negative
  bool floatScales = false; ///< scaleBits is 32 then

  std::string name() const;

  /// The largest magnitude of an element.
  int64_t limit() const { return (int64_t(1) << (isUnsigned ? bits : bits - 1)) - 1; }
  /// The largest integer scale of a vector.
  int64_t largestScale() const { return (int64_t(1) << scaleBits) - 1; }
  /// What is wrong with the numbers; empty if nothing is.
  std::string problem() const;
  /// True if sums over vectors are sums of integers.
  bool sumsIntegers(const Format &weights) const;
  /// Low bits that rounding drops from the product of a scale with one of `weights`, half up.
  unsigned droppedBits(const Format &weights) const;
  /// True if no sum of a row of `cols` products leaves 32 bits, whatever weights and activations are.
  bool sumsFitWord(const Format &weights, int64_t cols) const;
};

/// True if `name` begins as names of such activations do.
bool namesActivationVectors(llvm::StringRef name);

/// Parses a name; the error says what is wrong with it.
llvm::Expected<ActivationVectors> parseActivationVectors(llvm::StringRef name);

/// True if a product can have scales of vectors on both sides: weights with integer or float scales of vectors as long.
bool matchVectors(const Format &weights, int64_t vector);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_ACTIVATIONVECTORS_H
