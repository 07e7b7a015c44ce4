//===- Options.h - The command line of a model -----------------*- C++ -*-===//
#ifndef HALFTONE_RUNTIME_DRIVER_OPTIONS_H
#define HALFTONE_RUNTIME_DRIVER_OPTIONS_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace halftone::driver {

enum class Task { None, Generate, Perplexity, Bench, Info, Help, Version };

struct Options {
  Task task = Task::None;
  std::string model; // path; empty for a linked model
  bool json = false, quiet = false;
  bool hugePages = false;             // weights in huge pages
  std::vector<int64_t> threads = {0}; // several only under --bench

  // Generate
  std::optional<std::string> prompt, promptFile;
  std::optional<std::vector<int32_t>> tokens;
  int64_t predict = -1; // -1: until the end token, or until the context is full
  bool ignoreEnd = false, displayPrompt = true;
  float temperature = 0, topP = 0.95f, minP = 0.05f;
  int32_t topK = 40;
  uint64_t seed = 0;
  std::string dumpLogits;

  // Perplexity
  std::string text;
  std::string reference; // path of the model to compare with; empty: none

  // Bench
  std::vector<int64_t> benchPrompt, benchGenerate; // empty: 512 and 128, or the context if it is smaller
  int64_t repetitions = 5;
  bool profile = false; // the time of every kernel, too
};

/// Parses the arguments after the program's name. With `linked` there is no model argument. Throws Failure.
Options parseOptions(const std::vector<std::string> &arguments, bool linked);

/// Text of --help.
std::string helpText(const std::string &program, bool linked);

} // namespace halftone::driver

#endif // HALFTONE_RUNTIME_DRIVER_OPTIONS_H
