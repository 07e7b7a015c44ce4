//===- ActivationPolicy.cpp - Kinds of activations by name ----------------===//

#include "halftone/Quantize/ActivationPolicy.h"
#include "llvm/ADT/STLExtras.h"

using namespace halftone;
using llvm::StringRef;

llvm::Expected<ActivationPolicy> ActivationPolicy::parse(llvm::ArrayRef<std::string> rules, StringRef what) {
  ActivationPolicy policy;
  for (const std::string &text : rules) {
    auto [regex, name] = StringRef(text).rsplit('=');
    if (!StringRef(text).contains('='))
      return llvm::createStringError(what + " '" + text + "' is not of the form regex=kind");
    Rule rule{text, std::make_shared<llvm::Regex>(regex), {}};
    std::string problem;
    if (!rule.regex->isValid(problem))
      return llvm::createStringError(what + " '" + text + "': invalid regular expression: " + problem);
    llvm::Expected<ActivationKind> kind = parseActivationKind(name);
    if (!kind)
      return llvm::createStringError(what + " '" + text + "': " + llvm::toString(kind.takeError()));
    rule.kind = *kind;
    policy.rules.push_back(std::move(rule));
  }
  return policy;
}

std::optional<ActivationKind> ActivationPolicy::find(StringRef activation) {
  std::optional<ActivationKind> kind;
  for (Rule &rule : rules)
    if (rule.regex->match(activation)) {
      rule.used = true;
      kind = rule.kind;
    }
  return kind;
}

bool ActivationPolicy::needsRanges() const {
  return llvm::any_of(rules, [](const Rule &rule) { return rule.kind.kind == ActivationKind::Static; });
}

std::vector<std::string> ActivationPolicy::unused() const {
  std::vector<std::string> texts;
  for (const Rule &rule : rules)
    if (!rule.used)
      texts.push_back(rule.text);
  return texts;
}
