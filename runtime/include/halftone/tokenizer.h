/*===- tokenizer.h - Text to tokens and back -------------------------------===*\
|*
|* The SentencePiece tokenizer that a compiled model carries. In a library of its
|* own (libhalftone_tokenizer.a, needs -lsentencepiece -lstdc++), so that a
|* program that works on token ids needs neither. Statuses and error texts as in
|* runtime.h.
|*
\*===----------------------------------------------------------------------===*/
#ifndef HALFTONE_TOKENIZER_H
#define HALFTONE_TOKENIZER_H

#include "halftone/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Immutable; may be shared by threads. */
typedef struct halftone_tokenizer halftone_tokenizer;

/** Makes the tokenizer of a program; HALFTONE_NO_TOKENIZER if the model carries none. */
halftone_status halftone_tokenizer_create(const halftone_program *program, halftone_tokenizer **tokenizer);
void halftone_tokenizer_free(halftone_tokenizer *tokenizer);

/**
 * Splits `bytes` bytes of UTF-8 text into tokens, without begin or end tokens. Stores at most `capacity` of them (ids
 * may be null if capacity is 0) and their whole number in *count: call again with a larger array if *count > capacity.
 */
halftone_status halftone_tokenize(const halftone_tokenizer *tokenizer, const char *text, size_t bytes, int32_t *ids,
                                  size_t capacity, size_t *count);
/** The text of n tokens, not terminated; *bytes is its whole length, of which at most `capacity` are stored. */
halftone_status halftone_detokenize(const halftone_tokenizer *tokenizer, const int32_t *ids, size_t n, char *text,
                                    size_t capacity, size_t *bytes);
/**
 * The bytes that one token adds in the middle of a text, for streaming: a word with its leading space; a single byte,
 * perhaps an incomplete UTF-8 sequence, for a byte token; nothing for control tokens. Sizes as in halftone_detokenize.
 */
halftone_status halftone_token_text(const halftone_tokenizer *tokenizer, int32_t id, char *text, size_t capacity,
                                    size_t *bytes);

#ifdef __cplusplus
}
#endif

#endif /* HALFTONE_TOKENIZER_H */
