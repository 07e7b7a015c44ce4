//===- Perplexity.cpp - How well a model predicts a text -------------------===//
#include "Divergence.h"

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
  double seconds = 0; // without the reference
  double perplexity() const { return std::exp(sum / double(tokens)); }
};

/// What is done with every document, beside its score.
struct Extras {
  std::unique_ptr<OutputFile> dump;
  std::unique_ptr<Session> reference;
  std::unique_ptr<Divergence> divergence;

  Extras(const Options &options, const Session &session) {
    if (!options.reference.empty()) {
      reference = std::make_unique<Session>(options.reference, int32_t(options.threads.front()), nullptr);
      requireComparable(session, *reference);
      divergence = std::make_unique<Divergence>(session.model().vocabulary);
    }
    if (!options.dumpLogits.empty())
      dump = std::make_unique<OutputFile>(options.dumpLogits);
  }
};

/// Evaluates the sequence chunk by chunk, writes the logits that predicted tokens 1, 2, ..., and compares them.
void evaluate(const Session &session, const std::vector<int32_t> &ids, Extras &extras) {
  const Session *reference = extras.reference.get();
  check(halftone_rewind(session.context(), 0));
  if (reference)
    check(halftone_rewind(reference->context(), 0));
  int64_t vocabulary = session.model().vocabulary, predictions = int64_t(ids.size()) - 1;
  int64_t chunk = std::min(session.model().chunk, predictions);
  std::vector<float> logits(size_t(chunk * vocabulary)), expected(reference ? logits.size() : 0);
  for (int64_t done = 0; done < predictions; done += chunk) {
    int64_t rows = std::min(chunk, predictions - done);
    check(halftone_evaluate(session.context(), ids.data() + done, rows, logits.data()));
    if (extras.dump)
      extras.dump->write(logits.data(), size_t(rows * vocabulary) * sizeof(float));
    if (!reference)
      continue;
    check(halftone_evaluate(reference->context(), ids.data() + done, rows, expected.data()));
    for (int64_t i = 0; i < rows; ++i)
      extras.divergence->add(expected.data() + i * vocabulary, logits.data() + i * vocabulary,
                             ids[size_t(done + i + 1)]);
  }
}

/// Failure if the reference would see less of the document than the model.
void requireFits(const std::vector<int32_t> &ids, int64_t document, const Session &reference) {
  int64_t holds = reference.model().context;
  if (int64_t(ids.size()) > holds)
    throw Failure(format("document %lld has %zu tokens or more, but the reference holds %lld; compile both with the "
                         "same --context",
                         (long long)document, ids.size(), (long long)holds));
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

Totals score(const Options &options, const Session &session, const std::vector<std::string_view> &documents,
             Extras &extras) {
  Totals totals;
  for (std::string_view document : documents) {
    std::vector<int32_t> ids = session.tokenize(document);
    ++totals.documents;
    if (int64_t(ids.size()) > session.model().context) {
      ids.resize(size_t(session.model().context));
      ++totals.cut;
    }
    if (extras.reference)
      requireFits(ids, totals.documents, *extras.reference);
    if (ids.size() < 2)
      continue; // nothing is predicted
    Stopwatch watch;
    double sum = 0;
    check(halftone_score(session.context(), ids.data(), int64_t(ids.size()), &sum));
    totals.seconds += watch.seconds();
    totals.sum += sum;
    totals.tokens += int64_t(ids.size()) - 1;
    if (extras.dump || extras.reference)
      evaluate(session, ids, extras);
    if (!options.quiet)
      showProgress(totals, documents.size());
  }
  if (extras.dump)
    extras.dump->commit();
  return totals;
}

void addJson(Json &json, const Divergence &divergence, const Session &reference) {
  json.beginObject("reference")
      .text("model", reference.model().name)
      .number("perplexity", std::exp(divergence.referenceNegativeLogLikelihood() / double(divergence.tokens())))
      .number("negative_log_likelihood", divergence.referenceNegativeLogLikelihood())
      .endObject()
      .beginObject("kl_divergence")
      .number("mean", divergence.mean())
      .number("median", divergence.percentile(0.5))
      .number("percentile_99", divergence.percentile(0.99))
      .number("maximum", divergence.percentile(1))
      .endObject()
      .number("top_1_agreement", divergence.agreement());
}

std::string describe(const Divergence &divergence) {
  return format("reference  %.4f\nKL divergence from the reference: mean %.6f, median %.6f, 99th percentile %.6f, "
                "maximum %.6f\nsame most likely token: %.2f%%\n",
                std::exp(divergence.referenceNegativeLogLikelihood() / double(divergence.tokens())), divergence.mean(),
                divergence.percentile(0.5), divergence.percentile(0.99), divergence.percentile(1),
                100 * divergence.agreement());
}

} // namespace

void halftone::driver::perplexity(const Options &options, const Session &session) {
  session.requireTokenizer();
  std::string raw = readFile(options.text);
  requireUtf8(raw, "'" + options.text + "'");
  const std::string text = normalizeNewlines(raw);
  std::vector<std::string_view> documents = splitDocuments(text);
  if (documents.empty())
    throw Failure(format("'%s' contains no text; perplexity needs at least one document", options.text.c_str()));
  Extras extras(options, session);
  Totals totals = score(options, session, documents, extras);
  if (totals.tokens == 0)
    throw Failure(format("'%s' has no document of two tokens or more", options.text.c_str()));
  if (options.json) {
    Json json;
    json.beginObject()
        .text("model", session.model().name)
        .number("perplexity", totals.perplexity())
        .number("negative_log_likelihood", totals.sum)
        .integer("tokens", totals.tokens)
        .integer("documents", totals.documents)
        .integer("documents_cut", totals.cut)
        .integer("threads", halftone_threads(session.context()))
        .number("seconds", totals.seconds);
    if (extras.divergence)
      addJson(json, *extras.divergence, *extras.reference);
    return print(json.endObject().take());
  }
  print(format("perplexity %.4f over %lld tokens\n", totals.perplexity(), (long long)totals.tokens) +
        (extras.divergence ? describe(*extras.divergence) : ""));
  if (options.quiet)
    return;
  if (totals.cut > 0)
    std::fprintf(stderr, "note: %lld of %lld documents were cut to the context of %lld tokens\n", (long long)totals.cut,
                 (long long)totals.documents, (long long)session.model().context);
  std::fprintf(stderr, "%.2f s, %.2f tokens per second, %d threads\n", totals.seconds,
               double(totals.tokens) / totals.seconds, int(halftone_threads(session.context())));
}
