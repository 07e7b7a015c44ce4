//===- Targets.cpp - The CPUs of one compilation --------------------------===//

#include "Targets.h"
#include "llvm/ADT/STLExtras.h"

using namespace halftone;
using llvm::StringRef;

llvm::Expected<std::vector<NamedTarget>> halftone::findTargets(StringRef cpus, StringRef triple) {
  llvm::SmallVector<StringRef> names;
  cpus.split(names, ',');
  std::vector<NamedTarget> targets;
  for (StringRef name : names) {
    if (name.trim().empty() && names.size() > 1)
      return llvm::createStringError("the list of CPUs '" + cpus + "' has an empty name");
    llvm::Expected<TargetInfo> target = TargetInfo::get(name.trim(), triple);
    if (!target)
      return target.takeError();
    for (const NamedTarget &other : targets)
      if (other.target.cpu == target->cpu && other.target.features == target->features)
        return llvm::createStringError("the list of CPUs '" + cpus + "' has " + target->cpu + " twice");
    targets.push_back({name.trim().str(), std::move(*target)});
  }
  llvm::stable_sort(targets, [](const NamedTarget &a, const NamedTarget &b) {
    auto rank = [](const TargetInfo &t) { return std::make_pair(t.vectorBits, t.requiredFeatures.size()); };
    return rank(a.target) > rank(b.target);
  });
  return targets;
}
