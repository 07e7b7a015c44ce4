//===- PeerBench.cpp - Generated kernels beside those of other engines ----===//
//
// Every row is one product. All sides take turns, A, B, C, A, B, C, ..., in one process, each going through its own
// copies of the weights; with one token the copies exceed the caches. With one thread a time is the processor time of
// that thread, with several it is elapsed time; medians over all turns.
//
//===----------------------------------------------------------------------===//

#include "Ggml.h"
#include "OnnxRuntime.h"
#include "OtherPrograms.h"
#include "Ours.h"
#include "bench/DotPeak.h"
#include "halftone/Tune/KernelProgram.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

using namespace halftone;
using namespace halftone::bench;
namespace json = llvm::json;

namespace {

/// Products of about the same bits per weight.
struct Group {
  std::string name;
  std::vector<std::pair<std::string, std::string>> ours; ///< format, strategy; see orderOurs()
  std::vector<std::string> ggml;
  int onnxBits = 0; ///< of ONNX Runtime's MatMulNBits; 0: none
};

const Group kGroups[] = {
    {"ternary", {{"ternaryg128", "dot"}, {"ternaryg128", "lut"}, {"ternaryg128", "lut-trits"}}, {"TQ2_0", "TQ1_0"}, 2},
    {"1 bit", {{"bcq1g128", "dot"}, {"bcq1g128", "lut"}}, {"Q1_0"}},
    {"2 bits", {{"bcq2g128", "dot"}, {"bcq2g128", "lut"}}, {"Q2_K"}, 2},
    {"3 bits", {{"bcq3g128", "dot"}, {"bcq3g128", "lut"}}, {"Q3_K"}},
    {"4 bits", {{"rtn4g128", "dot"}, {"bcq4g128", "dot"}, {"vsq4v16s6", "dot"}}, {"Q4_0", "Q4_K"}, 4},
    {"8 bits", {{"rtn8g128", "dot"}}, {"Q8_0"}, 8},
};

struct Options {
  std::string ggml, onnx, json, filter;
  int rounds = 7, threads = 2;
};

const char *kHelp =
    "usage: peer-bench [--ggml FOLDER] [--onnxruntime LIBRARY] [--json FILE] [--rounds N] [--threads "
    "N] [--filter TEXT]\n"
    "  --ggml     folder of libggml-base.so and libggml-cpu-*.so of llama.cpp\n"
    "  --threads  rows for one thread and up to so many, 2 unless told\n"
    "  --filter   only rows whose name, e.g. 'ternary 4096x4096/128', matches this regular expression somewhere\n";

/// Null where a peer is absent.
struct Peers {
  std::unique_ptr<GgmlLibrary> ggml;
  std::unique_ptr<OnnxLibrary> onnx;
};

struct Times {
  double median, low, high, best; ///< low, high: quartiles
};

} // namespace

static Times summarize(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  auto at = [&](double part) { return samples[size_t(part * double(samples.size() - 1) + 0.5)]; };
  return {at(0.5), at(0.25), at(0.75), samples.front()};
}

/// Our sides of a row. First the first format by the strategy that the compiler chooses for this machine; look-ups in
/// many columns only where they are that, those of 128 entries only where the machine has them.
static std::vector<std::pair<std::string, std::string>> orderOurs(const Group &group, const Problem &problem) {
  static const TargetInfo target = llvm::cantFail(TargetInfo::get("native"));
  CostModel model(target);
  const std::string &first = group.ours.front().first;
  ProductShape product{llvm::cantFail(parseFormat(first)), problem.rows, problem.cols, 8};
  Layout layout = chooseLayout({&model}, product, Workload());
  Workload columns;
  columns.items = {{problem.tokens, 1}};
  std::pair<std::string, std::string> chosen{first,
                                             strategyName(chooseKernel(model, product, layout, columns), product)};
  std::vector<std::pair<std::string, std::string>> ours{chosen};
  for (auto &side : group.ours)
    if (side != chosen && (problem.tokens == 1 || side.second == "dot") &&
        (side.second != "lut-trits" || target.tableWidth >= 128))
      ours.push_back(side);
  return ours;
}

/// All sides of a row; the memory's read bandwidth as the last one.
static std::vector<std::unique_ptr<Contender>> contenders(const Group &group, const Problem &problem,
                                                          const Peers &peers) {
  std::vector<std::unique_ptr<Contender>> result;
  for (auto &[format, strategy] : orderOurs(group, problem))
    result.push_back(ourProduct(format, strategy, problem));
  int64_t bytes = result.front()->bytes();
  auto add = [&](std::unique_ptr<Contender> side) {
    if (side)
      result.push_back(std::move(side));
  };
  if (peers.ggml)
    for (const std::string &type : group.ggml)
      for (bool repacked : {false, true})
        add(peers.ggml->product(type, repacked, problem));
  if (peers.onnx && group.onnxBits)
    add(peers.onnx->product(group.onnxBits, problem));
  if (problem.tokens == 1)
    add(plainRead(bytes, problem));
  return result;
}

/// Waits until the threads that the last side left behind no longer spin: ONNX Runtime's go on for many milliseconds,
/// and would take a core away from the side that comes next.
static void settle() {
  auto used = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e3 * double(now.tv_sec) + 1e-6 * double(now.tv_nsec);
  };
  for (int tries = 0; tries < 200; ++tries) {
    double before = used();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (used() - before < 0.2)
      return;
  }
}

/// Lets the scheduler spread a side's threads over the cores: new ones may share one for tens of milliseconds.
static void spread(Contender &side) {
  using namespace std::chrono;
  std::vector<double> ignored;
  for (auto start = steady_clock::now(); steady_clock::now() - start < milliseconds(100);)
    side.pass(ignored);
}

static std::vector<Times> takeTurns(const std::vector<std::unique_ptr<Contender>> &sides, int threads, int rounds) {
  std::vector<std::vector<double>> samples(sides.size());
  for (int round = 0; round < rounds; ++round)
    for (size_t i = 0; i < sides.size(); ++i) {
      settle();
      sides[i]->begin(threads);
      if (threads > 1)
        spread(*sides[i]);
      sides[i]->pass(samples[i]);
      sides[i]->end();
    }
  std::vector<Times> times;
  for (const std::vector<double> &each : samples)
    times.push_back(summarize(each));
  return times;
}

static bool isPeer(const Contender &side) {
  std::string text = side.name();
  llvm::StringRef name = text;
  return name.starts_with("llama.cpp") || name.starts_with("ONNX Runtime");
}

static json::Object describe(const Contender &side, const Times &times, const Problem &problem) {
  double weights = double(problem.rows) * problem.cols;
  return json::Object{{"name", side.name()},
                      {"peer", isPeer(side)},
                      {"bits_per_weight", 8.0 * side.bytes() / weights},
                      {"us", times.median},
                      {"us_best", times.best},
                      {"us_quartiles", json::Array{times.low, times.high}},
                      {"gb_per_s", side.bytes() / times.median / 1e3},
                      {"gops", 2e-3 * weights * problem.tokens / times.median}};
}

/// The peak of byte dot products, in operations per second.
static double dotPeak(int threads) {
  static const DotPeak peak("native");
  return peak.measure(threads);
}

/// Measures one row, prints it, returns it.
static json::Object measure(const std::string &group, const std::vector<std::unique_ptr<Contender>> &sides,
                            const Problem &problem, int threads, int rounds) {
  OtherPrograms watch;
  std::vector<Times> times = takeTurns(sides, threads, rounds);
  double others = watch.cores();
  json::Array list;
  double ours = times.front().median, best = 0;
  std::string bestName;
  llvm::outs() << llvm::formatv("{0}, {1}x{2}, {3} column(s), {4} thread(s), {5:f2} cores used by others\n", group,
                                problem.rows, problem.cols, problem.tokens, threads, others);
  for (size_t i = 0; i < sides.size(); ++i) {
    double median = times[i].median;
    llvm::outs() << llvm::formatv("  {0,-28} {1,9:f1} us ({2:f1} to {3:f1}), {4,7:f2} GB/s", sides[i]->name(), median,
                                  times[i].low, times[i].high, sides[i]->bytes() / median / 1e3);
    if (isPeer(*sides[i])) {
      llvm::outs() << llvm::formatv(", {0:f2} times as long as ours", median / ours);
      if (bestName.empty() || median < best) {
        best = median;
        bestName = sides[i]->name();
      }
    }
    llvm::outs() << '\n';
    list.push_back(describe(*sides[i], times[i], problem));
  }
  llvm::outs().flush();
  json::Object row{{"group", group},     {"rows", problem.rows}, {"cols", problem.cols},    {"tokens", problem.tokens},
                   {"threads", threads}, {"others", others},     {"sides", std::move(list)}};
  if (problem.tokens > 1) {
    double peak = dotPeak(threads);
    row["dot_gops"] = peak / 1e9;
    llvm::outs() << llvm::formatv("  {0,-28} {1,9:f1} us: {2:f0} GOPS\n", "peak of dot products",
                                  2e6 * problem.rows * problem.cols * problem.tokens / peak, peak / 1e9);
  }
  if (!bestName.empty()) {
    row["best_peer"] = bestName;
    row["ratio_ours_to_best_peer"] = ours / best;
  }
  return row;
}

static std::string checkedRegex(const std::string &text) {
  std::string error;
  if (llvm::Regex(text).isValid(error))
    return text;
  llvm::errs() << "peer-bench: --filter " << text << ": " << error << '\n';
  std::exit(1);
}

static Options parseOptions(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    llvm::StringRef name = argv[i];
    std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--ggml")
      options.ggml = value;
    else if (name == "--onnxruntime")
      options.onnx = value;
    else if (name == "--json")
      options.json = value;
    else if (name == "--filter")
      options.filter = checkedRegex(value);
    else if (name == "--rounds")
      options.rounds = std::max(1, std::atoi(value.c_str()));
    else if (name == "--threads")
      options.threads = std::max(1, std::atoi(value.c_str()));
    else {
      (name == "--help" ? llvm::outs() : llvm::errs()) << kHelp;
      std::exit(name == "--help" ? 0 : 1);
    }
  }
  return options;
}

static json::Array measureAll(const Options &options, const Peers &peers) {
  json::Array rows;
  const llvm::Regex filter(options.filter);
  for (const Group &group : kGroups)
    for (int64_t height : {4096, 11008})
      for (int64_t tokens : {1, 128}) {
        Problem problem{height, 4096, tokens};
        std::string name = llvm::formatv("{0} {1}x{2}/{3}", group.name, height, problem.cols, tokens);
        if (!filter.match(name))
          continue;
        auto sides = contenders(group, problem, peers);
        for (int threads = 1; threads <= options.threads; ++threads)
          rows.push_back(measure(group.name, sides, problem, threads, options.rounds));
      }
  return rows;
}

int main(int argc, char **argv) {
  Options options = parseOptions(argc, argv);
  json::Array absent;
  Peers peers;
  std::string error = "no folder given";
  if (!options.ggml.empty())
    peers.ggml = GgmlLibrary::load(options.ggml, error);
  if (!peers.ggml)
    absent.push_back("llama.cpp: " + error);
  error = "no library given";
  if (!options.onnx.empty())
    peers.onnx = OnnxLibrary::load(options.onnx, error);
  if (!peers.onnx)
    absent.push_back("ONNX Runtime: " + error);
  for (const json::Value &each : absent)
    llvm::outs() << "absent: " << *each.getAsString() << '\n';
  json::Object result{{"rounds", options.rounds}, {"absent", std::move(absent)}};
  result["llama.cpp"] = peers.ggml ? peers.ggml->description() : "absent";
  result["onnxruntime"] = peers.onnx ? "ONNX Runtime " + peers.onnx->version() : "absent";
  result["rows"] = measureAll(options, peers);
  if (options.json.empty())
    return 0;
  std::error_code code;
  llvm::raw_fd_ostream out(options.json, code);
  if (code) {
    llvm::errs() << "peer-bench: cannot write '" << options.json << "': " << code.message() << '\n';
    return 1;
  }
  out << llvm::formatv("{0:2}\n", json::Value(std::move(result)));
  return 0;
}
