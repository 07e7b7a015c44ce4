//===- Pipelines.h - The stages of the compiler -----------------*- C++ -*-===//
//
// Each stage is a pipeline of its own that quant-opt can run by name:
//   halftone-to-lowbit   [0] float IR    -> [1] low-bit IR
//   halftone-to-planned  [1] low-bit IR  -> [2] planned IR
//   halftone-to-loops    [2] planned IR  -> [3] loop IR
//   halftone-to-llvm     [3] loop IR     -> [4] LLVM dialect
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_PIPELINES_PIPELINES_H
#define HALFTONE_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassOptions.h"
#include <string>

namespace mlir {
class OpPassManager;
}

namespace halftone {

/// What to do with which weight; see lowbit-quantize-weights.
struct ToLowbitOptions : mlir::PassPipelineOptions<ToLowbitOptions> {
  Option<std::string> format{*this, "format", llvm::cl::desc("format of weights"), llvm::cl::init("bcq3g32")};
  Option<std::string> embeddingFormat{*this, "embedding-format", llvm::cl::desc("format of embedding tables"),
                                      llvm::cl::init("float")};
  Option<std::string> headFormat{*this, "head-format", llvm::cl::desc("format of the output head, or auto"),
                                 llvm::cl::init("auto")};
  ListOption<std::string> tensorFormats{*this, "tensor-formats", llvm::cl::desc("regex=format, the last match wins")};
  Option<std::string> weightRange{*this, "weight-range",
                                  llvm::cl::desc("range of uniform weights: minmax, mse, percentile:<P> or hqq"),
                                  llvm::cl::init("minmax")};
  Option<std::string> activations{*this, "activations", llvm::cl::desc("f32, i8, i16, b1 to b8, vsq<b>v<V>s<M>"),
                                  llvm::cl::init("f32")};
  ListOption<std::string> activationPolicy{*this, "activation-policy",
                                           llvm::cl::desc("regex=kind for activations, the last match wins")};
  Option<std::string> strategy{*this, "strategy", llvm::cl::desc("auto, lut, dot, dequant or popcount"),
                               llvm::cl::init("auto")};
};

struct ToPlannedOptions : mlir::PassPipelineOptions<ToPlannedOptions> {
  Option<std::string> cpu{*this, "cpu", llvm::cl::desc("LLVM CPU name"), llvm::cl::init("native")};
  Option<std::string> triple{*this, "triple", llvm::cl::desc("target triple, this machine's if empty"),
                             llvm::cl::init("")};
  ListOption<std::string> sharedWith{*this, "shared-with", llvm::cl::desc("CPUs that read the same packed weights")};
  Option<std::string> tuning{*this, "tuning", llvm::cl::desc("file of measured times"), llvm::cl::init("")};
  Option<std::string> ternaryPacking{*this, "ternary-packing", llvm::cl::desc("auto, bits or trits"),
                                     llvm::cl::init("auto")};
  Option<unsigned> lutTables{*this, "lut-tables", llvm::cl::desc("bits of the entries of look-up tables, 16 or 8"),
                             llvm::cl::init(16)};
  Option<int64_t> redzone{*this, "redzone", llvm::cl::desc("bytes between weights that nothing may touch"),
                          llvm::cl::init(0)};
};

struct ToLoopsOptions : mlir::PassPipelineOptions<ToLoopsOptions> {
  Option<int64_t> chunk{*this, "chunk", llvm::cl::desc("most tokens in one call of a model's functions"),
                        llvm::cl::init(64)};
  Option<bool> separateBuffers{*this, "separate-buffers",
                               llvm::cl::desc("allocate every buffer by itself, for sanitizers"),
                               llvm::cl::init(false)};
};

struct ToLLVMOptions : mlir::PassPipelineOptions<ToLLVMOptions> {
  Option<std::string> cpu{*this, "cpu", llvm::cl::desc("LLVM CPU name"), llvm::cl::init("native")};
  Option<std::string> triple{*this, "triple", llvm::cl::desc("target triple, this machine's if empty"),
                             llvm::cl::init("")};
};

void buildToLowbitPipeline(mlir::OpPassManager &pm, const ToLowbitOptions &options);
void buildToPlannedPipeline(mlir::OpPassManager &pm, const ToPlannedOptions &options);
void buildToLoopsPipeline(mlir::OpPassManager &pm, const ToLoopsOptions &options);
void buildToLLVMPipeline(mlir::OpPassManager &pm, const ToLLVMOptions &options);

/// Registers all of Halftone's pipelines and the passes of Transforms and Conversion. Once per process.
void registerPipelines();

} // namespace halftone

#endif // HALFTONE_PIPELINES_PIPELINES_H
