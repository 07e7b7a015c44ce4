//===- OnnxRuntime.h - Products of ONNX Runtime -----------------*- C++ -*-===//
#ifndef HALFTONE_BENCH_PEERS_ONNXRUNTIME_H
#define HALFTONE_BENCH_PEERS_ONNXRUNTIME_H

#include "Contender.h"

namespace halftone::bench {

struct OnnxApi;

/// ONNX Runtime's shared library.
class OnnxLibrary {
public:
  ~OnnxLibrary();
  /// Null, with a reason, if the file is no such library.
  static std::unique_ptr<OnnxLibrary> load(const std::string &path, std::string &error);
  std::string version() const;
  /// MatMulNBits of 2, 4 or 8 bits, blocks of 64, accuracy level 4 (8-bit activations). Null if it cannot be had.
  std::unique_ptr<Contender> product(int bits, const Problem &problem) const;

private:
  OnnxLibrary();
  std::unique_ptr<OnnxApi> api;
};

} // namespace halftone::bench

#endif // HALFTONE_BENCH_PEERS_ONNXRUNTIME_H
