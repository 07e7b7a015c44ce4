//===- Biases.h - Names of corrections --------------------------*- C++ -*-===//
#ifndef HALFTONE_TRANSFORMS_BIASES_H
#define HALFTONE_TRANSFORMS_BIASES_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace halftone {

/// The name of the tensor that halftone-add-biases adds to the outputs of a weight's product.
std::string correctionOf(llvm::StringRef weight);

} // namespace halftone

#endif // HALFTONE_TRANSFORMS_BIASES_H
