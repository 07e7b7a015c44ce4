//===- Parallel.h - A loop over threads -------------------------*- C++ -*-===//
#ifndef HALFTONE_SUPPORT_PARALLEL_H
#define HALFTONE_SUPPORT_PARALLEL_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include <cstdint>

namespace halftone {

/// Calls `body(begin, end)` on disjoint ranges that cover 0..count, on up to
/// `threads` threads (0: all cores). Ranges have at least `grain` items, but for
/// the last. Which thread gets which range is not fixed: a body whose results
/// depend only on its items makes the whole deterministic.
void parallelFor(int64_t count, unsigned threads, int64_t grain,
                 llvm::function_ref<void(int64_t begin, int64_t end)> body);

} // namespace halftone

#endif // HALFTONE_SUPPORT_PARALLEL_H
