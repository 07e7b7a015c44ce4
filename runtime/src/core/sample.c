/*===- sample.c - From logits to a token -----------------------------------===*/
#include "internal.h"

#include <math.h>
#include <stdlib.h>

typedef struct candidate {
  float logit;
  int32_t id;
} candidate;

struct halftone_sampler {
  halftone_sampling options;
  int64_t vocabulary;
  uint64_t state;        /* of the generator */
  candidate *candidates; /* [vocabulary]; a heap at the front, the kept ones, best first, at the back */
  double *weights;       /* [vocabulary] */
};

halftone_sampling halftone_sampling_default(void) {
  halftone_sampling options = {sizeof(halftone_sampling), 0.0f, 0, 1.0f, 0.0f, 0};
  return options;
}

static halftone_status check_options(const halftone_sampling *o) {
  if (o->struct_bytes < sizeof *o)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT,
                         "halftone_sampler_create: struct_bytes of the options is not sizeof(halftone_sampling)");
  if (!(o->temperature >= 0 && o->temperature < INFINITY))
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "the temperature is %g, expected a number from 0 on",
                         (double)o->temperature);
  if (o->top_k < 0)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "top-k is %d, expected 0 (all) or more", (int)o->top_k);
  if (!(o->top_p > 0 && o->top_p <= 1))
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "top-p is %g, expected more than 0 and at most 1",
                         (double)o->top_p);
  if (!(o->min_p >= 0 && o->min_p <= 1))
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "min-p is %g, expected 0 to 1", (double)o->min_p);
  return HALFTONE_OK;
}

halftone_status halftone_sampler_create(int64_t vocabulary, const halftone_sampling *options,
                                        halftone_sampler **sampler) {
  if (!sampler)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "halftone_sampler_create: null argument");
  *sampler = NULL;
  halftone_sampling defaults = halftone_sampling_default();
  halftone_status status = check_options(options ? options : &defaults);
  if (status)
    return status;
  if (vocabulary < 1 || vocabulary > INT32_MAX)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "the vocabulary is %lld, expected 1 to 2147483647",
                         (long long)vocabulary);
  halftone_sampler *s = calloc(1, sizeof *s);
  if (s) {
    s->candidates = malloc((size_t)vocabulary * sizeof *s->candidates);
    s->weights = malloc((size_t)vocabulary * sizeof *s->weights);
  }
  if (!s || !s->candidates || !s->weights) {
    halftone_sampler_free(s);
    return halftone_fail(HALFTONE_NO_MEMORY, "out of memory");
  }
  s->options = options ? *options : defaults;
  s->vocabulary = vocabulary;
  s->state = s->options.seed;
  *sampler = s;
  return HALFTONE_OK;
}

void halftone_sampler_free(halftone_sampler *sampler) {
  if (!sampler)
    return;
  free(sampler->candidates);
  free(sampler->weights);
  free(sampler);
}

/** SplitMix64: uniform in [0, 1), 53 bits. */
static double next_uniform(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  z ^= z >> 31;
  return (double)(z >> 11) * 0x1p-53;
}

/** A total order, so that equal logits never depend on the algorithm: larger logit first, then smaller id. */
static int comes_before(candidate a, candidate b) { return a.logit > b.logit || (a.logit == b.logit && a.id < b.id); }

static void sift_down(candidate *heap, int64_t size, int64_t i) {
  candidate moved = heap[i];
  for (int64_t child; (child = 2 * i + 1) < size; i = child) {
    if (child + 1 < size && comes_before(heap[child + 1], heap[child]))
      ++child;
    if (!comes_before(heap[child], moved))
      break;
    heap[i] = heap[child];
  }
  heap[i] = moved;
}

/** Removes the best candidate of a heap of `size` and stores it at its end. */
static candidate pop(candidate *heap, int64_t size) {
  candidate best = heap[0];
  heap[0] = heap[size - 1];
  sift_down(heap, size - 1, 0);
  heap[size - 1] = best;
  return best;
}

/** Keeps the best candidates by the filters; returns how many, which lie best first from the end of the array down. */
static int64_t filter(halftone_sampler *s) {
  const halftone_sampling *o = &s->options;
  int64_t n = s->vocabulary, most = o->top_k && o->top_k < n ? o->top_k : n;
  for (int64_t i = n / 2; i-- > 0;)
    sift_down(s->candidates, n, i);
  double best = s->candidates[0].logit, total = 0;
  /* Probabilities for top-p are relative to the tokens that top-k keeps: these must be popped to be summed. */
  int64_t popped = 0;
  if (most < n)
    for (; popped < most; ++popped)
      total += halftone_exp(pop(s->candidates, n - popped).logit - best);
  else
    for (int64_t i = 0; i < n; ++i)
      total += halftone_exp(s->candidates[i].logit - best);
  double reached = 0;
  int64_t kept = 0;
  while (kept < most) {
    candidate c = kept < popped ? s->candidates[n - 1 - kept] : pop(s->candidates, n - kept);
    double weight = halftone_exp(c.logit - best);
    if (kept > 0 && weight < o->min_p)
      break;
    ++kept;
    reached += weight;
    if (o->top_p < 1 && reached >= o->top_p * total)
      break;
  }
  return kept;
}

/** Draws from the candidates first, first + step, ...: `count` of them, at the sampler's temperature. */
static int32_t draw(halftone_sampler *s, int64_t first, int64_t step, int64_t count, float best) {
  double total = 0;
  for (int64_t i = 0; i < count; ++i) {
    double logit = s->candidates[first + i * step].logit;
    s->weights[i] = halftone_exp((logit - best) / s->options.temperature);
    total += s->weights[i];
  }
  double point = next_uniform(&s->state) * total, reached = 0;
  int64_t last = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (s->weights[i] == 0)
      continue;
    last = i;
    reached += s->weights[i];
    if (point < reached)
      break;
  }
  return s->candidates[first + last * step].id;
}

halftone_status halftone_sample(halftone_sampler *s, const float *logits, int32_t *token) {
  if (!s || !logits || !token)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "halftone_sample: null argument");
  int64_t n = s->vocabulary, best = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (!(logits[i] - logits[i] == 0))
      return halftone_fail(HALFTONE_FAILED, "the logit of token %lld is %g", (long long)i, (double)logits[i]);
    if (logits[i] > logits[best])
      best = i;
  }
  *token = (int32_t)best;
  const halftone_sampling *o = &s->options;
  if (o->temperature == 0)
    return HALFTONE_OK;
  for (int64_t i = 0; i < n; ++i)
    s->candidates[i] = (candidate){logits[i], (int32_t)i};
  if ((o->top_k == 0 || o->top_k >= n) && o->top_p == 1 && o->min_p == 0)
    *token = draw(s, 0, 1, n, logits[best]);
  else
    *token = draw(s, n - 1, -1, filter(s), logits[best]);
  return HALFTONE_OK;
}
