//===- Options.h - Command line of quant-import -----------------*- C++ -*-===//
#ifndef HALFTONE_TOOLS_QUANTIMPORT_OPTIONS_H
#define HALFTONE_TOOLS_QUANTIMPORT_OPTIONS_H

#include "llvm/Support/Error.h"
#include <string>

namespace halftone {

struct QuantImportOptions {
  std::string input;     ///< model folder
  std::string output;    ///< .mlir file, or the folder of a synthetic model; "-": standard output
  std::string synthetic; ///< description of the model to make up, or empty
  int64_t context = 0;   ///< 0: as the model says
  unsigned threads = 0;  ///< 0: all cores
};

/// Parses the command line; prints and exits for --help, --version and flags that do not exist.
llvm::Expected<QuantImportOptions> parseQuantImportOptions(int argc, char **argv);

} // namespace halftone

#endif // HALFTONE_TOOLS_QUANTIMPORT_OPTIONS_H
