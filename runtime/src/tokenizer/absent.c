/*===- absent.c - The tokenizer of a runtime built without SentencePiece ---===*/
#include "../core/internal.h"
#include "halftone/tokenizer.h"

static halftone_status refuse(void) {
  return halftone_fail(HALFTONE_NO_TOKENIZER, "this runtime was built without SentencePiece; work on token ids");
}

halftone_status halftone_tokenizer_create(const halftone_program *program, halftone_tokenizer **tokenizer) {
  if (!program || !tokenizer)
    return halftone_fail(HALFTONE_INVALID_ARGUMENT, "halftone_tokenizer_create: null argument");
  *tokenizer = NULL;
  return refuse();
}

void halftone_tokenizer_free(halftone_tokenizer *tokenizer) {}

halftone_status halftone_tokenize(const halftone_tokenizer *tokenizer, const char *text, size_t bytes, int32_t *ids,
                                  size_t capacity, size_t *count) {
  return refuse();
}

halftone_status halftone_detokenize(const halftone_tokenizer *tokenizer, const int32_t *ids, size_t n, char *text,
                                    size_t capacity, size_t *bytes) {
  return refuse();
}

halftone_status halftone_token_text(const halftone_tokenizer *tokenizer, int32_t id, char *text, size_t capacity,
                                    size_t *bytes) {
  return refuse();
}
