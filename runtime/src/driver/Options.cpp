//===- Options.cpp - Parsing and explaining the command line ---------------===//
#include "Options.h"

#include "Support.h"

#include <charconv>
#include <cmath>

using namespace halftone::driver;

namespace {

/// Options whose meaning depends on others are kept as text until all are read.
struct Parsed {
  Options options;
  std::optional<std::string> shortPrompt, predict, threads, benchPrompt, benchGenerate;
  std::vector<std::string> tasks; // the options that chose a task, as written
};

struct Option {
  const char *shortName, *longName; // "" if none
  const char *value;                // name of its value in the help; "" for a flag
  const char *help;
  void (*apply)(Parsed &, const std::string &name, const std::string &value);
};

struct Group {
  const char *title;
  std::vector<Option> options;
};

template <typename T>
T parseNumber(const std::string &name, const std::string &text, T least, T most, const char *what) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most))
    throw Failure(format("%s %s: expected %s", name.c_str(), text.c_str(), what));
  return value;
}

template <typename T>
std::vector<T> parseList(const std::string &name, const std::string &text, T least, T most, const char *what) {
  std::vector<T> values;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    values.push_back(parseNumber<T>(name, text.substr(begin, end - begin), least, most, what));
    begin = end + 1;
  }
  return values;
}

void choose(Parsed &p, Task task, const std::string &name) {
  if (p.options.task == Task::Help || p.options.task == Task::Version)
    return; // whatever else is asked for
  p.options.task = task;
  p.tasks.push_back(name);
}

#define APPLY [](Parsed & p, const std::string &name, const std::string &value)

Group generateOptions() {
  return {"Generate text", {{"-p", "--prompt", "TEXT", "continue this text",
                             APPLY{if (name == "-p"){p.shortPrompt = value; // a number of tokens under --bench
  return;
}
p.options.prompt = value;
choose(p, Task::Generate, name);
} // namespace
}
, {"-f", "--file", "FILE", "continue the text in FILE (-: standard input)", APPLY{p.options.promptFile = value;
choose(p, Task::Generate, name);
}
}
, {"", "--tokens", "IDS", "continue these token ids: 1,403,407 (nothing is added in front)",
   APPLY{p.options.tokens = parseList<int32_t>(name, value, 0, INT32_MAX, "token ids from 0 on, separated by commas");
choose(p, Task::Generate, name);
}
}
, {"-n", "--predict", "N", "generate at most N tokens (default: until the end token or the end of the context)",
   APPLY{p.predict = value;
}
}
, {"", "--ignore-eos", "", "go on after the end token", APPLY{p.options.ignoreEnd = true;
}
}
, {"", "--no-display-prompt", "", "print the continuation only", APPLY{p.options.displayPrompt = false;
}
}
, {
  "", "--dump-logits", "FILE", "write the logits of all positions as raw float32; also with --perplexity", APPLY {
    p.options.dumpLogits = value;
  }
}
}
}
;
}

Group samplingOptions() {
  return {"Choose tokens (the same seed gives the same text on every machine)",
          {{"", "--temp", "T", "temperature; 0, the default, always takes the most likely token",
            APPLY{p.options.temperature = parseNumber<float>(name, value, 0, 1e6f, "a number from 0 on");
}
}
, {"", "--top-k", "K", "of the K most likely tokens (default 40; 0: all)",
   APPLY{p.options.topK = parseNumber<int32_t>(name, value, 0, INT32_MAX, "a whole number from 0 on");
}
}
, {"", "--top-p", "P", "of the fewest that together reach probability P (default 0.95; 1: all)",
   APPLY{p.options.topP = parseNumber<float>(name, value, 1e-9f, 1, "a number above 0 and at most 1");
}
}
, {"", "--min-p", "P", "of those at least P times as likely as the best (default 0.05; 0: all)",
   APPLY{p.options.minP = parseNumber<float>(name, value, 0, 1, "a number from 0 to 1");
}
}
, {
  "-s", "--seed", "S", "start of the random numbers (default 0)", APPLY {
    p.options.seed = parseNumber<uint64_t>(name, value, 0, UINT64_MAX, "a whole number from 0 on");
  }
}
}
}
;
}

Group measureOptions() {
  return {"Measure quality and speed",
          {{"", "--perplexity", "FILE",
            "perplexity on a text: documents separated by <|endoftext|>, each cut to the context",
            APPLY{p.options.text = value;
  choose(p, Task::Perplexity, name);
}
}
, {"", "--reference", "MODEL.so",
   "with --perplexity: also compare the predicted probabilities with those of this model (KL divergence)",
   APPLY{p.options.reference = value;
}
}
, {"", "--bench", "", "tokens per second of prefill (-p) and of decode (-n), on made-up tokens",
   APPLY{choose(p, Task::Bench, name);
}
}
, {"", "--n-prompt", "N,..", "with --bench, also -p: lengths of the prompt (default 512, or the context; 0: none)",
   APPLY{p.benchPrompt = value;
}
}
, {"", "--n-gen", "N,..", "with --bench, also -n: numbers of decoded tokens (default 128, or the context; 0: none)",
   APPLY{p.benchGenerate = value;
}
}
, {"-r", "--repetitions", "R", "with --bench: runs of each test (default 5)",
   APPLY{p.options.repetitions = parseNumber<int64_t>(name, value, 1, 1000000, "a whole number from 1 on");
}
}
, {
  "", "--profile", "", "with --bench: what every kernel takes in one more run of each test", APPLY {
    p.options.profile = true;
  }
}
}
}
;
}

Group generalOptions() {
  return {"General", {{"-m", "--model", "FILE", "the compiled model, if it is not the first argument",
                       APPLY{p.options.model = value;
}
}
, {"-t", "--threads", "N", "threads (default: one per CPU; a list with --bench); they never change a result",
   APPLY{p.threads = value;
}
}
, {"", "--huge-pages", "", "copy the weights into huge pages; a warning and small pages where there are none",
   APPLY{p.options.hugePages = true;
}
}
, {"", "--info", "", "describe the model", APPLY{choose(p, Task::Info, name);
}
}
, {"", "--json", "", "results as JSON on standard output", APPLY{p.options.json = true;
}
}
, {"-q", "--quiet", "", "no timings, notes and progress", APPLY{p.options.quiet = true;
}
}
, {"-h", "--help", "", "this text", APPLY{choose(p, Task::Help, name);
}
}
, {
  "", "--version", "", "version", APPLY { choose(p, Task::Version, name); }
}
}
}
;
}
#undef APPLY

std::vector<Group> allGroups() { return {generateOptions(), samplingOptions(), measureOptions(), generalOptions()}; }

const Option *find(const std::vector<Group> &groups, const std::string &name) {
  for (const Group &group : groups)
    for (const Option &option : group.options)
      if (name == option.longName || name == option.shortName)
        return &option;
  return nullptr;
}

[[noreturn]] void unknownOption(const std::vector<Group> &groups, const std::string &name) {
  std::vector<std::string> names;
  for (const Group &group : groups)
    for (const Option &option : group.options)
      for (const char *known : {option.longName, option.shortName})
        if (*known && (name.size() > 2 || std::string(known).size() == 2))
          names.push_back(known);
  std::string guess = name.size() > 2 ? nearest(name, names) : "";
  throw Failure(format("unknown option '%s'; %s", name.c_str(),
                       guess.empty() ? "--help lists them all" : ("did you mean '" + guess + "'?").c_str()));
}

void takeArgument(Parsed &p, const std::string &argument, bool linked) {
  if (!linked && p.options.model.empty())
    p.options.model = argument;
  else
    throw Failure(format("unexpected argument '%s'; a text to continue goes after --prompt", argument.c_str()));
}

void readArguments(Parsed &p, const std::vector<std::string> &arguments, bool linked) {
  const std::vector<Group> groups = allGroups();
  bool onlyArguments = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i], value;
    if (onlyArguments || name.size() < 2 || name[0] != '-') {
      takeArgument(p, name, linked);
      continue;
    }
    if (name == "--") {
      onlyArguments = true;
      continue;
    }
    size_t equals = name.compare(0, 2, "--") == 0 ? name.find('=') : std::string::npos;
    if (equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    const Option *option = find(groups, name);
    if (!option)
      unknownOption(groups, name);
    if (!*option->value && equals != std::string::npos)
      throw Failure(format("%s takes no value", name.c_str()));
    if (*option->value && equals == std::string::npos) {
      if (++i == arguments.size())
        throw Failure(format("%s needs a value: %s", name.c_str(), option->value));
      value = arguments[i];
    }
    option->apply(p, name, value);
  }
}

const char *const wholeNumbers = "whole numbers from 0 on, separated by commas";

void resolveBench(Parsed &p) {
  Options &o = p.options;
  if (p.shortPrompt)
    o.benchPrompt = parseList<int64_t>("-p", *p.shortPrompt, 0, INT32_MAX, wholeNumbers);
  if (p.benchPrompt)
    o.benchPrompt = parseList<int64_t>("--n-prompt", *p.benchPrompt, 0, INT32_MAX, wholeNumbers);
  if (p.predict)
    o.benchGenerate = parseList<int64_t>("-n", *p.predict, 0, INT32_MAX, wholeNumbers);
  if (p.benchGenerate)
    o.benchGenerate = parseList<int64_t>("--n-gen", *p.benchGenerate, 0, INT32_MAX, wholeNumbers);
}

/// Gives the options their meaning by the task that was chosen, and refuses combinations that have none.
void resolve(Parsed &p, bool linked) {
  Options &o = p.options;
  if (p.shortPrompt && o.task != Task::Bench) {
    o.prompt = *p.shortPrompt;
    choose(p, Task::Generate, "-p");
  }
  if (o.task == Task::Help || o.task == Task::Version)
    return;
  if (linked && !o.model.empty())
    throw Failure("this program contains its model; --model is an option of quant-run");
  if (p.tasks.size() > 1)
    throw Failure(format("%s and %s do not go together; choose one", p.tasks[0].c_str(), p.tasks[1].c_str()));
  if (!linked && o.model.empty())
    throw Failure("no model; usage: quant-run MODEL.so --prompt TEXT (--help shows more)");
  if (o.task == Task::None)
    throw Failure("nothing to do; give --prompt, --perplexity, --bench or --info (--help shows more)");
  if (o.task == Task::Bench)
    resolveBench(p);
  else if (p.predict)
    o.predict = parseNumber<int64_t>("-n", *p.predict, -1, INT32_MAX,
                                     "a number of tokens from 0 on (or -1: to the end of the context)");
  if (p.threads)
    o.threads = parseList<int64_t>("--threads", *p.threads, 1, 1024, "a whole number from 1 to 1024");
  if (o.threads.size() > 1 && o.task != Task::Bench)
    throw Failure("--threads takes a list only with --bench");
  if (o.profile && o.task != Task::Bench)
    throw Failure("--profile needs --bench");
  if (!o.reference.empty() && o.task != Task::Perplexity)
    throw Failure("--reference needs --perplexity");
  if (!o.dumpLogits.empty() && o.task != Task::Generate && o.task != Task::Perplexity)
    throw Failure("--dump-logits needs --prompt, --file, --tokens or --perplexity");
}

} // namespace

Options halftone::driver::parseOptions(const std::vector<std::string> &arguments, bool linked) {
  Parsed parsed;
  readArguments(parsed, arguments, linked);
  resolve(parsed, linked);
  return std::move(parsed.options);
}

std::string halftone::driver::helpText(const std::string &program, bool linked) {
  const std::string command = linked ? program : program + " MODEL.so";
  std::string text = linked ? "A language model compiled by Halftone into one program.\n\n"
                            : "Runs a model that quant-compile made (quant-compile INPUT -o MODEL.so).\n\n";
  text += "Usage: " + command + " TASK [OPTIONS]\n\nExamples:\n";
  const char *const examples[][2] = {
      {"--prompt \"Once upon a time\" -n 60", "the likeliest continuation"},
      {"-p \"Once upon\" --temp 0.8 --seed 7", "another one for every seed"},
      {"--perplexity text.txt", "how well it predicts a text"},
      {"--perplexity text.txt --reference float.so", "how far it is from another model"},
      {"--bench -p 128 -n 64 -t 1,2", "how fast it is"},
      {"--info", "what it is"},
  };
  for (auto &[arguments, meaning] : examples)
    text += format("  %s %-42s %s\n", command.c_str(), arguments, meaning);
  for (const Group &group : allGroups()) {
    text += std::string("\n") + group.title + ":\n";
    for (const Option &o : group.options) {
      if (linked && std::string(o.longName) == "--model")
        continue;
      std::string names = *o.shortName ? std::string(o.shortName) + ", " : "    ";
      names += std::string(o.longName) + (*o.value ? std::string(" ") + o.value : "");
      text += format("  %-26s %s\n", names.c_str(), o.help);
    }
  }
  return text +
         "\nResults go to standard output, timings and notes to standard error. Exit code 0, or 1 for any error.\n";
}
