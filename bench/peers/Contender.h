//===- Contender.h - One way to compute a product ---------------*- C++ -*-===//
#ifndef HALFTONE_BENCH_PEERS_CONTENDER_H
#define HALFTONE_BENCH_PEERS_CONTENDER_H

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace halftone::bench {

/// The product y = x w^T, w of rows x cols, x of tokens x cols.
struct Problem {
  int64_t rows, cols, tokens;
  /// Weight bytes that one pass reads, at least: beyond the caches for one token, two copies otherwise.
  int64_t coldBytes() const { return tokens == 1 ? int64_t(320) << 20 : 1; }
  /// Copies of `bytes` that one pass goes through, a multiple of what one sample takes.
  int64_t copies(int64_t bytes) const { return ((coldBytes() + bytes - 1) / bytes / perSample() + 1) * perSample(); }
  /// Products that are timed together.
  int64_t perSample() const { return tokens == 1 ? 4 : 1; }
};

/// Microseconds on a clock that suits the number of threads: processor time of the calling thread for one, so that
/// other programs count less, elapsed time for several.
inline double clockMicroseconds(int threads) {
  timespec now{};
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return 1e6 * double(now.tv_sec) + 1e-3 * double(now.tv_nsec);
}

/// A side of a comparison, with its own copies of the weights.
class Contender {
public:
  virtual ~Contender() = default;
  /// For the tables, e.g. "ternaryg128/dot" or "llama.cpp TQ2_0".
  virtual std::string name() const = 0;
  /// Bytes of one copy of the weights; 0 where unknown.
  virtual int64_t bytes() const = 0;
  /// Called when the side's turn begins and ends: threads start and stop here.
  virtual void begin(int threads) = 0;
  virtual void end() {}
  /// Goes through all copies once; appends the time of one product in microseconds, as often as it was measured.
  virtual void pass(std::vector<double> &microseconds) = 0;
};

} // namespace halftone::bench

#endif // HALFTONE_BENCH_PEERS_CONTENDER_H
