//===- ModelBench.cpp - One whole model, by this or another engine --------===//
//
// One process measures one side, so that its peak memory is its own: opens the model, computes one token, then prefill
// and decode over and over. models.py starts such processes in turns.
//
//===----------------------------------------------------------------------===//

#include "ModelSides.h"
#include "OtherPrograms.h"
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

using namespace halftone::bench;

namespace {

const char *kHelp = "usage: model-bench halftone MODEL.so [options]\n"
                    "       model-bench llama.cpp MODEL.gguf --libraries FOLDER [options]\n"
                    "       model-bench quantize FROM.gguf TO.gguf TYPE --libraries FOLDER     TYPE: TQ2_0, Q4_0, ...\n"
                    "options: --threads N (1)  --prompt N (128)  --generate N (64)  --rounds N (3)\n"
                    "         --logits FILE: only write the logits after the prompt, as raw floats\n";

struct Options {
  std::vector<std::string> words;
  std::string libraries, logits;
  int threads = 1, prompt = 128, generate = 64, rounds = 3;
};

double seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

/// The most memory that was resident, MiB.
double peakMemory() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("VmHWM:", 0) == 0)
      return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

/// The same made-up tokens in every process.
std::vector<int32_t> someTokens(int64_t count, int64_t vocabulary) {
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  uint64_t state = 1;
  for (int32_t &token : tokens) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    token = int32_t((state >> 33) % uint64_t(vocabulary));
  }
  return tokens;
}

void printList(const char *name, const std::vector<double> &values) {
  std::printf("\"%s\": [", name);
  for (size_t i = 0; i < values.size(); ++i)
    std::printf("%s%.3f", i ? ", " : "", values[i]);
  std::printf("], ");
}

} // namespace

static Options parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word.rfind("--", 0) != 0) {
      options.words.push_back(word);
      continue;
    }
    std::string value = i + 1 < argc ? argv[++i] : "";
    if (word == "--libraries")
      options.libraries = value;
    else if (word == "--logits")
      options.logits = value;
    else if (word == "--threads")
      options.threads = std::max(1, std::atoi(value.c_str()));
    else if (word == "--prompt")
      options.prompt = std::max(1, std::atoi(value.c_str()));
    else if (word == "--generate")
      options.generate = std::max(1, std::atoi(value.c_str()));
    else if (word == "--rounds")
      options.rounds = std::max(1, std::atoi(value.c_str()));
    else
      stop("unknown option '" + word + "'\n" + kHelp);
  }
  return options;
}

static void writeLogits(ModelSide &side, const Options &options) {
  std::vector<int32_t> tokens = someTokens(options.prompt, side.vocabulary());
  side.prefill(tokens.data(), options.prompt);
  std::ofstream file(options.logits, std::ios::binary);
  file.write(reinterpret_cast<const char *>(side.logits()), side.vocabulary() * int64_t(sizeof(float)));
  if (!file.flush())
    stop("cannot write '" + options.logits + "'");
}

static void measure(const Options &options) {
  bool ours = options.words[0] == "halftone";
  if (!ours)
    loadLibraries(options.libraries);
  OtherPrograms watch;
  const int32_t first = 1;
  double start = seconds();
  std::unique_ptr<ModelSide> side =
      ours ? openOurs(options.words[1], options.threads) : openLlamaCpp(options.words[1], options.threads);
  side->prefill(&first, 1);
  double firstToken = seconds() - start;
  if (!options.logits.empty()) {
    side->clear();
    return writeLogits(*side, options);
  }
  std::vector<int32_t> tokens = someTokens(options.prompt + options.generate, side->vocabulary());
  std::vector<double> prefill, decode;
  for (int round = -1; round < options.rounds; ++round) { // the first warms up
    side->clear();
    double begin = seconds();
    side->prefill(tokens.data(), options.prompt);
    double middle = seconds();
    for (int i = 0; i < options.generate; ++i)
      side->decode(tokens[size_t(options.prompt + i)]);
    double end = seconds();
    if (round >= 0) {
      prefill.push_back(options.prompt / (middle - begin));
      decode.push_back(options.generate / (end - middle));
    }
  }
  struct stat file{};
  stat(options.words[1].c_str(), &file);
  std::printf("{\"first_token_ms\": %.3f, ", 1e3 * firstToken);
  printList("prefill_tokens_per_second", prefill);
  printList("decode_tokens_per_second", decode);
  std::printf("\"peak_mib\": %.1f, \"file_bytes\": %lld, \"others\": %.3f, \"version\": \"%s\"}\n", peakMemory(),
              (long long)file.st_size, watch.cores(), ours ? "" : libraryVersion().c_str());
}

int main(int argc, char **argv) {
  Options options = parse(argc, argv);
  const std::vector<std::string> &words = options.words;
  if (words.size() == 4 && words[0] == "quantize") {
    loadLibraries(options.libraries);
    quantizeGguf(words[1], words[2], words[3]);
  } else if (words.size() == 2 && (words[0] == "halftone" || words[0] == "llama.cpp")) {
    measure(options);
  } else {
    std::fputs(kHelp, stderr);
    return 1;
  }
  return 0;
}
