//===- Ours.h - This compiler's products as contenders ----------*- C++ -*-===//
#ifndef HALFTONE_BENCH_PEERS_OURS_H
#define HALFTONE_BENCH_PEERS_OURS_H

#include "Contender.h"

namespace halftone::bench {

/// A product in a format by a strategy ("dot", "lut", "dequant"), compiled for this machine.
std::unique_ptr<Contender> ourProduct(const std::string &format, const std::string &strategy, const Problem &problem);

/// Reads copies of `bytes` as fast as the memory gives them: the limit of every product with one column.
std::unique_ptr<Contender> plainRead(int64_t bytes, const Problem &problem);

} // namespace halftone::bench

#endif // HALFTONE_BENCH_PEERS_OURS_H
