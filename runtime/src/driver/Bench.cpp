//===- Bench.cpp - Tokens per second ---------------------------------------===//
#include "Profile.h"
#include "Tasks.h"

#include <algorithm>

using namespace halftone::driver;

namespace {

struct Test {
  bool prefill;
  int64_t tokens;
  int32_t threads;
  std::vector<double> rates; // tokens per second, one per repetition
  // Of one more run, if that is asked for:
  std::vector<Profile::Entry> kernels;
  double profiled = 0; // seconds in all

  std::string name() const { return format("%s%lld", prefill ? "pp" : "tg", (long long)tokens); }
  double least() const { return *std::min_element(rates.begin(), rates.end()); }
  double most() const { return *std::max_element(rates.begin(), rates.end()); }
  double median() const {
    std::vector<double> sorted = rates;
    std::sort(sorted.begin(), sorted.end());
    size_t half = sorted.size() / 2;
    return sorted.size() % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
  double secondsOf(bool products) const {
    double sum = 0;
    for (const Profile::Entry &entry : kernels)
      sum += Profile::isProduct(entry.kernel) == products ? entry.seconds : 0;
    return sum;
  }
  /// Distance of the extremes, in parts of the median.
  double spread() const { return (most() - least()) / median(); }
};

/// Made-up tokens, the same in every run: a linear congruential sequence over the vocabulary.
std::vector<int32_t> syntheticTokens(int64_t n, int64_t vocabulary) {
  std::vector<int32_t> tokens(static_cast<size_t>(n));
  uint64_t state = 1;
  for (int32_t &token : tokens) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    token = int32_t((state >> 33) % uint64_t(vocabulary));
  }
  return tokens;
}

/// Seconds of one run from an empty context.
double measure(const Test &test, halftone_context *context, const std::vector<int32_t> &tokens) {
  check(halftone_rewind(context, 0));
  Stopwatch watch;
  if (test.prefill)
    check(halftone_prefill(context, tokens.data(), test.tokens));
  else
    for (int64_t i = 0; i < test.tokens; ++i)
      check(halftone_decode(context, tokens[size_t(i)]));
  return watch.seconds();
}

std::vector<Test> listTests(const Options &options, int64_t context) {
  auto orDefault = [&](const std::vector<int64_t> &given, int64_t tokens) {
    return given.empty() ? std::vector<int64_t>{std::min(tokens, context)} : given;
  };
  const std::vector<int64_t> prompts = orDefault(options.benchPrompt, 512);
  const std::vector<int64_t> lengths = orDefault(options.benchGenerate, 128);
  std::vector<Test> tests;
  for (int64_t threads : options.threads)
    for (bool prefill : {true, false})
      for (int64_t tokens : prefill ? prompts : lengths) {
        if (tokens > context)
          throw Failure(format("%s %lld does not fit the model's context of %lld; choose a smaller number",
                               prefill ? "-p" : "-n", (long long)tokens, (long long)context));
        if (tokens > 0)
          tests.push_back({prefill, tokens, int32_t(threads), {}});
      }
  if (tests.empty())
    throw Failure("nothing to measure: -p and -n are both 0");
  return tests;
}

void run(std::vector<Test> &tests, const Options &options, const Session &session) {
  for (Test &test : tests) {
    check(halftone_set_threads(session.context(), test.threads));
    test.threads = halftone_threads(session.context());
    std::vector<int32_t> tokens = syntheticTokens(test.tokens, session.model().vocabulary);
    measure(test, session.context(), tokens); // warms caches and pages
    for (int64_t i = 0; i < options.repetitions; ++i)
      test.rates.push_back(double(test.tokens) / std::max(measure(test, session.context(), tokens), 1e-9));
    if (options.profile) {
      Profile profile(session.context());
      test.profiled = measure(test, session.context(), tokens);
      test.kernels = profile.entries();
    }
  }
}

void addProfile(Json &json, const Test &test) {
  json.beginObject("profile")
      .number("seconds", test.profiled)
      .number("product_seconds", test.secondsOf(true))
      .number("other_kernel_seconds", test.secondsOf(false))
      .beginArray("kernels");
  for (const Profile::Entry &entry : test.kernels)
    json.beginObject()
        .text("kernel", entry.kernel)
        .integer("launches", entry.launches)
        .number("seconds", entry.seconds)
        .endObject();
  json.endArray().endObject();
}

std::string profileTable(const Test &test) {
  std::string text = format("\n%s, %d thread%s: %.2f ms\n\n", test.name().c_str(), int(test.threads),
                            test.threads == 1 ? "" : "s", test.profiled * 1e3);
  text += "|    share |         ms | launches | kernel\n| -------: | ---------: | -------: | ------\n";
  auto row = [&](double seconds, const std::string &launches, const std::string &name) {
    text += format("| %7.1f%% | %10.3f | %8s | %s\n", 100 * seconds / test.profiled, seconds * 1e3, launches.c_str(),
                   name.c_str());
  };
  for (const Profile::Entry &entry : test.kernels)
    row(entry.seconds, std::to_string(entry.launches), entry.kernel);
  double products = test.secondsOf(true), others = test.secondsOf(false);
  row(test.profiled - products - others, "", "between launches, on one thread");
  row(products, "", "all products with weights");
  return text;
}

std::string json(const std::vector<Test> &tests, const Options &options, const Session &session) {
  const halftone_model &model = session.model();
  Json json;
  json.beginObject()
      .text("model", model.name)
      .integer("weight_bytes", model.weight_bytes)
      .text("compiled_for", model.cpu)
      .text("cpu", halftone_cpu_name())
      .integer("cpus", halftone_cpu_count())
      .integer("repetitions", options.repetitions)
      .beginArray("tests");
  for (const Test &test : tests) {
    json.beginObject()
        .text("test", test.name())
        .integer("tokens", test.tokens)
        .integer("threads", test.threads)
        .number("median_tokens_per_second", test.median())
        .number("min_tokens_per_second", test.least())
        .number("max_tokens_per_second", test.most())
        .number("spread", test.spread())
        .beginArray("samples_tokens_per_second");
    for (double rate : test.rates)
      json.number(nullptr, rate);
    json.endArray();
    if (options.profile)
      addProfile(json, test);
    json.endObject();
  }
  return json.endArray().endObject().take();
}

std::string table(const std::vector<Test> &tests, const Options &options, const Session &session) {
  std::string name = session.model().name, size = session.sizeText();
  int width = int(std::max<size_t>(name.size(), 5));
  std::string text =
      format("CPU: %s, %d usable; compiled for %s; medians of %lld runs, spread = (max - min) / median\n\n",
             halftone_cpu_name(), int(halftone_cpu_count()), session.model().cpu, (long long)options.repetitions);
  text += format("| %-*s | %10s | threads | %8s | %12s | %7s |\n", width, "model", "size", "test", "t/s", "spread");
  text += "| " + std::string(size_t(width), '-') + " | ---------: | ------: | -------: | -----------: | ------: |\n";
  for (const Test &test : tests)
    text += format("| %-*s | %10s | %7d | %8s | %12.2f | %6.1f%% |\n", width, name.c_str(), size.c_str(),
                   int(test.threads), test.name().c_str(), test.median(), test.spread() * 100);
  if (options.profile)
    for (const Test &test : tests)
      text += profileTable(test);
  return text;
}

} // namespace

void halftone::driver::bench(const Options &options, const Session &session) {
  std::vector<Test> tests = listTests(options, session.model().context);
  run(tests, options, session);
  print(options.json ? json(tests, options, session) : table(tests, options, session));
}
