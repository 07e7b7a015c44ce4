//===- ModelSides.h - A whole model behind one interface --------*- C++ -*-===//
#ifndef HALFTONE_BENCH_PEERS_MODELSIDES_H
#define HALFTONE_BENCH_PEERS_MODELSIDES_H

#include <cstdint>
#include <memory>
#include <string>

namespace halftone::bench {

/// Prints the message and ends the program with code 1.
[[noreturn]] void stop(const std::string &message);

/// An opened model with one sequence. All calls end the program on failure.
class ModelSide {
public:
  virtual ~ModelSide() = default;
  virtual int64_t vocabulary() const = 0;
  /// Forgets all tokens.
  virtual void clear() = 0;
  /// Appends tokens and computes the logits after the last of them.
  virtual void prefill(const int32_t *tokens, int64_t count) = 0;
  virtual void decode(int32_t token) = 0;
  /// [vocabulary], after the last token.
  virtual const float *logits() = 0;
};

std::unique_ptr<ModelSide> openOurs(const std::string &path, int threads);

/// llama.cpp's shared libraries in a folder; before anything else of it.
void loadLibraries(const std::string &folder);
std::string libraryVersion();
std::unique_ptr<ModelSide> openLlamaCpp(const std::string &path, int threads);
/// Writes a GGUF file with another type of weights, by the library's own choice of types for single tensors.
void quantizeGguf(const std::string &from, const std::string &to, const std::string &type);

} // namespace halftone::bench

#endif // HALFTONE_BENCH_PEERS_MODELSIDES_H
