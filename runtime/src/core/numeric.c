/*===- numeric.c - Exponent, logarithm, log-softmax ------------------------===*\
|*
|* libm chooses its functions by CPU and rounds differently with and without
|* fused multiply-add. These use only correctly rounded operations in a fixed
|* order (the file is compiled without contraction), so that sampling and scores
|* have the same bits everywhere. Errors are about one unit in the last place.
|*
\*===----------------------------------------------------------------------===*/
#include "internal.h"

#include <math.h>
#include <string.h>

double halftone_exp(double x) {
  if (x != x)
    return x;
  if (x > 709.78)
    return INFINITY;
  if (x < -745.2)
    return 0;
  /* x = k ln 2 + r, |r| <= ln(2) / 2; ln 2 in two parts, so that k * high is exact. */
  const double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  double k = rint(x * 1.44269504088896338700);
  double r = (x - k * ln2_high) - k * ln2_low;
  double sum = 1;
  for (int i = 14; i > 0; --i)
    sum = 1 + sum * r / i;
  return ldexp(sum, (int)k);
}

double halftone_log(double x) {
  if (x != x || x < 0)
    return NAN;
  if (x == 0)
    return -INFINITY;
  if (x == INFINITY)
    return x;
  int exponent;
  double m = frexp(x, &exponent);
  if (m < 0.70710678118654752440) {
    m *= 2;
    --exponent;
  }
  /* ln m = 2 artanh(s), |s| < 0.1716. */
  double s = (m - 1) / (m + 1), square = s * s, sum = 0;
  for (int i = 23; i > 1; i -= 2)
    sum = (sum + 1.0 / i) * square;
  const double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  return exponent * ln2_high + (exponent * ln2_low + (2 * s * sum + 2 * s));
}

double halftone_negative_log_probability(const float *logits, int64_t vocabulary, int32_t token) {
  double most = -INFINITY;
  for (int64_t i = 0; i < vocabulary; ++i) {
    if (!(logits[i] < INFINITY))
      return NAN;
    if (logits[i] > most)
      most = logits[i];
  }
  double sum = 0;
  for (int64_t i = 0; i < vocabulary; ++i)
    sum += halftone_exp(logits[i] - most);
  return halftone_log(sum) - (logits[token] - most);
}

int halftone_log_softmax(const float *logits, int64_t vocabulary, double *log_probabilities) {
  double most = -INFINITY, sum = 0;
  for (int64_t i = 0; i < vocabulary; ++i) {
    if (!(logits[i] - logits[i] == 0))
      return 0;
    if (logits[i] > most)
      most = logits[i];
  }
  for (int64_t i = 0; i < vocabulary; ++i)
    sum += halftone_exp(logits[i] - most);
  double log_sum = halftone_log(sum);
  for (int64_t i = 0; i < vocabulary; ++i)
    log_probabilities[i] = (logits[i] - most) - log_sum;
  return 1;
}
