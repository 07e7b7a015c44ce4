//===- ObservedProgram.h - A float model that shows its values --*- C++ -*-===//
//
// For calibration: a model compiled in floats for this machine, with observers at
// the products that will be quantized, run from here. It is compiled as every
// other model is, into a shared object that is loaded, so it computes what the
// compiled model computes, at its speed. Its weights can be replaced, one tensor after the other, by
// what they will be once quantized.
//
// Memory: the shared object is a temporary file, removed as soon as it is mapped;
// its weights (4 bytes each) are pages of that file, which the system can drop
// and read again. Tensors that setWeight() replaced are private copies. Besides
// that, KV cache and scratch memory of one sequence. While it is compiled, the
// temporary folder holds the weights up to three times.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_CALIBRATE_OBSERVEDPROGRAM_H
#define HALFTONE_CALIBRATE_OBSERVEDPROGRAM_H

#include "halftone/Driver/Compile.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <memory>

struct halftone_program;

namespace halftone {

/// Rows (tokens) x cols floats that the running program holds at a site.
struct Observation {
  const ObservedSite &site;
  size_t number;              ///< of the site
  llvm::ArrayRef<float> data; ///< row-major, only valid during the call
  int64_t rows, cols;
  int64_t position; ///< of the first row in the sequence
};

struct ObserveOptions {
  ObservedValues values;
  unsigned threads = 0;  ///< 0: all cores
  int64_t chunk = 64;    ///< most tokens in one call of the program, hence most rows of an observation
  int64_t context = 0;   ///< most tokens of a sequence; 0, or more than the model was made for: as the model says
  bool progress = false; ///< progress of the compilation on standard error
};

/// The part of a program that a run computes.
struct RunRange {
  /// Begin at the residual stream that this product's output is added to (needs ObservedValues::residuals), with
  /// `startValues` [tokens][cols] in its place. Nothing before it is computed or observed. Empty: at the tokens.
  std::string start;
  llvm::ArrayRef<float> startValues;
  /// End once `stopValue` of this product was observed. Empty: at the logits.
  std::string stop;
  ObservedValue stopValue = ObservedValue::Input;
};

class ObservedProgram {
public:
  using Observer = llvm::function_ref<void(const Observation &)>;
  using Logits = llvm::function_ref<void(llvm::ArrayRef<float> logits, int64_t rows, int64_t position)>;

  /// A product with a weight that is observed.
  struct Product {
    std::string weight; ///< tensor name
    int64_t rows, cols;
    bool hasResidual; ///< its output is added to another value, which is observed
  };

  /// Compiles a model as quant-compile would, `model` being its input (format, activations, output and targets are not
  /// heeded), in float for this machine, and loads it. Errors: those of compile(); a module that is no model.
  static llvm::Expected<std::unique_ptr<ObservedProgram>> compile(const CompileOptions &model,
                                                                  const ObserveOptions &options);
  /// The same for a model folder or .mlir file.
  static llvm::Expected<std::unique_ptr<ObservedProgram>> compile(llvm::StringRef input, const ObserveOptions &options);
  ~ObservedProgram();

  /// The sites, by number.
  llvm::ArrayRef<ObservedSite> sites() const;
  /// Products whose input is observed, in the order of execution.
  llvm::ArrayRef<Product> products() const;
  int64_t vocabulary() const;
  int64_t context() const; ///< most tokens of a sequence
  int32_t bos() const;     ///< -1: none
  int32_t eos() const;     ///< -1: none
  /// For functions of the runtime.
  const halftone_program *program() const;

  /// Runs one sequence from position 0. The observer is called on the calling thread, in the order of execution: all
  /// sites for the first chunk of tokens, then all for the next. A site that several products share is observed
  /// once. With `logits` it is given those after every token; without, the head is computed only as far as its sites
  /// are observed. Results do not depend on the number of threads.
  llvm::Error run(llvm::ArrayRef<int32_t> tokens, Observer observer, Logits logits = nullptr,
                  const RunRange &range = {});

  /// Appends a token to the sequence (to an empty one if `restart`) and returns the logits after it, valid until the
  /// next call. Nothing is observed.
  llvm::Expected<llvm::ArrayRef<float>> step(int32_t token, bool restart);

  /// The values of a weight in this process, row-major. Errors: no such tensor among the floats of the program.
  llvm::Expected<std::vector<float>> weight(llvm::StringRef name) const;
  /// Replaces a weight, matrix or norm gain, in this process. Errors: no such tensor, another number of values, a
  /// tensor that the program holds in several forms.
  llvm::Error setWeight(llvm::StringRef name, llvm::ArrayRef<float> values);

private:
  struct Impl;
  explicit ObservedProgram(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace halftone

#endif // HALFTONE_CALIBRATE_OBSERVEDPROGRAM_H
