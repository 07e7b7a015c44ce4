/*
 * A tiny deterministic language model behind the model ABI, for tests of the runtime without the compiler.
 *
 *   logit(v | tokens 0 .. p) = ((7 v + 3 token[p] + 5 p + sum of tokens 0 .. p) mod MODULUS) / 4
 *
 * The sum is read back from the KV cache, so that a lost or stale cache changes the logits. The functions check
 * what the ABI promises (alignment, 1 <= n <= chunk, ranges that cover the work exactly once) and fail with a code.
 *
 * -D: VOCABULARY, CONTEXT, CHUNK, FEATURES, ABI, MAGIC, STRUCT_BYTES, BOS, EOS, SYMBOL, HEADS, SCRATCH_BYTES,
 *     WEIGHTS (rows of 8 bytes of weights), WEIGHT_BYTES, NAME, HEAD and NEXT (what the description says), TOKENIZER (path of a SentencePiece model) with TOKENIZER_BYTES, FAIL_AT (position whose body fails), NAN_AT
 * (position with NaN logits), MODULUS (11 unless told: another one makes another model), SANITIZED (needs
 * AddressSanitizer)
 */
#include "halftone/abi.h"

#include <math.h>
#include <string.h>

#ifdef SANITIZED
extern void __asan_init(void);
void (*const fake_sanitizer)(void) = __asan_init;
#endif

#ifndef VOCABULARY
#define VOCABULARY 32
#endif
#ifndef CONTEXT
#define CONTEXT 40
#endif
#ifndef CHUNK
#define CHUNK 8
#endif
#ifndef FEATURES
#define FEATURES ""
#endif
#ifndef ABI
#define ABI HALFTONE_ABI_VERSION
#endif
#ifndef MAGIC
#define MAGIC HALFTONE_MODEL_MAGIC
#endif
#ifndef STRUCT_BYTES
#define STRUCT_BYTES sizeof(halftone_model)
#endif
#ifndef BOS
#define BOS 1
#endif
#ifndef EOS
#define EOS 2
#endif
#ifndef SYMBOL
#define SYMBOL halftone_model_v1
#endif
#ifndef HEADS
#define HEADS 1
#endif
#ifndef SCRATCH_BYTES
#define SCRATCH_BYTES (CHUNK * VOCABULARY)
#endif
#ifndef FAIL_AT
#define FAIL_AT -1
#endif
#ifndef NAN_AT
#define NAN_AT -1
#endif
#ifndef WEIGHTS
#define WEIGHTS 2
#endif
#ifndef WEIGHT_BYTES
#define WEIGHT_BYTES sizeof fake_weights
#endif
#ifndef NAME
#define NAME "fake \"model\""
#endif
#ifndef NEXT
#define NEXT 0
#endif
#ifndef HEAD
#define HEAD head
#endif
#ifndef MODULUS
#define MODULUS 11
#endif

enum { HIDDEN = 3 }; /* token, position, sum */

/* WEIGHTS rows of 8 bytes, all the same: 7, 3, 5, 1 and four zeros. An assembler fills megabytes at once, a compiler does
 * not. As generated code does, the rows are read where the base says, all over the section. */
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
__asm__(".pushsection .rodata,\"a\"\n"
        ".hidden fake_weights\n"
        ".globl fake_weights\n"
        ".balign 64\n"
        "fake_weights:\n"
        ".fill " TEXT(WEIGHTS) ", 8, 0x01050307\n"
                               ".popsection\n");
extern const unsigned char fake_weights[WEIGHTS][8] __attribute__((visibility("hidden")));
static const unsigned char (*const volatile weights_base)[8] = fake_weights;

typedef struct work {
  const float *in;
  float *out;
  int64_t position;
  unsigned char *done; /* per item: how often it was computed */
} work;

static void body_range(void *state, int64_t begin, int64_t end) {
  const work *w = state;
  for (int64_t i = begin; i < end; ++i) {
    int64_t position = w->position + i;
    float sum = 0;
    for (int64_t j = 0; j <= position; ++j)
      sum += w->in[j];
    w->out[i * HIDDEN] = w->in[position];
    w->out[i * HIDDEN + 1] = (float)position;
    w->out[i * HIDDEN + 2] = sum;
  }
}

static int32_t body(const halftone_exec *exec, const int32_t *tokens, int64_t position, float *keys, float *values,
                    float *hidden, void *scratch, int64_t n) {
  if (n < 1 || n > CHUNK || position < 0 || position + n > CONTEXT)
    return 2;
  if ((uintptr_t)keys % 64 || (uintptr_t)values % 64 || (uintptr_t)scratch % 64 || (uintptr_t)hidden % 64)
    return 3;
  if (FAIL_AT >= position && FAIL_AT < position + n)
    return 42;
  memset(scratch, 0xff, SCRATCH_BYTES);
  for (int64_t i = 0; i < n; ++i)
    keys[position + i] = (float)tokens[i];
  work w = {keys, hidden, position, scratch};
  exec->run(exec->pool, body_range, &w, n);
  return 0;
}

static int32_t decode(const halftone_exec *exec, const int32_t *tokens, int64_t position, float *keys, float *values,
                      float *hidden, void *scratch, int64_t n) {
  return n == 1 ? body(exec, tokens, position, keys, values, hidden, scratch, n) : 4;
}

/** The runtime decodes single tokens. */
static int32_t prefill(const halftone_exec *exec, const int32_t *tokens, int64_t position, float *keys, float *values,
                       float *hidden, void *scratch, int64_t n) {
  return n > 1 ? body(exec, tokens, position, keys, values, hidden, scratch, n) : 6;
}

static void head_range(void *state, int64_t begin, int64_t end) {
  const work *w = state;
  for (int64_t i = begin; i < end; ++i) {
    const float *h = w->in + i / VOCABULARY * HIDDEN;
    int64_t v = i % VOCABULARY;
    const unsigned char *f = weights_base[v * WEIGHTS / VOCABULARY];
    int64_t mixed = f[0] * v + f[1] * (int64_t)h[0] + f[2] * (int64_t)h[1] + f[3] * (int64_t)h[2];
    w->out[i] = (int64_t)h[1] == NAN_AT ? NAN : (float)(mixed % MODULUS) / 4;
    ++w->done[i];
  }
}

static int32_t head(const halftone_exec *exec, const float *hidden, float *logits, void *scratch, int64_t n) {
  if (n < 1 || n > CHUNK)
    return 5;
  unsigned char *done = scratch;
  memset(done, 0, CHUNK * VOCABULARY);
  work w = {hidden, logits, 0, done};
  exec->run(exec->pool, head_range, &w, n * VOCABULARY);
  for (int64_t i = 0; i < n * VOCABULARY; ++i)
    if (done[i] != 1)
      return 6;
  return 0;
}

#ifdef TOKENIZER
__asm__(".pushsection .rodata,\"a\"\n"
        ".hidden fake_tokenizer\n"
        ".globl fake_tokenizer\n"
        "fake_tokenizer:\n"
        ".incbin \"" TOKENIZER "\"\n"
        ".popsection\n");
extern const char fake_tokenizer[] __attribute__((visibility("hidden")));
#endif

const halftone_model SYMBOL = {
    .magic = MAGIC,
    .abi_version = ABI,
    .struct_bytes = STRUCT_BYTES,
    .name = NAME,
    .triple = "x86_64-unknown-linux-gnu",
    .cpu = "generic",
    .features = FEATURES,
    .vocabulary = VOCABULARY,
    .hidden = HIDDEN,
    .layers = 1,
    .heads = HEADS,
    .kv_heads = 1,
    .head_size = 1,
    .context = CONTEXT,
    .chunk = CHUNK,
    .key_cache_bytes = CONTEXT * sizeof(float),
    .value_cache_bytes = CONTEXT * sizeof(float),
    .scratch_bytes = SCRATCH_BYTES,
    .bos = BOS,
    .eos = EOS,
    .weights = fake_weights,
    .weight_bytes = WEIGHT_BYTES,
#ifdef TOKENIZER
    .tokenizer = fake_tokenizer,
    .tokenizer_bytes = TOKENIZER_BYTES,
#endif
    .report = "{\"total\": {\"bits_per_weight\": 32.0}}",
    .decode = decode,
    .prefill = prefill,
    .head = HEAD,
    .next = NEXT,
};
