//===- Session.cpp - An opened model ---------------------------------------===//
#include "Tasks.h"

using namespace halftone::driver;

Session::Session(const std::string &path, int32_t threads, const halftone_model *linked, bool hugePages) {
  Stopwatch watch;
  halftone_program *opened = nullptr;
  check(linked ? halftone_open_linked(linked, &opened) : halftone_open(path.c_str(), &opened));
  program.reset(opened);
  if (hugePages && halftone_use_huge_pages(program.get(), &hugeBytes) != HALFTONE_OK)
    std::fprintf(stderr, "warning: --huge-pages: %s; the weights stay in small pages\n", halftone_last_error());
  if (model().tokenizer && model().tokenizer_bytes > 0) {
    halftone_tokenizer *created = nullptr;
    if (halftone_status status = halftone_tokenizer_create(program.get(), &created);
        status != HALFTONE_NO_TOKENIZER) // a runtime without SentencePiece; works on token ids
      check(status);
    tokenizer.reset(created);
  }
  halftone_context_options settings = {sizeof(halftone_context_options), threads};
  halftone_context *created = nullptr;
  check(halftone_context_create(program.get(), &settings, &created));
  contextHandle.reset(created);
  seconds = watch.seconds();
}

void Session::requireTokenizer() const {
  if (!tokenizer)
    throw Failure(format("%s; only --tokens, --bench and --info work",
                         model().tokenizer_bytes > 0 ? "this quant-run was built without SentencePiece"
                                                     : "the model has no tokenizer"));
}

std::vector<int32_t> Session::tokenize(std::string_view text) const {
  requireTokenizer();
  size_t count = 0;
  check(halftone_tokenize(tokenizer.get(), text.data(), text.size(), nullptr, 0, &count));
  size_t begin = model().bos >= 0 ? 1 : 0;
  std::vector<int32_t> ids(begin + count, model().bos);
  check(halftone_tokenize(tokenizer.get(), text.data(), text.size(), ids.data() + begin, count, &count));
  if (ids.empty())
    throw Failure("the text has no tokens and the model has no begin token; give some text");
  return ids;
}

std::string Session::tokenText(int32_t token) const {
  char text[256];
  size_t bytes = 0;
  check(halftone_token_text(tokenizer.get(), token, text, sizeof text, &bytes));
  if (bytes <= sizeof text)
    return std::string(text, bytes);
  std::string longer(bytes, '\0');
  check(halftone_token_text(tokenizer.get(), token, longer.data(), bytes, &bytes));
  return longer;
}

std::string Session::sizeText() const {
  double bytes = double(model().weight_bytes);
  if (bytes < 1000.0 * (1 << 10))
    return format("%.2f KiB", bytes / (1 << 10));
  return bytes < 1000.0 * (1 << 20) ? format("%.2f MiB", bytes / (1 << 20)) : format("%.2f GiB", bytes / (1 << 30));
}
