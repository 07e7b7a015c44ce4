//===- Evaluate.h - From weight chains to bytes -----------------*- C++ -*-===//
//
// A planned module names its weights as chains of operations in lowbit.globals.
// Here they are computed, one after the other, and streamed out: at no time is
// more than one tensor in memory.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_WEIGHTS_EVALUATE_H
#define HALFTONE_WEIGHTS_EVALUATE_H

#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Quantize/Quantize.h"
#include "halftone/Support/SafeTensors.h"
#include "mlir/IR/BuiltinOps.h"
#include <functional>
#include <optional>

namespace halftone {

/// What became of one weight.
struct WeightRecord {
  std::string name;           ///< of the tensor in the checkpoint
  std::vector<int64_t> shape; ///< of the float tensor
  Format format;              ///< Float for what is not quantized
  bool computed = false;      ///< a table that follows from the model's shape, not one of its weights
  std::string strategy;       ///< "dot", "lut", "lut8", "popcount", "dequant", "gather", "gather+dequant", "data"
  double bitsPerWeight = 32;  ///< exact, with all scales
  int64_t bytes = 0;          ///< in the object, padding included
  double relativeSquaredError = 0;
  /// Relative squared error of the product's outputs on calibration text, with plain quantization and as stored;
  /// negative where nothing was calibrated.
  double plainOutputError = -1, outputError = -1;
  /// Relative squared error of outputs by tables of one byte per entry, see byteTableError; negative: no such tables.
  double tableError = -1;
};

/// Values that take the place of what the module's chains compute, by the name of the tensor at a chain's root.
struct WeightReplacements {
  /// The result of lowbit.quantize of that tensor to that format, if it is known; else it is computed.
  std::function<std::optional<QuantizedMatrix>(llvm::StringRef tensor, const Format &format)> quantized;
  /// A float weight, or null; of the shape that the chain has before it is packed.
  std::function<const std::vector<float> *(llvm::StringRef tensor)> floats;
};

struct EvaluateOptions {
  unsigned threads = 0; ///< 0: all cores
  WeightReplacements replacements;
  /// Called after each weight: (done, total, record).
  std::function<void(size_t, size_t, const WeightRecord &)> progress;
};

/// Evaluates the lowbit.globals of a planned module in order and writes each at its place to `os` (64-byte aligned
/// from the start of the stream, as lowbit-place-weights says). `store` may be null if the module has no externals.
/// Errors name the tensor.
llvm::Expected<std::vector<WeightRecord>> evaluateWeights(mlir::ModuleOp module, const TensorStore *store,
                                                          llvm::raw_ostream &os, const EvaluateOptions &options);

/// The bytes of one global, as evaluateWeights() writes them.
llvm::Expected<std::vector<uint8_t>> evaluateWeight(lowbit::GlobalOp global, const TensorStore *store,
                                                    const EvaluateOptions &options);

/// The floats that a global's chain has before it is packed or quantized, row-major.
llvm::Expected<std::vector<float>> evaluateFloats(lowbit::GlobalOp global, const TensorStore *store);

/// The name of the tensor at the root of a global's chain, or of the constant; as in WeightRecord.
std::string weightNameOf(lowbit::GlobalOp global);

} // namespace halftone

#endif // HALFTONE_WEIGHTS_EVALUATE_H
