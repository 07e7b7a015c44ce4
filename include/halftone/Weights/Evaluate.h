//===- Evaluate.h - From weight chains to bytes -----------------*- C++ -*-===//
//
// A planned module names its weights as chains of operations in lowbit.globals.
// Here they are computed, one after the other, and streamed out: at no time is
// more than one tensor in memory.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_WEIGHTS_EVALUATE_H
#define HALFTONE_WEIGHTS_EVALUATE_H

#include "halftone/Quantize/Format.h"
#include "halftone/Support/SafeTensors.h"
#include "mlir/IR/BuiltinOps.h"
#include <functional>

namespace halftone {

/// What became of one weight.
struct WeightRecord {
  std::string name;           ///< of the tensor in the checkpoint
  std::vector<int64_t> shape; ///< of the float tensor
  Format format;              ///< Float for what is not quantized
  bool computed = false;      ///< a table that follows from the model's shape, not one of its weights
  std::string strategy;       ///< "dot", "lut", "dequant", "gather", "gather+dequant", "data"
  double bitsPerWeight = 32;  ///< exact, with all scales
  int64_t bytes = 0;          ///< in the object, padding included
  double relativeSquaredError = 0;
};

struct EvaluateOptions {
  unsigned threads = 0; ///< 0: all cores
  /// Called after each weight: (done, total, record).
  std::function<void(size_t, size_t, const WeightRecord &)> progress;
};

/// Evaluates the lowbit.globals of a planned module in order and writes each at its place to `os` (64-byte aligned
/// from the start of the stream, as lowbit-place-weights says). `store` may be null if the module has no externals.
/// Errors name the tensor.
llvm::Expected<std::vector<WeightRecord>> evaluateWeights(mlir::ModuleOp module, const TensorStore *store,
                                                          llvm::raw_ostream &os, const EvaluateOptions &options);

} // namespace halftone

#endif // HALFTONE_WEIGHTS_EVALUATE_H
