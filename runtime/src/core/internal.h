/*===- internal.h - What the files of the runtime share --------------------===*/
#ifndef HALFTONE_RUNTIME_INTERNAL_H
#define HALFTONE_RUNTIME_INTERNAL_H

#include "halftone/runtime.h"

#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Stores the text of the last error of this thread and returns `status`. */
halftone_status halftone_fail(halftone_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/** Looks at the file before the loader maps it: refuses what is no shared object of this machine, and truncated ones.
 */
halftone_status halftone_check_shared_object(const char *path);

/** Whether this CPU has a feature, by LLVM's name: 1, 0, or -1 if the name is unknown. One file per architecture. */
int halftone_ask_cpu(const char *name);

/** Checks a comma separated list of LLVM feature names against this CPU. */
halftone_status halftone_check_features(const char *features);

/** halftone_check_model for a description in a loaded object, and that it and what it points to lie in its segments. */
halftone_status halftone_check_loaded(const halftone_model *model);

/** Checks magic, version and every size of a description. */
halftone_status halftone_check_model(const halftone_model *model);

/** Natural exponent and logarithm with the same bits on every machine: only +, -, *, / in a fixed order. */
double halftone_exp(double x);
double halftone_log(double x);

/** -ln softmax(logits)[token], in double precision; not finite if the logits are not. */
double halftone_negative_log_probability(const float *logits, int64_t vocabulary, int32_t token);

/** ln softmax(logits) into [vocabulary] doubles, in double precision. Returns 0 if a logit is infinite or no number. */
int halftone_log_softmax(const float *logits, int64_t vocabulary, double *log_probabilities);

/** What a clock of the system shows, in seconds. */
static inline double halftone_seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct halftone_pool halftone_pool;
/** A pool of `threads` threads, the caller among them. Null if it cannot be made. */
halftone_pool *halftone_pool_create(int32_t threads);
void halftone_pool_free(halftone_pool *pool);
/** The `run` of halftone_exec: disjoint ranges, one per thread, each of ceil(count / threads) items at most. */
void halftone_pool_run(void *pool, void (*task)(void *args, int64_t begin, int64_t end), void *args, int64_t count);

#ifdef __cplusplus
}
#endif

#endif /* HALFTONE_RUNTIME_INTERNAL_H */
