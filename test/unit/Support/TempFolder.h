// A folder that lives as long as one test, and helpers to look into it.
#ifndef HALFTONE_TEST_UNIT_SUPPORT_TEMPFOLDER_H
#define HALFTONE_TEST_UNIT_SUPPORT_TEMPFOLDER_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <string>
#include <vector>

namespace halftone {

class TempFolder {
public:
  TempFolder() {
    llvm::SmallString<128> folder;
    if (llvm::sys::fs::createUniqueDirectory("halftone-test", folder))
      abort();
    root = folder.str().str();
  }
  ~TempFolder() { llvm::sys::fs::remove_directories(root); }

  /// The path of `name` in the folder.
  std::string path(llvm::StringRef name) const {
    llvm::SmallString<128> result(root);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
  /// Writes a file, returns its path.
  std::string write(llvm::StringRef name, llvm::StringRef contents) const {
    std::error_code ec;
    llvm::raw_fd_ostream(path(name), ec) << contents;
    return path(name);
  }
  /// Contents of a file, or "<none>".
  std::string read(llvm::StringRef name) const {
    auto buffer = llvm::MemoryBuffer::getFile(path(name));
    return buffer ? (*buffer)->getBuffer().str() : "<none>";
  }
  /// Sorted names of all files.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    std::error_code ec;
    for (llvm::sys::fs::directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec))
      result.push_back(llvm::sys::path::filename(it->path()).str());
    std::sort(result.begin(), result.end());
    return result;
  }

  std::string root;
};

} // namespace halftone

#endif // HALFTONE_TEST_UNIT_SUPPORT_TEMPFOLDER_H
