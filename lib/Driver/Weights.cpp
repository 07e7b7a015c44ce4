//===- Weights.cpp - The weight files behind an input ---------------------===//

#include "halftone/Driver/Weights.h"
#include "halftone/Import/Externals.h"
#include "halftone/Import/LoadMlir.h"
#include "halftone/InitAll.h"
#include "llvm/Support/FileSystem.h"

using namespace halftone;

llvm::Expected<TensorStore> halftone::openWeights(llvm::StringRef input) {
  if (llvm::sys::fs::is_directory(input))
    return TensorStore::openFolder(input);
  mlir::DialectRegistry registry;
  halftone::registerAllDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> module = loadMlir(context, input);
  if (!module)
    return module.takeError();
  return openExternals(**module, input);
}
