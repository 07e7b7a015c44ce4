//===- ChannelClasses.h - Activations that share their channels -*- C++ -*-===//
//
// The channels of an activation [tokens][d] can be put in another order for free
// where everything that reads or writes them can: elementwise operations and norms
// pass the order on, products and look-ups take it into a dimension of a weight.
// Activations that must have the same order form a class; a residual stream with
// all its sums, norms and branches is one. In a model (halftone.model) the stream
// goes on from the results of the functions made of its body to its head, which get
// their inputs from nowhere else.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_LIB_TRANSFORMS_CHANNELCLASSES_H
#define HALFTONE_LIB_TRANSFORMS_CHANNELCLASSES_H

#include "Product.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include <memory>

namespace halftone {

class ChannelClasses {
public:
  struct Class {
    /// Weights with a dimension in the order of the channels: operand and dimension.
    std::vector<std::pair<mlir::OpOperand *, int64_t>> weights;
    /// An operation that depends on the order of the channels in another way; null: they can be permuted.
    mlir::Operation *blocker = nullptr;
  };

  explicit ChannelClasses(mlir::ModuleOp module);
  /// The class of an activation; null for values that are none.
  Class *find(mlir::Value value);

private:
  void visit(mlir::Operation *op);
  void visitProduct(const Product &product);
  bool visitElementwise(mlir::linalg::LinalgOp op);
  void visitNorm(mlir::Value input, mlir::Value result, llvm::ArrayRef<mlir::OpOperand *> vectors);
  void join(mlir::Value a, mlir::Value b);
  /// An operand of the result's shape: a weight, or an activation of the same class.
  void joinOrTake(mlir::OpOperand &operand, mlir::Value result);
  /// The operand, a weight, has the result's channels as dimension `dim`.
  void take(mlir::OpOperand &operand, int64_t dim, mlir::Value result);
  void block(mlir::Value value, mlir::Operation *op);
  void blockAll(mlir::Operation *op);
  /// The operand of a return that a model's head goes on with; null: its order matters to the caller.
  mlir::Value handedToHead(mlir::Operation *op) const;
  void gather();

  mlir::Value headInput; ///< of a model's head; null if there is none
  llvm::EquivalenceClasses<void *> values;
  std::vector<std::tuple<mlir::OpOperand *, int64_t, mlir::Value>> taken;
  std::vector<std::pair<mlir::Value, mlir::Operation *>> blocked;
  llvm::DenseMap<void *, std::unique_ptr<Class>> classes;
};

} // namespace halftone

#endif // HALFTONE_LIB_TRANSFORMS_CHANNELCLASSES_H
