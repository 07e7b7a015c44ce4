/*===- abi.h - What a compiled model and its host agree on ------------------===*\
|*
|* A compiled model is data plus functions described by one `halftone_model`.
|* The struct is plain data: reading it executes no instruction of the model,
|* so a host can refuse a model that this CPU cannot run before it runs it.
|*
\*===----------------------------------------------------------------------===*/
#ifndef HALFTONE_ABI_H
#define HALFTONE_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HALFTONE_MODEL_MAGIC 0x4e4f5448u /* "HTON" */
#define HALFTONE_ABI_VERSION 2u
/** Symbol of the description in a model built as a shared object. In a relocatable object `name.o` it is
 * `name_halftone_model`. */
#define HALFTONE_MODEL_SYMBOL "halftone_model_v1"

/** Services that the host gives to generated code. A null pointer instead of this struct: run everything on the calling
 * thread. */
typedef struct halftone_exec {
  void *pool;
  /** Calls task(args, begin, end) over disjoint ranges that cover 0 .. count-1, from any threads, and returns when all
   * are done. */
  void (*run)(void *pool, void (*task)(void *args, int64_t begin, int64_t end), void *args, int64_t count);
  /** Null, or called on the calling thread with the values that an observed program has at a site: [rows][cols] floats,
   * which may be changed in place. Other programs never call it. */
  void (*observe)(void *observer, int32_t site, float *values, int64_t rows, int64_t cols);
  void *observer;
} halftone_exec;

/**
 * tokens: n token ids; position: index of the first of them in the sequence (0-based);
 * keys, values: the KV cache, updated in place; hidden: [n][hidden] floats out (after the final norm);
 * scratch: scratch_bytes, 64-byte aligned, contents need not survive. 0 for success.
 */
typedef int32_t (*halftone_body_fn)(const halftone_exec *exec, const int32_t *tokens, int64_t position, float *keys,
                                    float *values, float *hidden, void *scratch, int64_t n);
/** hidden: [n][hidden] in; logits: [n][vocabulary] out. */
typedef int32_t (*halftone_head_fn)(const halftone_exec *exec, const float *hidden, float *logits, void *scratch,
                                    int64_t n);

typedef struct halftone_model {
  uint32_t magic;        /* HALFTONE_MODEL_MAGIC */
  uint32_t abi_version;  /* HALFTONE_ABI_VERSION */
  uint64_t struct_bytes; /* sizeof(halftone_model) when it was compiled */
  const char *name;
  const char *triple;   /* LLVM target triple */
  const char *cpu;      /* LLVM CPU name it was compiled for */
  const char *features; /* CPU features that the code needs, comma separated, LLVM names ("avx2,fma,avx512f") */
  int64_t vocabulary, hidden, layers, heads, kv_heads, head_size;
  int64_t context; /* tokens that the KV cache holds */
  int64_t chunk;   /* most tokens in one call of prefill or head */
  int64_t key_cache_bytes, value_cache_bytes, scratch_bytes;
  int32_t bos, eos;    /* -1: none */
  const void *weights; /* read-only section of this object */
  int64_t weight_bytes;
  const void *tokenizer; /* a SentencePiece model, or null */
  int64_t tokenizer_bytes;
  const char *report;       /* the compile report, JSON text, or null */
  halftone_body_fn decode;  /* n == 1 */
  halftone_body_fn prefill; /* 1 <= n <= chunk */
  halftone_head_fn head;    /* 1 <= n <= chunk */
  /* The same model with code for another CPU, for hosts that lack one of `features`; null at the end of the chain. Only
   * triple, cpu, features, scratch_bytes and the functions differ. */
  const struct halftone_model *next;
} halftone_model;

#ifdef __cplusplus
}
#endif

#endif /* HALFTONE_ABI_H */
