//===- LaunchEffects.h - What launches read and write -----------*- C++ -*-===//
#ifndef HALFTONE_LIB_CONVERSION_TOKERNELS_LAUNCHEFFECTS_H
#define HALFTONE_LIB_CONVERSION_TOKERNELS_LAUNCHEFFECTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace halftone {

/// Which buffers operations touch. Buffers are told apart by the value they come from, through views: allocations and
/// globals overlap with nothing else, arguments of functions with other arguments, anything else with everything.
class LaunchEffects {
public:
  explicit LaunchEffects(mlir::ModuleOp module) : module(module) {}

  /// Whether one writes what the other reads or writes, so that their order matters.
  bool conflict(mlir::Operation *a, mlir::Operation *b);
  /// To be called before an operation is erased.
  void forget(mlir::Operation *op) { cache.erase(op); }

private:
  struct Touched {
    llvm::SmallDenseSet<mlir::Value> read, written; ///< everything written is in `read`, too
  };
  const Touched &touchedBy(mlir::Operation *op);
  /// The arguments of a kernel that it, or what it calls, may write.
  llvm::BitVector writtenArguments(mlir::func::FuncOp kernel);

  mlir::ModuleOp module;
  llvm::DenseMap<mlir::Operation *, llvm::BitVector> kernels;
  llvm::DenseMap<mlir::Operation *, Touched> cache;
};

} // namespace halftone

#endif // HALFTONE_LIB_CONVERSION_TOKERNELS_LAUNCHEFFECTS_H
