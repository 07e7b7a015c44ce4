/* Runs a linked model on fixed tokens, a prefill of 5 and 4 decodes, and writes all logits to the file named by the
 * first argument; once on this thread alone, once with every launch cut into three ranges that run backwards. */
#include "halftone/abi.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const halftone_model MODEL;

static void run_backwards(void *pool, void (*task)(void *args, int64_t begin, int64_t end), void *args, int64_t count) {
  (void)pool;
  for (int64_t part = 2; part >= 0; --part)
    task(args, count * part / 3, count * (part + 1) / 3);
}

static void *zeros(int64_t bytes) {
  void *memory = aligned_alloc(64, (size_t)(bytes + 127) / 64 * 64);
  if (!memory)
    exit(2);
  return memset(memory, 0, (size_t)bytes);
}

/* Logits of 5 + 4 tokens. */
static float *run(const halftone_model *m, const halftone_exec *exec) {
  static const int32_t tokens[9] = {1, 7, 3, 49, 20, 11, 2, 30, 8};
  float *keys = zeros(m->key_cache_bytes), *values = zeros(m->value_cache_bytes);
  float *hidden = zeros(9 * m->hidden * 4), *logits = zeros(9 * m->vocabulary * 4);
  void *scratch = zeros(m->scratch_bytes);
  int failed = m->prefill(exec, tokens, 0, keys, values, hidden, scratch, 5);
  for (int i = 5; i < 9; ++i)
    failed |= m->decode(exec, tokens + i, i, keys, values, hidden + i * m->hidden, scratch, 1);
  failed |= m->head(exec, hidden, logits, scratch, 9);
  if (failed)
    exit(3);
  return logits;
}

int main(int argc, char **argv) {
  const halftone_model *m = &MODEL;
  halftone_exec exec = {NULL, run_backwards};
  size_t count = 9 * (size_t)m->vocabulary;
  float *alone = run(m, NULL), *divided = run(m, &exec);
  FILE *out = argc > 1 ? fopen(argv[1], "wb") : NULL;
  if (!out || memcmp(alone, divided, count * 4) || fwrite(alone, 4, count, out) != count || fclose(out))
    return 1;
  return 0;
}
