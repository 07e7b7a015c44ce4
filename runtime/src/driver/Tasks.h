//===- Tasks.h - What the command line of a model can do -------*- C++ -*-===//
#ifndef HALFTONE_RUNTIME_DRIVER_TASKS_H
#define HALFTONE_RUNTIME_DRIVER_TASKS_H

#include "Options.h"
#include "Support.h"

#include "halftone/tokenizer.h"

#include <memory>

namespace halftone::driver {

/// An opened model with one context, and its tokenizer if it has one.
class Session {
public:
  /// `linked`, or, if it is null, the model at `path`.
  /// With `hugePages` the weights are copied into huge pages; if that fails, a warning is printed.
  Session(const std::string &path, int32_t threads, const halftone_model *linked, bool hugePages = false);
  const halftone_model &model() const { return *halftone_describe(program.get()); }
  halftone_context *context() const { return contextHandle.get(); }
  bool hasTokenizer() const { return tokenizer != nullptr; }
  /// Failure if there is none, because the model has none or this runtime was built without.
  void requireTokenizer() const;
  /// The begin token, if the model has one, and the tokens of the text. Failure if there is no tokenizer, or no token.
  std::vector<int32_t> tokenize(std::string_view text) const;
  /// The bytes that a token adds to a text.
  std::string tokenText(int32_t token) const;
  /// Size of the weights for people: "1.23 MiB".
  std::string sizeText() const;
  double loadSeconds() const { return seconds; }
  /// Bytes of the weights that are in huge pages, as far as that was asked for.
  int64_t hugePageBytes() const { return hugeBytes; }

private:
  struct Deleter {
    void operator()(halftone_program *p) const { halftone_close(p); }
    void operator()(halftone_context *p) const { halftone_context_free(p); }
    void operator()(halftone_tokenizer *p) const { halftone_tokenizer_free(p); }
  };
  template <typename T>
  using Owner = std::unique_ptr<T, Deleter>;
  Owner<halftone_program> program;
  Owner<halftone_tokenizer> tokenizer;
  Owner<halftone_context> contextHandle;
  double seconds = 0;
  int64_t hugeBytes = 0;
};

void generate(const Options &options, const Session &session);
void perplexity(const Options &options, const Session &session);
void bench(const Options &options, const Session &session);
void info(const Options &options, const Session &session);

} // namespace halftone::driver

#endif // HALFTONE_RUNTIME_DRIVER_TASKS_H
