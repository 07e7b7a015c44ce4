//===- CheckOptions.h - Wrong options, before any work ----------*- C++ -*-===//
#ifndef HALFTONE_LIB_DRIVER_CHECKOPTIONS_H
#define HALFTONE_LIB_DRIVER_CHECKOPTIONS_H

#include "halftone/Driver/Compile.h"

namespace halftone {

/// True if the output is MLIR text: a file that ends in .mlir, or "-".
bool isMlirOutput(const CompileOptions &options);

/// Names of formats, stages and strategies, regular expressions, the output's suffix. The target is not checked.
llvm::Error checkOptions(const CompileOptions &options);

} // namespace halftone

#endif // HALFTONE_LIB_DRIVER_CHECKOPTIONS_H
