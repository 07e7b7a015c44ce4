//===- AtomicFile.h - Output files that are whole or absent -----*- C++ -*-===//
//
// A file is written under a temporary name in its own folder and takes its name
// only when everything is on disk. Errors on the way (folder missing or not
// writable, disk full) leave neither a partial file nor the temporary behind.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_SUPPORT_ATOMICFILE_H
#define HALFTONE_SUPPORT_ATOMICFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>

namespace halftone {

/// An output file. Write to `os()`, then `commit()`; without a commit the
/// destructor discards it. `-` is standard output, and what exists and is no
/// regular file (`/dev/null`, a pipe) is written in place.
class AtomicFile {
public:
  /// Opens the temporary. `executable`: the file gets execute permission.
  /// The error names the path: "cannot write 'x/y.o': No such file or directory".
  static llvm::Expected<AtomicFile> create(llvm::StringRef path, bool executable = false);

  AtomicFile(AtomicFile &&) = default;
  AtomicFile &operator=(AtomicFile &&) = delete;
  ~AtomicFile();

  /// Errors of writing are kept in the stream and reported by `commit`.
  llvm::raw_pwrite_stream &os() { return *stream; }
  /// The file that is being written now, for other programs to fill (a linker). "-" for standard output.
  llvm::StringRef temporaryPath() const { return temporary; }
  /// Flushes, closes and renames. Nothing may be written afterwards.
  llvm::Error commit();
  /// Removes the temporary. Harmless after a commit.
  void discard();

private:
  AtomicFile() = default;
  std::string path, target, temporary;
  bool renames = false, closed = false;
  std::unique_ptr<llvm::raw_fd_ostream> stream;
};

/// Writes `contents` to `path` by way of an AtomicFile.
llvm::Error writeFileAtomically(llvm::StringRef path, llvm::StringRef contents, bool executable = false);

} // namespace halftone

#endif // HALFTONE_SUPPORT_ATOMICFILE_H
