/*===- runtime.h - Running compiled models from C --------------------------===*\
|*
|* The host side of a compiled model: opens it, owns the memory of a sequence
|* (KV cache, scratch), runs the thread pool, samples and scores.
|*
|*   halftone_program *program;
|*   halftone_context *context;
|*   if (halftone_open("model.so", &program) ||
|*       halftone_context_create(program, NULL, &context) ||
|*       halftone_prefill(context, tokens, n))
|*     puts(halftone_last_error());
|*
|* Every call returns a status, 0 for success; after any other status
|* halftone_last_error() says in one sentence what was wrong. Nothing here
|* prints, aborts or exits. A program may be shared by threads; a context
|* belongs to one thread at a time, and several contexts of one program may run
|* at the same time.
|*
|* Link: cc main.c model.o libhalftone_runtime.a -lpthreadpool -lcpuinfo
|*       -lpthread -ldl -lm
|* and, for the tokenizer (tokenizer.h), libhalftone_tokenizer.a before
|* libhalftone_runtime.a, -lsentencepiece and -lstdc++.
|*
\*===----------------------------------------------------------------------===*/
#ifndef HALFTONE_RUNTIME_H
#define HALFTONE_RUNTIME_H

#include "halftone/abi.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this header; halftone_runtime_version() tells the version of the library that is linked. */
#define HALFTONE_RUNTIME_VERSION 1u

typedef enum halftone_status {
  HALFTONE_OK = 0,
  HALFTONE_INVALID_ARGUMENT = 1, /* a null pointer, a token outside the vocabulary, a number out of range */
  HALFTONE_CANNOT_OPEN = 2,      /* no such file, not readable, the loader refuses it */
  HALFTONE_NOT_A_MODEL = 3,      /* the file or the description is no Halftone model, or a damaged one */
  HALFTONE_WRONG_VERSION = 4,    /* a model of another ABI version */
  HALFTONE_WRONG_CPU = 5,        /* the model needs a CPU feature that this machine lacks */
  HALFTONE_NO_MEMORY = 6,
  HALFTONE_CONTEXT_FULL = 7, /* more tokens than the KV cache holds */
  HALFTONE_NO_TOKENIZER = 8, /* the model has none inside */
  HALFTONE_FAILED = 9        /* the model's code reported a failure, or its logits are no numbers */
} halftone_status;

/** An opened model. Immutable after opening. */
typedef struct halftone_program halftone_program;
/** One sequence of tokens: KV cache, scratch memory, threads. */
typedef struct halftone_context halftone_context;
/** Turns logits into tokens: settings and a random number generator. */
typedef struct halftone_sampler halftone_sampler;

uint32_t halftone_runtime_version(void);
/** Text of the last failure on the calling thread; empty if there was none. Valid until the next call on this thread.
 */
const char *halftone_last_error(void);

/*===--- Programs ---------------------------------------------------------===*/

/**
 * Opens a model that is linked into this program. `model` must outlive the result.
 * Checks the description and the CPU features that the code needs, and runs no instruction of the model.
 *
 * The environment variable HALFTONE_HIDE_CPU_FEATURES, a comma separated list of LLVM feature names
 * ("avx512vnni,avx2"), makes the runtime believe that this CPU lacks them; tests use it to see models refused.
 */
halftone_status halftone_open_linked(const halftone_model *model, halftone_program **program);
/** Opens a model in a shared object (`quant-compile -o model.so`). A path without a slash is a file in the current
 * folder. */
halftone_status halftone_open(const char *path, halftone_program **program);
/** The checked description. Sizes, name, CPU and features may be read; the functions are called through a context. */
const halftone_model *halftone_describe(const halftone_program *program);
/**
 * Copies the weights into huge pages, at the same addresses, and sets `bytes` to how many of their bytes are in huge
 * pages then: whole pages inside the weights, and only those that the kernel had free. Call it before the program is
 * used: no context may run meanwhile. Results do not change. Fails without huge pages (HALFTONE_FAILED: the kernel has
 * none, or the weights are too small) or memory (HALFTONE_NO_MEMORY); the program works as before then.
 */
halftone_status halftone_use_huge_pages(const halftone_program *program, int64_t *bytes);
/** Closes the program; its contexts and tokenizers must be freed first. Null is allowed. */
void halftone_close(halftone_program *program);

/** Whether this CPU (as far as not hidden) has the feature with this LLVM name: 1 yes, 0 no, -1 unknown name. */
int halftone_cpu_has(const char *feature);
/** Marketing name of the CPU, or "unknown". */
const char *halftone_cpu_name(void);
/** Logical CPUs that this process may use: the default number of threads. */
int32_t halftone_cpu_count(void);

/*===--- Contexts ---------------------------------------------------------===*/

typedef struct halftone_context_options {
  size_t struct_bytes; /* sizeof(halftone_context_options) */
  int32_t threads;     /* 0: halftone_cpu_count() */
} halftone_context_options;

/** Allocates the KV cache and scratch memory of one sequence, 64-byte aligned, once. Null options: the defaults. */
halftone_status halftone_context_create(const halftone_program *program, const halftone_context_options *options,
                                        halftone_context **context);
void halftone_context_free(halftone_context *context);
const halftone_program *halftone_context_program(const halftone_context *context);

/** Sets the number of threads, 1 to 1024 (0: halftone_cpu_count()). Results do not depend on it. */
halftone_status halftone_set_threads(halftone_context *context, int32_t threads);
int32_t halftone_threads(const halftone_context *context);

/**
 * Appends n tokens to the sequence, in chunks of the model's size, and computes the logits after the last of them. A
 * chunk of one token is decoded, which is faster and gives the same logits.
 * Fails with HALFTONE_CONTEXT_FULL, and appends nothing, if they do not fit.
 */
halftone_status halftone_prefill(halftone_context *context, const int32_t *tokens, int64_t n);
/** Appends one token and computes the logits after it. */
halftone_status halftone_decode(halftone_context *context, int32_t token);
/** As halftone_prefill, and writes the logits after every token: `logits` is [n][vocabulary]. */
halftone_status halftone_evaluate(halftone_context *context, const int32_t *tokens, int64_t n, float *logits);
/** [vocabulary] logits after the last token; null if there is none yet. Valid until the next call on this context. */
const float *halftone_logits(const halftone_context *context);

/** Tokens in the sequence. */
int64_t halftone_position(const halftone_context *context);
/** Forgets the tokens from `position` on (0: all). Logits are gone until the next prefill or decode. */
halftone_status halftone_rewind(halftone_context *context, int64_t position);

/**
 * Starts a new sequence and adds up -ln p(tokens[i] | tokens[0 .. i-1]) for i = 1 .. n-1, in double precision; n >= 1,
 * and n-1 tokens must fit the context. exp(sum / (n - 1)) is the perplexity.
 */
halftone_status halftone_score(halftone_context *context, const int32_t *tokens, int64_t n,
                               double *negative_log_likelihood);

/*===--- Observing --------------------------------------------------------===*/

/** As `observe` of halftone_exec: the values of an observed program at a site, [rows][cols], which may be changed. */
typedef void (*halftone_observer_fn)(void *observer, int32_t site, float *values, int64_t rows, int64_t cols);
/** Sets who sees the values of an observed program (null: nobody); other programs show none. Called on the thread that
 * calls prefill, decode or evaluate, before these return; it must not call them. */
halftone_status halftone_set_observer(halftone_context *context, halftone_observer_fn observe, void *observer);
/**
 * For observers that need but a part of a program: while `skip` is not 0, generated code computes nothing of what takes
 * time. Values that it did not compute, up to the logits, are unspecified, and so is the KV cache at these positions.
 */
halftone_status halftone_set_skip(halftone_context *context, int skip);

/** What a launch of a kernel took: the kernel's task in the program's code, and the time until all threads were done.
 */
typedef void (*halftone_profiler_fn)(void *profiler, const void *task, double seconds);
/** Sets who is told of every launch (null: nobody), on the thread that calls prefill, decode or evaluate. What
 * generated code does between launches, on that thread alone, is told of by nobody. */
halftone_status halftone_set_profiler(halftone_context *context, halftone_profiler_fn profile, void *profiler);

/*===--- Sampling ---------------------------------------------------------===*/

typedef struct halftone_sampling {
  size_t struct_bytes; /* sizeof(halftone_sampling) */
  float temperature;   /* 0: the most likely token (lowest id among equals); else logits are divided by it */
  int32_t top_k;       /* keep the k most likely tokens; 0: all */
  float top_p;         /* then keep the fewest tokens whose probabilities reach p, 0 < p <= 1; 1: all */
  float min_p;         /* then drop tokens less likely than min_p times the most likely one; 0: none */
  uint64_t seed;       /* of the sampler's own generator: the same seed and logits give the same tokens everywhere */
} halftone_sampling;

/** Greedy, no filters, seed 0. */
halftone_sampling halftone_sampling_default(void);
/** `vocabulary`: logits per call. The filters see the probabilities at temperature 1, as in llama.cpp. */
halftone_status halftone_sampler_create(int64_t vocabulary, const halftone_sampling *options,
                                        halftone_sampler **sampler);
void halftone_sampler_free(halftone_sampler *sampler);
/** Chooses the next token from [vocabulary] logits; HALFTONE_FAILED if one of them is not a number or is infinite. */
halftone_status halftone_sample(halftone_sampler *sampler, const float *logits, int32_t *token);

#ifdef __cplusplus
}
#endif

#endif /* HALFTONE_RUNTIME_H */
