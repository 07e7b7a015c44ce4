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
// rounded to that many bits.
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

  std::string name() const;

  /// The largest magnitude of an element.
  int64_t limit() const { return (int64_t(1) << (bits - 1)) - 1; }
  /// The largest scale of a vector.
  int64_t largestScale() const { return (int64_t(1) << scaleBits) - 1; }
  /// Low bits that rounding drops from the product of a scale with one of `weights`, half up.
  unsigned droppedBits(const Format &weights) const;
  /// True if no sum of a row of `cols` products leaves 32 bits, whatever weights and activations are.
  bool sumsFitWord(const Format &weights, int64_t cols) const;
};

/// True if `name` begins as names of such activations do.
bool namesActivationVectors(llvm::StringRef name);

/// Parses a name; the error says what is wrong with it.
llvm::Expected<ActivationVectors> parseActivationVectors(llvm::StringRef name);

/// True if a product can have integer scales of vectors on both sides: weights with integer scales of vectors as long.
bool matchVectors(const Format &weights, int64_t vector);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_ACTIVATIONVECTORS_H
