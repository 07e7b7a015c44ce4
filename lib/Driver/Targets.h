//===- Targets.h - The CPUs of one compilation ------------------*- C++ -*-===//
#ifndef HALFTONE_LIB_DRIVER_TARGETS_H
#define HALFTONE_LIB_DRIVER_TARGETS_H

#include "halftone/Target/TargetInfo.h"

namespace halftone {

/// A CPU under the name that it was asked for, which may be "native".
struct NamedTarget {
  std::string name;
  TargetInfo target;
};

/// The CPUs of a list, separated by commas, best first: by the width of vectors, then by how many features they need.
/// Errors: unknown names, an empty one, one named twice.
llvm::Expected<std::vector<NamedTarget>> findTargets(llvm::StringRef cpus, llvm::StringRef triple);

} // namespace halftone

#endif // HALFTONE_LIB_DRIVER_TARGETS_H
