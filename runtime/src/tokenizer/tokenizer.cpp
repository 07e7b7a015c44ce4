//===- tokenizer.cpp - SentencePiece behind a C interface ------------------===//
//
// No exception leaves this file.
//
//===----------------------------------------------------------------------===//
#include "halftone/tokenizer.h"

#include "../core/internal.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <vector>

struct halftone_tokenizer {
  sentencepiece::SentencePieceProcessor processor;
};

namespace {

/// Runs `body` and turns exceptions into statuses.
template <typename Body>
halftone_status guarded(Body body) {
  try {
    return body();
  } catch (const std::bad_alloc &) {
    return halftone_fail(HALFTONE_NO_MEMORY, "out of memory");
  } catch (const std::exception &e) {
    return halftone_fail(HALFTONE_FAILED, "the tokenizer failed: %s", e.what());
  }
}

halftone_status nullArgument(const char *function) {
  return halftone_fail(HALFTONE_INVALID_ARGUMENT, "%s: null argument", function);
}

template <typename T>
void store(const T *data, size_t size, T *out, size_t capacity, size_t *count) {
  *count = size;
  if (out && capacity)
    std::copy_n(data, std::min(size, capacity), out);
}

halftone_status checkId(const halftone_tokenizer *tokenizer, int32_t id) {
  int size = tokenizer->processor.GetPieceSize();
  if (id >= 0 && id < size)
    return HALFTONE_OK;
  return halftone_fail(HALFTONE_INVALID_ARGUMENT, "token %d is not in the tokenizer, which has %d", int(id), size);
}

/// What one piece adds to a text.
std::string pieceText(const sentencepiece::SentencePieceProcessor &processor, int id) {
  if (processor.IsControl(id))
    return "";
  if (processor.IsUnknown(id))
    return " \u2047 "; // what SentencePiece itself decodes it to
  std::string piece = processor.IdToPiece(id);
  if (processor.IsByte(id)) // "<0x0A>"
    return std::string(1, char(std::stoi(piece.substr(3, 2), nullptr, 16)));
  const std::string mark = "\u2581"; // stands for a space
  for (size_t at = piece.find(mark); at != std::string::npos; at = piece.find(mark, at + 1))
    piece.replace(at, mark.size(), " ");
  return piece;
}

} // namespace

halftone_status halftone_tokenizer_create(const halftone_program *program, halftone_tokenizer **tokenizer) {
  if (!program || !tokenizer)
    return nullArgument("halftone_tokenizer_create");
  *tokenizer = nullptr;
  const halftone_model *model = halftone_describe(program);
  if (!model->tokenizer || model->tokenizer_bytes == 0)
    return halftone_fail(HALFTONE_NO_TOKENIZER, "the model has no tokenizer inside; work on token ids");
  return guarded([&]() -> halftone_status {
    auto result = std::make_unique<halftone_tokenizer>();
    auto status = result->processor.LoadFromSerializedProto(
        absl::string_view(static_cast<const char *>(model->tokenizer), size_t(model->tokenizer_bytes)));
    if (!status.ok())
      return halftone_fail(HALFTONE_NOT_A_MODEL, "the model's tokenizer is damaged: %s", status.ToString().c_str());
    if (result->processor.GetPieceSize() > model->vocabulary)
      return halftone_fail(
          HALFTONE_NOT_A_MODEL,
          "the model's tokenizer has %d tokens and its vocabulary %lld; compile it with its own tokenizer",
          result->processor.GetPieceSize(), static_cast<long long>(model->vocabulary));
    *tokenizer = result.release();
    return HALFTONE_OK;
  });
}

void halftone_tokenizer_free(halftone_tokenizer *tokenizer) { delete tokenizer; }

halftone_status halftone_tokenize(const halftone_tokenizer *tokenizer, const char *text, size_t bytes, int32_t *ids,
                                  size_t capacity, size_t *count) {
  if (!tokenizer || !text || !count)
    return nullArgument("halftone_tokenize");
  return guarded([&]() -> halftone_status {
    std::vector<int> result;
    auto status = tokenizer->processor.Encode(absl::string_view(text, bytes), &result);
    if (!status.ok())
      return halftone_fail(HALFTONE_FAILED, "cannot tokenize: %s", status.ToString().c_str());
    std::vector<int32_t> tokens(result.begin(), result.end());
    store(tokens.data(), tokens.size(), ids, capacity, count);
    return HALFTONE_OK;
  });
}

halftone_status halftone_detokenize(const halftone_tokenizer *tokenizer, const int32_t *ids, size_t n, char *text,
                                    size_t capacity, size_t *bytes) {
  if (!tokenizer || (!ids && n) || !bytes)
    return nullArgument("halftone_detokenize");
  for (size_t i = 0; i < n; ++i)
    if (halftone_status status = checkId(tokenizer, ids[i]))
      return status;
  return guarded([&]() -> halftone_status {
    std::string result;
    auto status = tokenizer->processor.Decode(std::vector<int>(ids, ids + n), &result);
    if (!status.ok())
      return halftone_fail(HALFTONE_FAILED, "cannot turn tokens into text: %s", status.ToString().c_str());
    store(result.data(), result.size(), text, capacity, bytes);
    return HALFTONE_OK;
  });
}

halftone_status halftone_token_text(const halftone_tokenizer *tokenizer, int32_t id, char *text, size_t capacity,
                                    size_t *bytes) {
  if (!tokenizer || !bytes)
    return nullArgument("halftone_token_text");
  if (halftone_status status = checkId(tokenizer, id))
    return status;
  return guarded([&]() -> halftone_status {
    std::string result = pieceText(tokenizer->processor, id);
    store(result.data(), result.size(), text, capacity, bytes);
    return HALFTONE_OK;
  });
}
