//===- ActivationSites.h - Activations by name ------------------*- C++ -*-===//
//
// Activations have no names of their own; they go by the weights beside them:
//
//   in:W    what weight W is multiplied with
//   out:W   the product, with its bias if it has one
//   sum:W   the residual stream after the product was added to it
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_LIB_TRANSFORMS_ACTIVATIONSITES_H
#define HALFTONE_LIB_TRANSFORMS_ACTIVATIONSITES_H

#include "halftone/Quantize/ActivationPolicy.h"
#include "mlir/IR/BuiltinOps.h"
#include <vector>

namespace halftone {

/// Ranges of activations per dimension: {"in:up" = {min = array<f32: ...>, max = array<f32: ...>}, ...}; beside them
/// `chosen = array<f32: low, high>` where one scale of the whole tensor is to be made for another range than all
/// values.
constexpr llvm::StringLiteral activationRangesAttrName = "lowbit.activation_ranges";

struct ActivationSite {
  std::string name;
  mlir::Value value;
  mlir::OpOperand *use = nullptr; ///< in: the product's operand. Else all uses of the value are meant.
};

/// The name of the input of the product with weight `weight`.
inline std::string inputSite(llvm::StringRef weight) { return ("in:" + weight).str(); }

/// All sites of the module's products with constant weights, in order. Functions with equal weights have equal names.
std::vector<ActivationSite> findActivationSites(mlir::ModuleOp module);

/// Parses the rules of a pass option; errors are about the module.
mlir::FailureOr<ActivationPolicy> parseActivationPolicy(mlir::ModuleOp module, llvm::ArrayRef<std::string> rules);
/// Warns about each rule that found no activation.
void warnUnused(const ActivationPolicy &policy, mlir::ModuleOp module);

/// The range of a site per dimension, out of the module's attribute; none if it is not there.
struct SiteRange {
  llvm::ArrayRef<float> mins, maxs;
  llvm::ArrayRef<float> chosen; ///< lower and upper end for one scale of the whole tensor; empty: those of all values
};
std::optional<SiteRange> findRange(mlir::ModuleOp module, llvm::StringRef site);

} // namespace halftone

#endif // HALFTONE_LIB_TRANSFORMS_ACTIVATIONSITES_H
