//===- Main.cpp - The command line of a model ------------------------------===//
#include "halftone/main.h"

#include "Tasks.h"

#include <csignal>
#include <new>

using namespace halftone::driver;

static void run(const Options &options, const std::string &program, const halftone_model *linked) {
  if (options.task == Task::Help)
    return print(helpText(program, linked != nullptr));
  if (options.task == Task::Version)
    return print(format("%s: Halftone %s, model ABI %u\n", program.c_str(), HALFTONE_VERSION, HALFTONE_ABI_VERSION));
  Session session(options.model, int32_t(options.threads.front()), linked, options.hugePages);
  switch (options.task) {
  case Task::Generate:
    return generate(options, session);
  case Task::Perplexity:
    return perplexity(options, session);
  case Task::Bench:
    return bench(options, session);
  default:
    return info(options, session);
  }
}

int halftone_main(int argc, char **argv, const halftone_model *linked) {
  std::signal(SIGPIPE, SIG_IGN); // a closed pipe is an error of writing, not a signal
  try {
    std::string program = argc > 0 ? argv[0] : "quant-run";
    program = program.substr(program.rfind('/') + 1);
    std::vector<std::string> arguments(argv + (argc > 0), argv + argc);
    run(parseOptions(arguments, linked != nullptr), program, linked);
    return 0;
  } catch (const Failure &failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "error: out of memory\n");
  } catch (const std::exception &exception) {
    std::fprintf(stderr, "error: %s\n", exception.what());
  }
  return 1;
}
