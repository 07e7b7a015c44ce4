/*
 * Continues a text with a model that is linked into this program:
 *
 *   quant-compile MODEL-FOLDER --format bcq3g32 -o model.o     (writes model.h, too)
 *   cc generate.c model.o -I runtime/include build/lib/libhalftone_tokenizer.a build/lib/libhalftone_runtime.a \
 *      -lpthreadpool -lcpuinfo -lsentencepiece -lstdc++ -lm -ldl -lpthread -o generate
 *   ./generate "Once upon a time"
 */
#include "halftone/tokenizer.h"
#include "model.h"

#include <stdio.h>
#include <string.h>

enum { MOST_TOKENS = 256, GENERATE = 40 };

int main(int argc, char **argv) {
  const char *prompt = argc > 1 ? argv[1] : "Once upon a time";
  halftone_program *program = NULL;
  halftone_tokenizer *tokenizer = NULL;
  halftone_context *context = NULL;
  halftone_sampler *sampler = NULL;
  int32_t tokens[MOST_TOKENS];
  size_t count = 0;

  /* Every call returns 0 or a status; the first failure ends the chain, and its text is at the end of this function. */
  int failed = halftone_open_linked(&model_halftone_model, &program) ||
               halftone_tokenizer_create(program, &tokenizer) || halftone_context_create(program, NULL, &context) ||
               halftone_sampler_create(halftone_describe(program)->vocabulary, NULL, &sampler) ||
               halftone_tokenize(tokenizer, prompt, strlen(prompt), tokens + 1, MOST_TOKENS - 1, &count);
  if (!failed && count > MOST_TOKENS - 1) {
    fprintf(stderr, "error: the prompt has more than %d tokens\n", MOST_TOKENS - 1);
    return 1;
  }
  if (!failed) {
    tokens[0] = halftone_describe(program)->bos; /* -1: the model knows no begin token */
    int64_t skipped = tokens[0] < 0;
    failed = halftone_prefill(context, tokens + skipped, (int64_t)count + 1 - skipped) != HALFTONE_OK;
  }
  if (!failed)
    printf("%s", prompt);
  for (int i = 0; i < GENERATE && !failed; ++i) {
    int32_t next = 0;
    char text[256];
    size_t bytes = 0;
    failed = halftone_sample(sampler, halftone_logits(context), &next) != HALFTONE_OK;
    if (failed || next == halftone_describe(program)->eos)
      break;
    failed = halftone_token_text(tokenizer, next, text, sizeof text, &bytes) || halftone_decode(context, next);
    if (!failed)
      fwrite(text, 1, bytes < sizeof text ? bytes : sizeof text, stdout);
  }
  if (failed)
    fprintf(stderr, "error: %s\n", halftone_last_error());
  else
    printf("\n");

  halftone_sampler_free(sampler);
  halftone_context_free(context);
  halftone_tokenizer_free(tokenizer);
  halftone_close(program);
  return failed ? 1 : 0;
}
