//===- Perplexity.cpp - How well a model predicts a text -------------------===//
#include "Tasks.h"

#include <algorithm>
#include <cmath>
#include <unistd.h>

using namespace halftone::driver;

namespace {

const std::string_view separator = "<|endoftext|>";

/// The documents of a text, without white space around them; those that are nothing else are left out.
std::vector<std::string_view> splitDocuments(std::string_view text) {
  std::vector<std::string_view> documents;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(separator, begin), text.size());
    std::string_view document = strip(text.substr(begin, end - begin));
    if (!document.empty())
      documents.push_back(document);
    begin = end + separator.size();
  }
  return documents;
}

struct Totals {
  double sum = 0; // of -ln p
  int64_t tokens = 0, documents = 0, cut = 0;
  double seconds = 0;
  double perplexity() const { return std::exp(sum / double(tokens)); }
};

/// Evaluates the sequence again and writes the logits that predicted tokens 1, 2, ...
void dumpLogits(const Session &session, const std::vector<int32_t> &ids, OutputFile &dump) {
  check(halftone_rewind(session.context(), 0));
  int64_t vocabulary = session.model().vocabulary, predictions = int64_t(ids.size()) - 1;
  int64_t chunk = std::min(session.model().chunk, predictions);
  std::vector<float> logits(size_t(chunk * vocabulary));
  for (int64_t done = 0; done < predictions; done += chunk) {
    int64_t rows = std::min(chunk, predictions - done);
    check(halftone_evaluate(session.context(), ids.data() + done, rows, logits.data()));
    dump.write(logits.data(), size_t(rows * vocabulary) * sizeof(float));
  }
}

/// One line per document on a terminal; in a pipe one per tenth of the work.
void showProgress(const Totals &totals, size_t documents) {
  bool terminal = isatty(STDERR_FILENO);
  int64_t step = terminal ? 1 : std::max<int64_t>(1, int64_t(documents) / 10);
  bool last = totals.documents == int64_t(documents);
  if (totals.documents % step != 0 && !last)
    return;
  std::fprintf(stderr, "%s%lld of %zu documents, %lld tokens, perplexity so far %.4f%s", terminal ? "\r" : "",
               (long long)totals.documents, documents, (long long)totals.tokens, totals.perplexity(),
               terminal && !last ? "" : "\n");
}

Totals score(const Options &options, const Session &session, const std::vector<std::string_view> &documents) {
  std::unique_ptr<OutputFile> dump;
  if (!options.dumpLogits.empty())
    dump = std::make_unique<OutputFile>(options.dumpLogits);
  Totals totals;
  for (std::string_view document : documents) {
    std::vector<int32_t> ids = session.tokenize(document);
    ++totals.documents;
    if (int64_t(ids.size()) > session.model().context) {
      ids.resize(size_t(session.model().context));
      ++totals.cut;
    }
    if (ids.size() < 2)
      continue; // nothing is predicted
    Stopwatch watch;
    double sum = 0;
    check(halftone_score(session.context(), ids.data(), int64_t(ids.size()), &sum));
    totals.seconds += watch.seconds();
    totals.sum += sum;
    totals.tokens += int64_t(ids.size()) - 1;
    if (dump)
      dumpLogits(session, ids, *dump);
    if (!options.quiet)
      showProgress(totals, documents.size());
  }
  if (dump)
    dump->commit();
  return totals;
}

} // namespace

void halftone::driver::perplexity(const Options &options, const Session &session) {
  if (!session.hasTokenizer())
    throw Failure("the model has no tokenizer; only --tokens, --bench and --info work");
  std::string raw = readFile(options.text);
  requireUtf8(raw, "'" + options.text + "'");
  const std::string text = normalizeNewlines(raw);
  std::vector<std::string_view> documents = splitDocuments(text);
  if (documents.empty())
    throw Failure(format("'%s' contains no text; perplexity needs at least one document", options.text.c_str()));
  Totals totals = score(options, session, documents);
  if (totals.tokens == 0)
    throw Failure(format("'%s' has no document of two tokens or more", options.text.c_str()));
  if (options.json) {
    print(Json()
              .beginObject()
              .text("model", session.model().name)
              .number("perplexity", totals.perplexity())
              .number("negative_log_likelihood", totals.sum)
              .integer("tokens", totals.tokens)
              .integer("documents", totals.documents)
              .integer("documents_cut", totals.cut)
              .integer("threads", halftone_threads(session.context()))
              .number("seconds", totals.seconds)
              .endObject()
              .take());
    return;
  }
  print(format("perplexity %.4f over %lld tokens\n", totals.perplexity(), (long long)totals.tokens));
  if (options.quiet)
    return;
  if (totals.cut > 0)
    std::fprintf(stderr, "note: %lld of %lld documents were cut to the context of %lld tokens\n", (long long)totals.cut,
                 (long long)totals.documents, (long long)session.model().context);
  std::fprintf(stderr, "%.2f s, %.2f tokens per second, %d threads\n", totals.seconds,
               double(totals.tokens) / totals.seconds, int(halftone_threads(session.context())));
}
