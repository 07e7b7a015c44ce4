//===- Divergence.cpp - How far a model is from a reference ----------------===//
#include "Divergence.h"

#include "../core/internal.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace halftone::driver;

Divergence::Divergence(int64_t vocabulary) : referenceLog(size_t(vocabulary)), modelLog(size_t(vocabulary)) {}

void Divergence::add(const float *reference, const float *model, int32_t next) {
  int64_t vocabulary = int64_t(modelLog.size());
  if (!halftone_log_softmax(model, vocabulary, modelLog.data()))
    throw Failure("the logits of the model contain infinity or not-a-number");
  if (!halftone_log_softmax(reference, vocabulary, referenceLog.data()))
    throw Failure("the logits of the reference contain infinity or not-a-number");
  double sum = 0;
  for (size_t i = 0; i < modelLog.size(); ++i)
    sum += halftone_exp(referenceLog[i]) * (referenceLog[i] - modelLog[i]);
  values.push_back(std::max(sum, 0.0)); // equal distributions may give -1e-17
  agreeing += std::max_element(reference, reference + vocabulary) - reference ==
              std::max_element(model, model + vocabulary) - model;
  referenceSum -= referenceLog[size_t(next)];
}

double Divergence::mean() const {
  double sum = 0;
  for (double value : values)
    sum += value;
  return sum / double(values.size());
}

double Divergence::percentile(double rank) const {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  double at = rank * double(sorted.size() - 1);
  size_t below = size_t(at), above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - double(below)) * (sorted[above] - sorted[below]);
}

void halftone::driver::requireComparable(const Session &model, const Session &reference) {
  const halftone_model &a = model.model(), &b = reference.model();
  if (a.vocabulary != b.vocabulary)
    throw Failure(format("the reference has a vocabulary of %lld tokens, the model of %lld: they do not compare",
                         (long long)b.vocabulary, (long long)a.vocabulary));
  if (!reference.hasTokenizer())
    throw Failure("the reference has no tokenizer, so that nothing says that its tokens mean the same");
  bool same =
      a.tokenizer_bytes == b.tokenizer_bytes && std::memcmp(a.tokenizer, b.tokenizer, size_t(a.tokenizer_bytes)) == 0;
  if (!same || a.bos != b.bos)
    throw Failure(
        format("the reference has another %s: its tokens mean something else", same ? "begin token" : "tokenizer"));
}
