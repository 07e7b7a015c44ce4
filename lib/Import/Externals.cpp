//===- Externals.cpp - Where a module's external weights lie --------------===//
#include "halftone/Import/Externals.h"

#include "Json.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace halftone {

static bool isStandardStream(StringRef path) { return path.empty() || path == "-"; }

std::string resolveExternals(mlir::ModuleOp module, StringRef mlirPath) {
  auto attr = module->getAttrOfType<mlir::StringAttr>(externalsAttrName);
  if (!attr || attr.getValue().empty())
    return "";
  StringRef path = attr.getValue();
  if (sys::path::is_absolute(path) || isStandardStream(mlirPath))
    return path.str();
  SmallString<256> resolved(sys::path::parent_path(mlirPath));
  sys::path::append(resolved, path);
  return std::string(resolved);
}

/// The first op that needs a store, or null.
static mlir::Operation *firstExternal(mlir::ModuleOp module) {
  mlir::Operation *found = nullptr;
  module.walk([&](mlir::Operation *op) {
    if (op->getName().getStringRef() != "lowbit.external")
      return mlir::WalkResult::advance();
    found = op;
    return mlir::WalkResult::interrupt();
  });
  return found;
}

Expected<TensorStore> openExternals(mlir::ModuleOp module, StringRef mlirPath) {
  std::string path = resolveExternals(module, mlirPath);
  StringRef source = isStandardStream(mlirPath) ? StringRef("the module") : mlirPath;
  if (path.empty()) {
    if (firstExternal(module))
      return fileError(source, "'lowbit.external' without a module attribute '" + Twine(externalsAttrName) +
                                   "'; it must name a safetensors file or a model folder");
    return TensorStore();
  }
  sys::fs::file_status status;
  if (std::error_code ec = sys::fs::status(path, status))
    return fileError(source,
                     "cannot open the weights '" + path + "' that '" + externalsAttrName + "' names: " + ec.message());
  if (sys::fs::is_directory(status))
    return TensorStore::openFolder(path);
  return TensorStore::openFile(path);
}

/// The path with symbolic links resolved.
static Expected<SmallString<256>> realPath(StringRef path) {
  SmallString<256> real;
  if (std::error_code ec = sys::fs::real_path(path, real))
    return fileError(path, ec.message());
  return real;
}

/// `target` as seen from `folder`, both absolute; empty if they have only the root in common.
static std::string relativePath(StringRef target, StringRef folder) {
  auto targetPart = sys::path::begin(target), targetEnd = sys::path::end(target);
  auto folderPart = sys::path::begin(folder), folderEnd = sys::path::end(folder);
  unsigned common = 0;
  while (targetPart != targetEnd && folderPart != folderEnd && *targetPart == *folderPart) {
    ++targetPart;
    ++folderPart;
    ++common;
  }
  if (common < 2) // the root counts as one
    return "";
  SmallString<256> relative;
  for (; folderPart != folderEnd; ++folderPart)
    sys::path::append(relative, "..");
  for (; targetPart != targetEnd; ++targetPart)
    sys::path::append(relative, *targetPart);
  return relative.empty() ? "." : std::string(relative);
}

Expected<std::string> externalsPathFor(StringRef weights, StringRef mlirPath) {
  Expected<SmallString<256>> target = realPath(weights);
  if (!target)
    return target.takeError();
  if (isStandardStream(mlirPath))
    return std::string(*target);
  StringRef folder = sys::path::parent_path(mlirPath);
  Expected<SmallString<256>> from = realPath(folder.empty() ? "." : folder);
  if (!from)
    return from.takeError();
  std::string relative = relativePath(*target, *from);
  return relative.empty() ? std::string(*target) : relative;
}

} // namespace halftone
