//===- Divergence.h - How far a model is from a reference ------*- C++ -*-===//
#ifndef HALFTONE_RUNTIME_DRIVER_DIVERGENCE_H
#define HALFTONE_RUNTIME_DRIVER_DIVERGENCE_H

#include "Tasks.h"

namespace halftone::driver {

/// Compares the probabilities that two models give to the next token, token by token:
///
///   KL = sum over the vocabulary of p (ln p - ln q),   p of the reference, q of the model, in nats
///
/// Logarithms of softmax and sums in double precision, in a fixed order: the same bits on every machine.
class Divergence {
public:
  explicit Divergence(int64_t vocabulary);
  /// Adds one position: [vocabulary] logits of both and the token that follows. Failure if a logit is no number.
  void add(const float *reference, const float *model, int32_t next);

  int64_t tokens() const { return int64_t(values.size()); }
  double mean() const;
  /// The value below which a part `rank` (0 to 1) of the tokens lies, interpolated linearly between neighbours.
  double percentile(double rank) const;
  /// Part of the tokens for which both take the same token as the most likely one (the lowest id among equals).
  double agreement() const { return double(agreeing) / double(tokens()); }
  /// Sum of -ln p(next) by the reference.
  double referenceNegativeLogLikelihood() const { return referenceSum; }

private:
  std::vector<double> values; // one per token
  std::vector<double> referenceLog, modelLog;
  int64_t agreeing = 0;
  double referenceSum = 0;
};

/// Failure unless both have the same vocabulary, begin token and tokenizer: else their probabilities do not compare.
void requireComparable(const Session &model, const Session &reference);

} // namespace halftone::driver

#endif // HALFTONE_RUNTIME_DRIVER_DIVERGENCE_H
