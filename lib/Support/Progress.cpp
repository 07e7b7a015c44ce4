//===- Progress.cpp - Signs of life during long work ----------------------===//

#include "halftone/Support/Progress.h"
#include "llvm/Support/FormatVariadic.h"

void halftone::Progress::update(size_t done, size_t total, llvm::StringRef item) {
  if (terminal) {
    constexpr llvm::StringLiteral eraseLine = "\r\x1b[K";
    os << eraseLine;
    if (done < total)
      os << llvm::formatv("[{0}/{1}] {2}", done, total, item);
    os.flush();
    return;
  }
  Clock::time_point now = Clock::now();
  if (now - last < interval)
    return;
  last = now;
  os << llvm::formatv("[{0}/{1}] {2}\n", done, total, item);
  os.flush();
}
