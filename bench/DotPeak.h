//===- DotPeak.h - The machine's peak of byte dot products ------*- C++ -*-===//
#ifndef HALFTONE_BENCH_DOTPEAK_H
#define HALFTONE_BENCH_DOTPEAK_H

#include "halftone/abi.h"
#include <cstdint>
#include <string>
#include <vector>

namespace halftone::bench {

/// The most products of bytes that a target's instructions add up per second: a loop of nothing else, compiled by the
/// compiler itself, on one operand in registers and one in the first-level cache. With a dot product of bytes that is
/// `simd.dot4`; without one `simd.dot2`, whose sums have 16 bits, does more, and is what counts.
class DotPeak {
public:
  /// For LLVM's name of a CPU. Exits with a message if the loops cannot be compiled or loaded.
  explicit DotPeak(const std::string &cpu);
  ~DotPeak();
  DotPeak(const DotPeak &) = delete;

  /// Operations per second of `threads` threads at once by the fastest loop: the best of several runs, so that other
  /// programs and threads that start on one core count less.
  double measure(int threads) const;

private:
  using Function = int32_t (*)(const halftone_exec *, const int8_t *, int32_t *);
  std::string folder;
  void *library = nullptr;
  std::vector<Function> loops;
};

} // namespace halftone::bench

#endif // HALFTONE_BENCH_DOTPEAK_H
