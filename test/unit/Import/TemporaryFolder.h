//===- TemporaryFolder.h - A folder that goes away with the test -*- C++ -*-===//
#ifndef HALFTONE_TEST_UNIT_IMPORT_TEMPORARYFOLDER_H
#define HALFTONE_TEST_UNIT_IMPORT_TEMPORARYFOLDER_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

class TemporaryFolder {
public:
  TemporaryFolder() { (void)llvm::sys::fs::createUniqueDirectory("halftone-import-test", folder); }
  ~TemporaryFolder() { (void)llvm::sys::fs::remove_directories(folder); }

  std::string path(llvm::StringRef name) const {
    llvm::SmallString<128> full(folder);
    llvm::sys::path::append(full, name);
    return std::string(full);
  }
  std::string write(llvm::StringRef name, llvm::StringRef text) const {
    std::error_code ec;
    llvm::raw_fd_ostream(path(name), ec) << text;
    return path(name);
  }

private:
  llvm::SmallString<128> folder;
};

#endif // HALFTONE_TEST_UNIT_IMPORT_TEMPORARYFOLDER_H
