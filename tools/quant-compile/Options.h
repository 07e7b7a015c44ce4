//===- Options.h - Command line of quant-compile ----------------*- C++ -*-===//
#ifndef HALFTONE_TOOLS_QUANTCOMPILE_OPTIONS_H
#define HALFTONE_TOOLS_QUANTCOMPILE_OPTIONS_H

#include "halftone/Calibrate/Calibrate.h"

namespace halftone {

struct QuantCompileOptions {
  CompileOptions compile;
  CalibrateOptions calibrate;
  bool quiet = false;    ///< no table
  bool tune = false;     ///< measure first, into compile.tuningFile
  bool listCpus = false; ///< print what --mcpu takes
};

/// Parses the command line; prints and exits for --help, --version and flags that do not exist.
llvm::Expected<QuantCompileOptions> parseQuantCompileOptions(int argc, char **argv);

} // namespace halftone

#endif // HALFTONE_TOOLS_QUANTCOMPILE_OPTIONS_H
