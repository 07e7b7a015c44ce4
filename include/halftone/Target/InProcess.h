//===- InProcess.h - Code that runs in this process -------------*- C++ -*-===//
//
// An LLVM module becomes functions of the running process, with the same code
// generation as objects get: the compiler runs parts of a model to see what they
// compute. Weights stay where the caller has them.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_TARGET_INPROCESS_H
#define HALFTONE_TARGET_INPROCESS_H

#include "halftone/Target/Artifact.h"
#include <memory>

namespace halftone {

/// Functions of a module that is no model, loaded into this process until the object dies.
class InProcessCode {
public:
  /// Optimizes `module` (which is changed), generates code and loads it. `options.functions` can be looked up;
  /// `@halftone_weights_base` points to `weights`, which must outlive the code. The target must be this machine's.
  /// Errors: those of writeArtifact() that concern code.
  static llvm::Expected<std::unique_ptr<InProcessCode>> load(llvm::Module &module, ArtifactOptions options,
                                                             const void *weights);
  ~InProcessCode();

  /// The function's address, of the C type that `CFunction` describes. Errors: no such function.
  llvm::Expected<void *> lookup(llvm::StringRef function);

private:
  InProcessCode();
  struct Implementation;
  std::unique_ptr<Implementation> implementation;
};

} // namespace halftone

#endif // HALFTONE_TARGET_INPROCESS_H
