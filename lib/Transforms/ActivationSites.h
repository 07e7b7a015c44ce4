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

#include "halftone/Quantize/ActivationKind.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Regex.h"
#include <memory>
#include <optional>
#include <vector>

namespace halftone {

/// Ranges of activations per dimension: {"in:up" = {min = array<f32: ...>, max = array<f32: ...>}, ...}.
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

/// Rules regex=kind about sites.
class ActivationPolicy {
public:
  /// Parses the rules; errors are about the module.
  static mlir::FailureOr<ActivationPolicy> parse(mlir::ModuleOp module, llvm::ArrayRef<std::string> rules);
  /// The kind that the last rule gives whose regex is found in the name.
  std::optional<ActivationKind> find(llvm::StringRef site);
  /// Warns about each rule that `find` never used.
  void warnUnused(mlir::ModuleOp module) const;

private:
  struct Rule {
    std::string text;
    std::shared_ptr<llvm::Regex> regex;
    ActivationKind kind;
    bool used = false;
  };
  std::vector<Rule> rules;
};

/// The range of a site per dimension, out of the module's attribute; none if it is not there.
struct SiteRange {
  llvm::ArrayRef<float> mins, maxs;
};
std::optional<SiteRange> findRange(mlir::ModuleOp module, llvm::StringRef site);

} // namespace halftone

#endif // HALFTONE_LIB_TRANSFORMS_ACTIVATIONSITES_H
