//===- Bandwidth.h - The machine's read bandwidth ---------------*- C++ -*-===//
#ifndef HALFTONE_BENCH_BANDWIDTH_H
#define HALFTONE_BENCH_BANDWIDTH_H

#include <cstddef>
#include <cstdint>

namespace halftone::bench {

/// Reads all bytes (a multiple of 256) once with wide loads and returns a checksum: the work of a kernel that does
/// nothing but read its weights.
uint64_t streamRead(const uint8_t *data, size_t bytes);

} // namespace halftone::bench

#endif // HALFTONE_BENCH_BANDWIDTH_H
