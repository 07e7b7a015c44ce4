/*===- context.c - One sequence: memory, threads, prefill and decode -------===*/
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, MAX_THREADS = 1024 };

typedef struct buffer {
  void *allocation;
  void *data; /* aligned into the allocation */
} buffer;

struct halftone_context {
  const halftone_program *program;
  const halftone_model *model;
  halftone_pool *pool;
  halftone_exec exec;
  int32_t threads;
  int skips;
  halftone_profiler_fn profile;
  void *profiler;
  buffer keys, values; /* as the model lays them out */
  buffer scratch;
  buffer hidden;     /* [chunk][hidden] floats */
  buffer logits;     /* [vocabulary] floats */
  buffer all_logits; /* [chunk][vocabulary] floats, for scoring; made when first needed */
  int64_t position;
  int has_logits;
};

/** Zeroed, so that no result can depend on what was in memory; large ones are untouched pages of the system. Room for
 * alignment lies before the data rather than behind it, where AddressSanitizer would not mind that it is touched. */
static int allocate(buffer *b, int64_t bytes) {
  b->allocation = calloc(1, (size_t)bytes + ALIGNMENT);
  if (!b->allocation)
    return 0;
  uintptr_t address = (uintptr_t)b->allocation;
  b->data = (char *)b->allocation + (ALIGNMENT - address % ALIGNMENT);
  return 1;
}

static void release(buffer *b) {
  free(b->allocation);
  b->allocation = b->data = NULL;
}

static halftone_status null_argument(const char *function) {
  return halftone_fail(HALFTONE_INVALID_ARGUMENT, "%s: null argument", function);
}

/** The `run` of halftone_exec while work is skipped. */
static void skip_run(void *pool, void (*task)(void *args, int64_t begin, int64_t end), void *args, int64_t count) {
  (void)pool, (void)task, (void)args, (void)count;
}

/** The `run` of halftone_exec while somebody profiles; its pool is the context. */
static void profiled_run(void *state, void (*task)(void *args, int64_t begin, int64_t end), void *args, int64_t count) {
  halftone_context *context = state;
  double start = halftone_seconds(CLOCK_MONOTONIC);
  halftone_pool_run(context->pool, task, args, count);
  context->profile(context->profiler, (const void *)(uintptr_t)task, halftone_seconds(CLOCK_MONOTONIC) - start);
}

/** Gives generated code the services that the context's settings ask for. */
static void update_exec(halftone_context *context) {
  context->exec.pool = context->profile ? (void *)context : (void *)context->pool;
  context->exec.run = context->skips ? skip_run : context->profile ? profiled_run : halftone_pool_run;
}

halftone_status halftone_set_threads(halftone_context *context, int32_t threads) {
  if (!context)
    return null_argument("halftone_set_threads");
  if (threads < 0 || threads > MAX_THREADS)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "the number of threads is %d, expected 1 to %d (or 0: one per CPU)",
                         (int)threads, (int)MAX_THREADS);
  if (threads == 0)
    threads = halftone_cpu_count();
  if (threads == context->threads)
    return HALFTONE_OK;
  halftone_pool *pool = halftone_pool_create(threads);
  if (!pool)
    return halftone_fail(HALFTONE_NO_MEMORY, "cannot start %d threads", (int)threads);
  halftone_pool_free(context->pool);
  context->pool = pool;
  context->threads = threads;
  update_exec(context);
  return HALFTONE_OK;
}

halftone_status halftone_set_observer(halftone_context *context, halftone_observer_fn observe, void *observer) {
  if (!context)
    return null_argument("halftone_set_observer");
  context->exec.observe = observe;
  context->exec.observer = observer;
  return HALFTONE_OK;
}

halftone_status halftone_set_skip(halftone_context *context, int skip) {
  if (!context)
    return null_argument("halftone_set_skip");
  context->skips = skip;
  update_exec(context);
  return HALFTONE_OK;
}

halftone_status halftone_set_profiler(halftone_context *context, halftone_profiler_fn profile, void *profiler) {
  if (!context)
    return null_argument("halftone_set_profiler");
  context->profile = profile;
  context->profiler = profiler;
  update_exec(context);
  return HALFTONE_OK;
}

/** The sizes were checked when the program was opened, so that no product overflows. */
static halftone_status allocate_all(halftone_context *c) {
  const halftone_model *m = c->model;
  if (allocate(&c->keys, m->key_cache_bytes) && allocate(&c->values, m->value_cache_bytes) &&
      allocate(&c->scratch, m->scratch_bytes) && allocate(&c->hidden, m->chunk * m->hidden * (int64_t)sizeof(float)) &&
      allocate(&c->logits, m->vocabulary * (int64_t)sizeof(float)))
    return HALFTONE_OK;
  return halftone_fail(
      HALFTONE_NO_MEMORY,
      "out of memory: a context of this model takes %lld MiB of KV cache and %lld MiB of scratch memory",
      (long long)((m->key_cache_bytes + m->value_cache_bytes) >> 20), (long long)(m->scratch_bytes >> 20));
}

halftone_status halftone_context_create(const halftone_program *program, const halftone_context_options *options,
                                        halftone_context **context) {
  if (!program || !context)
    return null_argument("halftone_context_create");
  *context = NULL;
  if (options && options->struct_bytes < sizeof *options)
    return halftone_fail(
        HALFTONE_INVALID_ARGUMENT,
        "halftone_context_create: struct_bytes of the options is not sizeof(halftone_context_options)");
  halftone_context *c = calloc(1, sizeof *c);
  if (!c)
    return halftone_fail(HALFTONE_NO_MEMORY, "out of memory");
  c->program = program;
  c->model = halftone_describe(program);
  halftone_status status = halftone_set_threads(c, options ? options->threads : 0);
  if (!status)
    status = allocate_all(c);
  if (status) {
    halftone_context_free(c);
    return status;
  }
  *context = c;
  return HALFTONE_OK;
}

void halftone_context_free(halftone_context *c) {
  if (!c)
    return;
  halftone_pool_free(c->pool);
  release(&c->keys);
  release(&c->values);
  release(&c->scratch);
  release(&c->hidden);
  release(&c->logits);
  release(&c->all_logits);
  free(c);
}

const halftone_program *halftone_context_program(const halftone_context *context) {
  return context ? context->program : NULL;
}
int32_t halftone_threads(const halftone_context *context) { return context ? context->threads : 0; }
int64_t halftone_position(const halftone_context *context) { return context ? context->position : 0; }
const float *halftone_logits(const halftone_context *context) {
  return context && context->has_logits ? context->logits.data : NULL;
}

halftone_status halftone_rewind(halftone_context *context, int64_t position) {
  if (!context)
    return null_argument("halftone_rewind");
  if (position < 0 || position > context->position)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "cannot rewind to position %lld: the sequence has %lld tokens",
                         (long long)position, (long long)context->position);
  context->position = position;
  context->has_logits = 0;
  return HALFTONE_OK;
}

static halftone_status check_tokens(const halftone_context *c, const int32_t *tokens, int64_t n) {
  if (n < 1)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "the number of tokens is %lld, expected at least 1", (long long)n);
  if (n > c->model->context - c->position) {
    if (c->position == 0)
      return halftone_fail(HALFTONE_CONTEXT_FULL,
                           "%lld tokens do not fit the model's context of %lld; shorten the text", (long long)n,
                           (long long)c->model->context);
    return halftone_fail(HALFTONE_CONTEXT_FULL,
                         "%lld more tokens do not fit the model's context of %lld, which holds %lld already",
                         (long long)n, (long long)c->model->context, (long long)c->position);
  }
  for (int64_t i = 0; i < n; ++i)
    if (tokens[i] < 0 || tokens[i] >= c->model->vocabulary)
      return halftone_fail(HALFTONE_INVALID_ARGUMENT, "token %lld is %d, expected 0 to %lld", (long long)i,
                           (int)tokens[i], (long long)c->model->vocabulary - 1);
  return HALFTONE_OK;
}

static halftone_status check_code(int32_t code, const char *function) {
  if (code == 0)
    return HALFTONE_OK;
  return halftone_fail(HALFTONE_FAILED, "the model's %s function failed with code %d", function, (int)code);
}

/**
 * Runs the body over at most `chunk` tokens; hidden states in c->hidden. A single token is decoded, whatever it belongs
 * to: the results are the same, and kernels for many tokens may unpack all weights first.
 */
static halftone_status run_body(halftone_context *c, const int32_t *tokens, int64_t n) {
  int decodes = n == 1;
  halftone_body_fn body = decodes ? c->model->decode : c->model->prefill;
  int32_t code = body(&c->exec, tokens, c->position, c->keys.data, c->values.data, c->hidden.data, c->scratch.data, n);
  halftone_status status = check_code(code, decodes ? "decode" : "prefill");
  if (!status)
    c->position += n;
  return status;
}

/** Runs the head over `n` rows of c->hidden from row `first` on. */
static halftone_status run_head(halftone_context *c, int64_t first, int64_t n, float *logits) {
  const float *hidden = (const float *)c->hidden.data + first * c->model->hidden;
  return check_code(c->model->head(&c->exec, hidden, logits, c->scratch.data, n), "head");
}

static halftone_status finish(halftone_context *c, halftone_status status) {
  c->has_logits = status == HALFTONE_OK;
  return status;
}

halftone_status halftone_prefill(halftone_context *c, const int32_t *tokens, int64_t n) {
  if (!c || !tokens)
    return null_argument("halftone_prefill");
  halftone_status status = check_tokens(c, tokens, n);
  if (status)
    return status;
  int64_t rows = 0;
  for (int64_t done = 0; done < n && !status; done += rows) {
    rows = n - done < c->model->chunk ? n - done : c->model->chunk;
    status = run_body(c, tokens + done, rows);
  }
  if (!status)
    status = run_head(c, rows - 1, 1, c->logits.data);
  return finish(c, status);
}

halftone_status halftone_decode(halftone_context *c, int32_t token) {
  if (!c)
    return null_argument("halftone_decode");
  halftone_status status = check_tokens(c, &token, 1);
  if (status)
    return status;
  status = run_body(c, &token, 1);
  if (!status)
    status = run_head(c, 0, 1, c->logits.data);
  return finish(c, status);
}

halftone_status halftone_evaluate(halftone_context *c, const int32_t *tokens, int64_t n, float *logits) {
  if (!c || !tokens || !logits)
    return null_argument("halftone_evaluate");
  halftone_status status = check_tokens(c, tokens, n);
  if (status)
    return status;
  int64_t rows = 0, vocabulary = c->model->vocabulary;
  for (int64_t done = 0; done < n && !status; done += rows) {
    rows = n - done < c->model->chunk ? n - done : c->model->chunk;
    status = run_body(c, tokens + done, rows);
    if (!status)
      status = run_head(c, 0, rows, logits + done * vocabulary);
  }
  if (!status)
    memcpy(c->logits.data, logits + (n - 1) * vocabulary, (size_t)vocabulary * sizeof(float));
  return finish(c, status);
}

/** Adds the scores of one chunk, whose logits are in c->all_logits; `next` are the tokens to predict. */
static halftone_status add_scores(const halftone_context *c, const int32_t *next, int64_t rows, double *sum) {
  for (int64_t i = 0; i < rows; ++i) {
    const float *logits = (const float *)c->all_logits.data + i * c->model->vocabulary;
    double value = halftone_negative_log_probability(logits, c->model->vocabulary, next[i]);
    if (!(value - value == 0))
      return halftone_fail(HALFTONE_FAILED, "the logits after position %lld contain infinity or not-a-number",
                           (long long)(c->position - rows + i));
    *sum += value;
  }
  return HALFTONE_OK;
}

halftone_status halftone_score(halftone_context *c, const int32_t *tokens, int64_t n, double *result) {
  if (!c || !tokens || !result)
    return null_argument("halftone_score");
  c->position = 0;
  c->has_logits = 0;
  *result = 0;
  halftone_status status = n == 1 ? check_tokens(c, tokens, 1) : check_tokens(c, tokens, n - 1);
  if (!status && n > 1 && (tokens[n - 1] < 0 || tokens[n - 1] >= c->model->vocabulary))
    status = halftone_fail(HALFTONE_INVALID_ARGUMENT, "token %lld is %d, expected 0 to %lld", (long long)n - 1,
                           (int)tokens[n - 1], (long long)c->model->vocabulary - 1);
  if (!status && !c->all_logits.data &&
      !allocate(&c->all_logits, c->model->chunk * c->model->vocabulary * (int64_t)sizeof(float)))
    status =
        halftone_fail(HALFTONE_NO_MEMORY, "out of memory for the logits of %lld tokens", (long long)c->model->chunk);
  double sum = 0;
  int64_t rows = 0;
  for (int64_t done = 0; done < n - 1 && !status; done += rows) {
    rows = n - 1 - done < c->model->chunk ? n - 1 - done : c->model->chunk;
    status = halftone_evaluate(c, tokens + done, rows, c->all_logits.data);
    if (!status)
      status = add_scores(c, tokens + done + 1, rows, &sum);
  }
  if (!status)
    *result = sum;
  return status;
}
