//===- Ggml.h - Products of llama.cpp's CPU library -------------*- C++ -*-===//
#ifndef HALFTONE_BENCH_PEERS_GGML_H
#define HALFTONE_BENCH_PEERS_GGML_H

#include "Contender.h"

namespace halftone::bench {

struct GgmlApi;

/// llama.cpp's shared libraries in a folder, the CPU library that rates itself highest on this machine among them.
class GgmlLibrary {
public:
  ~GgmlLibrary();
  /// Null, with a reason, if the folder does not hold them or they lack an entry point.
  static std::unique_ptr<GgmlLibrary> load(const std::string &folder, std::string &error);
  /// Version, commit and CPU library.
  std::string description() const;
  /// One product with weights of ggml's type of that name. `repacked`: in the CPU library's interleaved layout.
  /// Null if the library has no such type, or no interleaved layout of it on this machine.
  std::unique_ptr<Contender> product(const std::string &type, bool repacked, const Problem &problem) const;

private:
  GgmlLibrary();
  std::unique_ptr<GgmlApi> api;
};

} // namespace halftone::bench

#endif // HALFTONE_BENCH_PEERS_GGML_H
