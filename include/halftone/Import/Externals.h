//===- Externals.h - Where a module's external weights lie ------*- C++ -*-===//
//
// `lowbit.externals` on the module is a path: a safetensors file, or a model
// folder with `model.safetensors` or shards. A relative path starts at the folder of the
// .mlir file, so that the two can be moved together.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_IMPORT_EXTERNALS_H
#define HALFTONE_IMPORT_EXTERNALS_H

#include "halftone/Support/SafeTensors.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace halftone {

/// Name of the module's attribute, a string.
constexpr llvm::StringLiteral externalsAttrName = "lowbit.externals";

/// The file or folder that the module's `lowbit.externals` names; empty where there is no such attribute.
/// `mlirPath`: the file that the module came from; empty or "-": relative paths start at the working directory.
std::string resolveExternals(mlir::ModuleOp module, llvm::StringRef mlirPath);

/// Opens the module's external weights. Without the attribute the store is empty, and it is an error if
/// the module holds a `lowbit.external`. Errors name the path.
llvm::Expected<TensorStore> openExternals(mlir::ModuleOp module, llvm::StringRef mlirPath);

/// How the .mlir file `mlirPath` shall name the weights at `weights`: relative where the two have a folder other
/// than the root in common, else absolute. With `mlirPath` empty or "-" always absolute.
llvm::Expected<std::string> externalsPathFor(llvm::StringRef weights, llvm::StringRef mlirPath);

} // namespace halftone

#endif // HALFTONE_IMPORT_EXTERNALS_H
