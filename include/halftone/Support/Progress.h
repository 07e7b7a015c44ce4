//===- Progress.h - Signs of life during long work --------------*- C++ -*-===//
#ifndef HALFTONE_SUPPORT_PROGRESS_H
#define HALFTONE_SUPPORT_PROGRESS_H

#include "llvm/Support/raw_ostream.h"
#include <chrono>

namespace halftone {

/// Tells how far work has come: on a terminal one line that is written over, elsewhere a line of its own from time to
/// time, so that a log of short work stays empty.
class Progress {
public:
  using Clock = std::chrono::steady_clock;

  /// On standard error.
  Progress() : Progress(llvm::errs(), llvm::errs().is_displayed()) {}
  /// `interval`: least time between two lines where `os` is not a terminal, and before the first.
  Progress(llvm::raw_ostream &os, bool terminal, Clock::duration interval = std::chrono::seconds(10))
      : os(os), terminal(terminal), interval(interval), last(Clock::now()) {}

  /// `done` of `total` parts are finished, `item` is the last of them. With done == total the line of a terminal is
  /// cleared.
  void update(size_t done, size_t total, llvm::StringRef item);

private:
  llvm::raw_ostream &os;
  bool terminal;
  Clock::duration interval;
  Clock::time_point last;
};

} // namespace halftone

#endif // HALFTONE_SUPPORT_PROGRESS_H
