//===- ActivationPolicy.h - Kinds of activations by name --------*- C++ -*-===//
#ifndef HALFTONE_QUANTIZE_ACTIVATIONPOLICY_H
#define HALFTONE_QUANTIZE_ACTIVATIONPOLICY_H

#include "halftone/Quantize/ActivationKind.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Regex.h"
#include <memory>
#include <optional>
#include <vector>

namespace halftone {

/// Rules regex=kind about the names of activations.
class ActivationPolicy {
public:
  /// Parses the rules; an error begins with `what`, which names the option, and quotes the rule.
  static llvm::Expected<ActivationPolicy> parse(llvm::ArrayRef<std::string> rules, llvm::StringRef what);
  /// The kind that the last rule gives whose regex is found in the name.
  std::optional<ActivationKind> find(llvm::StringRef activation);
  /// True if a rule needs ranges from calibration.
  bool needsRanges() const;
  /// The rules that `find` never used.
  std::vector<std::string> unused() const;

private:
  struct Rule {
    std::string text;
    std::shared_ptr<llvm::Regex> regex;
    ActivationKind kind;
    bool used = false;
  };
  std::vector<Rule> rules;
};

} // namespace halftone

#endif // HALFTONE_QUANTIZE_ACTIVATIONPOLICY_H
