//===- InitDialects.cpp - The dialects that the compiler works on ---------===//

#include "halftone/InitDialects.h"
#include "halftone/InitAll.h"

void halftone::registerCompilerDialects(mlir::DialectRegistry &registry) { halftone::registerAllDialects(registry); }
