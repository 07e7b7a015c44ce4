//===- Describe.h - What artefacts say about a module -----------*- C++ -*-===//
#ifndef HALFTONE_LIB_DRIVER_DESCRIBE_H
#define HALFTONE_LIB_DRIVER_DESCRIBE_H

#include "halftone/Plan/CostModel.h"
#include "halftone/Quantize/Format.h"
#include "halftone/Target/Artifact.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace halftone {

/// The description of a model out of a module's `halftone.model`, before its functions are lowered (cache sizes come
/// from their types). None for other modules. Errors name the missing attribute.
llvm::Expected<std::optional<ModelDescription>> describeModel(mlir::ModuleOp module);

/// The C functions of a module that is no model: one for each public function, with parameters in the order of its
/// arguments and results.
std::vector<CFunction> describeFunctions(mlir::ModuleOp module);

/// The tensors that a planned module quantizes for products alone, with their formats; `floatModule` is what it was
/// made from.
llvm::StringMap<Format> compensatedFormats(mlir::ModuleOp floatModule, mlir::ModuleOp planned);

/// The tensors that belong to one product each and are quantized in a module at stage lowbit, in order.
std::vector<std::string> correctedWeights(mlir::ModuleOp floatModule, mlir::ModuleOp lowbit);

/// The largest scratch area of the module's functions, after halftone-plan-memory.
int64_t scratchBytes(mlir::ModuleOp module);

/// The precisions of activations that products of a planned module or one of loops work on: "i8", "b1", several
/// joined by "+", or "f32" if no activations are quantized.
std::string describeActivations(mlir::ModuleOp module);

/// The stage that a module is in, by what it holds.
enum class Stage { Float, Lowbit, Planned, Loops, LLVM };
Stage stageOf(mlir::ModuleOp module);
/// The stage of a name of --compile-to; none for other names.
std::optional<Stage> stageByName(llvm::StringRef name);
/// The inverse.
std::string stageName(Stage stage);

/// The products with integer activations of a module at stage lowbit whose strategy is open, each kind once.
/// `tableBits`: of the entries of tables for look-ups.
std::vector<ProductShape> openProducts(mlir::ModuleOp module, unsigned tableBits);

} // namespace halftone

#endif // HALFTONE_LIB_DRIVER_DESCRIBE_H
