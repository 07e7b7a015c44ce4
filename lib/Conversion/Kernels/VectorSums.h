//===- VectorSums.h - Sums of products of VS-Quant --------------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_KERNELS_VECTORSUMS_H
#define HALFTONE_LIB_CONVERSION_KERNELS_VECTORSUMS_H

#include "KernelBuilder.h"
#include "Kernels.h"
#include "VectorScaledDot.h"
#include "WeightReader.h"

namespace halftone {

/// The sum over the vectors of a row of scale times exact product, for 16 rows and a token: how it is kept, added to
/// and turned into a result. VectorScaledDot.cpp has the formulas.
class VectorSums {
public:
  using Value = mlir::Value;

  /// `activations`: null if theirs have no scales of vectors.
  VectorSums(KernelBuilder &k, const MatmulShape &shape, const ActivationVectors *activations, const DotOperands &args);

  /// A sum is `parts` vectors of this type, zero before anything is added.
  mlir::VectorType type() const;
  int64_t parts() const { return kind == Kind::TwoWords ? 2 : 1; }
  /// True if it is one word, to which scales of weights times products are added.
  bool isPlainWord() const { return kind == Kind::Word && !activations; }

  /// The scales that a vector of the group entered has for 16 rows: words or floats.
  Value weightScales(WeightReader &reader, int64_t vector) const;
  mlir::VectorType weightScaleType() const;

  /// offset * sum of the token's activations over vector `index`, as words; null if the offset is 0.
  Value correction(Value token, Value index, int64_t offset) const;

  /// Adds the scales times `dot`, words, the exact product of vector `index`.
  void add(llvm::MutableArrayRef<Value> sum, Value weightScales, Value token, Value index, Value dot) const;

  /// Rounded once to float, times the scales of the rows, which may be null, and of the token.
  Value result(mlir::ValueRange sum, Value rowScales, Value token) const;

private:
  /// How the sum is kept: as floats, in 32 bits, in two words (high * 2^16 + low), in 64 bits.
  enum class Kind { Float, Word, TwoWords, Long };
  static Kind kindOf(const MatmulShape &shape, const ActivationVectors *activations);
  Value scaleProduct(Value ofWeights, Value token, Value index) const;
  Value floatScales(Value ofWeights, Value token, Value index) const;
  Value total(mlir::ValueRange sum) const;
  Value tokenScale(Value token) const;

  KernelBuilder &k;
  const Format &format;
  const ActivationVectors *activations;
  const DotOperands &args;
  Kind kind;
};

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_KERNELS_VECTORSUMS_H
