//===- OtherPrograms.h - How quiet the machine is ---------------*- C++ -*-===//
#ifndef HALFTONE_BENCH_PEERS_OTHERPROGRAMS_H
#define HALFTONE_BENCH_PEERS_OTHERPROGRAMS_H

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <unistd.h>

namespace halftone::bench {

/// Watches what other programs take from this one while it exists.
class OtherPrograms {
public:
  OtherPrograms() : start(now()) {}
  /// Cores that other programs kept busy since construction, on average.
  double cores() const {
    Moment end = now();
    double wall = std::max(end.wall - start.wall, 1e-3);
    return std::max(0.0, (end.busy - start.busy) - (end.own - start.own)) / wall;
  }

private:
  struct Moment {
    double wall, busy, own; ///< seconds: elapsed, busy over all cores, this process
  };
  static double seconds(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
  }
  static Moment now() {
    // user, nice, system, idle, iowait, irq, softirq, steal: in ticks since boot.
    double ticks[8] = {};
    if (std::FILE *file = std::fopen("/proc/stat", "r")) {
      if (std::fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &ticks[0], &ticks[1], &ticks[2], &ticks[3],
                      &ticks[4], &ticks[5], &ticks[6], &ticks[7]) != 8)
        ticks[0] = 0;
      std::fclose(file);
    }
    double busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
    return {seconds(CLOCK_MONOTONIC), busy / double(sysconf(_SC_CLK_TCK)), seconds(CLOCK_PROCESS_CPUTIME_ID)};
  }
  Moment start;
};

} // namespace halftone::bench

#endif // HALFTONE_BENCH_PEERS_OTHERPROGRAMS_H
