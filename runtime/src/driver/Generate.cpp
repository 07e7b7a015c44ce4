//===- Generate.cpp - Continuing a text ------------------------------------===//
#include "Tasks.h"

#include <algorithm>

using namespace halftone::driver;

namespace {

struct Timings {
  double load = 0, prompt = 0, eval = 0, sample = 0;
  int64_t promptTokens = 0, evalTokens = 0, sampled = 0;
};

class Generator {
public:
  Generator(const Options &options, const Session &session) : options(options), session(session) {
    halftone_sampling settings = halftone_sampling_default();
    settings.temperature = options.temperature;
    settings.top_k = options.topK;
    settings.top_p = options.topP;
    settings.min_p = options.minP;
    settings.seed = options.seed;
    halftone_sampler *created = nullptr;
    check(halftone_sampler_create(session.model().vocabulary, &settings, &created));
    sampler.reset(created);
    timings.load = session.loadSeconds();
    if (!options.dumpLogits.empty())
      dump = std::make_unique<OutputFile>(options.dumpLogits);
  }

  void run();

private:
  void readPrompt();
  void evaluatePrompt();
  int32_t sample();
  void decode(int32_t token);
  /// Whether generation goes on after this token.
  bool emit(int32_t token);
  void loop();
  void show(const std::string &text);
  void dumpRows(const float *logits, int64_t rows);
  void finish();
  void printTimings() const;
  std::string json() const;

  struct FreeSampler {
    void operator()(halftone_sampler *s) const { halftone_sampler_free(s); }
  };
  const Options &options;
  const Session &session;
  std::unique_ptr<halftone_sampler, FreeSampler> sampler;
  std::unique_ptr<OutputFile> dump;
  std::string promptText, text; // the prompt as given; the continuation
  std::vector<int32_t> prompt, generated;
  Utf8Stream stream;
  Timings timings;
  std::string stop = "length"; // why generation ended
};

void Generator::readPrompt() {
  if (options.tokens) {
    prompt = *options.tokens;
    for (size_t i = 0; i < prompt.size() && session.hasTokenizer(); ++i)
      if (prompt[i] < session.model().vocabulary)
        promptText += session.tokenText(prompt[i]);
    return;
  }
  if (options.promptFile) {
    promptText = readFile(*options.promptFile);
    std::string name = *options.promptFile == "-" ? "standard input" : "'" + *options.promptFile + "'";
    requireUtf8(promptText, name);
    while (!promptText.empty() && (promptText.back() == '\n' || promptText.back() == '\r'))
      promptText.pop_back(); // the end of the last line is no part of the text
    if (promptText.empty())
      throw Failure(name + " is empty; give it some text, or an empty --prompt to start from nothing");
  } else {
    promptText = *options.prompt;
    requireUtf8(promptText, "the prompt");
  }
  prompt = session.tokenize(promptText);
}

void Generator::dumpRows(const float *logits, int64_t rows) {
  if (dump)
    dump->write(logits, size_t(rows * session.model().vocabulary) * sizeof(float));
}

void Generator::evaluatePrompt() {
  int64_t context = session.model().context, n = int64_t(prompt.size());
  if (n > context)
    throw Failure(format("the prompt has %lld tokens and the model's context is %lld; shorten it", (long long)n,
                         (long long)context));
  Stopwatch watch;
  if (dump) {
    std::vector<float> logits(size_t(n * session.model().vocabulary));
    check(halftone_evaluate(session.context(), prompt.data(), n, logits.data()));
    dumpRows(logits.data(), n);
  } else {
    check(halftone_prefill(session.context(), prompt.data(), n));
  }
  timings.prompt = watch.seconds();
  timings.promptTokens = n;
}

int32_t Generator::sample() {
  Stopwatch watch;
  int32_t token = 0;
  check(halftone_sample(sampler.get(), halftone_logits(session.context()), &token));
  timings.sample += watch.seconds();
  ++timings.sampled;
  return token;
}

void Generator::decode(int32_t token) {
  Stopwatch watch;
  check(halftone_decode(session.context(), token));
  timings.eval += watch.seconds();
  ++timings.evalTokens;
  dumpRows(halftone_logits(session.context()), 1);
}

void Generator::show(const std::string &piece) {
  text += piece;
  if (!options.json)
    print(piece);
}

bool Generator::emit(int32_t token) {
  const halftone_model &model = session.model();
  // A begin token in the middle starts another text: this one is over.
  if (!options.ignoreEnd && token >= 0 && (token == model.eos || token == model.bos)) {
    stop = "end";
    return false;
  }
  generated.push_back(token);
  if (session.hasTokenizer())
    show(stream.push(session.tokenText(token)));
  else if (!options.json)
    print(format("%s%d", generated.size() > 1 ? " " : "", int(token)));
  return true;
}

void Generator::loop() {
  while (options.predict < 0 || int64_t(generated.size()) < options.predict) {
    int32_t token = sample();
    if (!emit(token))
      return;
    if (int64_t(generated.size()) == options.predict)
      return;
    if (halftone_position(session.context()) == session.model().context) {
      stop = "context";
      return;
    }
    decode(token);
  }
}

void Generator::printTimings() const {
  auto row = [](const char *name, double seconds, int64_t n) {
    std::fprintf(stderr, "%16s time = %10.2f ms / %5lld tokens", name, seconds * 1e3, (long long)n);
    if (n > 0 && seconds > 0)
      std::fprintf(stderr, " (%8.2f ms per token, %9.2f tokens per second)", seconds * 1e3 / double(n),
                   double(n) / seconds);
    std::fputc('\n', stderr);
  };
  std::fprintf(stderr, "\n%16s time = %10.2f ms\n", "load", timings.load * 1e3);
  row("prompt eval", timings.prompt, timings.promptTokens);
  row("eval", timings.eval, timings.evalTokens);
  row("sampling", timings.sample, timings.sampled);
  double total = timings.load + timings.prompt + timings.eval + timings.sample;
  row("total", total, timings.promptTokens + timings.evalTokens);
}

std::string Generator::json() const {
  Json json;
  auto ids = [&](const char *key, const std::vector<int32_t> &list) {
    json.beginArray(key);
    for (int32_t id : list)
      json.integer(nullptr, id);
    json.endArray();
  };
  json.beginObject().text("model", session.model().name);
  if (session.hasTokenizer())
    json.text("prompt", promptText).text("text", text);
  ids("prompt_tokens", prompt);
  ids("tokens", generated);
  json.text("stop", stop).integer("threads", halftone_threads(session.context()));
  json.beginObject("milliseconds")
      .number("load", timings.load * 1e3)
      .number("prompt_eval", timings.prompt * 1e3)
      .number("eval", timings.eval * 1e3)
      .number("sampling", timings.sample * 1e3)
      .endObject();
  return json.integer("prompt_eval_tokens", timings.promptTokens)
      .integer("eval_tokens", timings.evalTokens)
      .endObject()
      .take();
}

void Generator::finish() {
  if (session.hasTokenizer())
    show(stream.finish());
  if (dump)
    dump->commit();
  print(options.json ? json() : "\n");
  if (options.quiet)
    return;
  if (stop == "context")
    std::fprintf(stderr, "note: stopped after %zu tokens: the context of %lld is full\n", generated.size(),
                 (long long)session.model().context);
  if (!options.json)
    printTimings();
}

void Generator::run() {
  readPrompt();
  evaluatePrompt();
  if (!options.json && options.displayPrompt && session.hasTokenizer())
    print(promptText);
  loop();
  finish();
}

} // namespace

void halftone::driver::generate(const Options &options, const Session &session) { Generator(options, session).run(); }
