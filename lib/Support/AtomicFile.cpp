//===- AtomicFile.cpp - Output files that are whole or absent -------------===//

#include "halftone/Support/AtomicFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"

using namespace halftone;
using namespace llvm;
namespace fs = llvm::sys::fs;

static Error cannotWrite(StringRef path, std::error_code ec) {
  return createStringError(ec, "cannot write '" + path + "': " + ec.message());
}

Expected<AtomicFile> AtomicFile::create(StringRef path, bool executable) {
  AtomicFile file;
  file.path = file.target = path.str();
  std::error_code ec;
  fs::file_status status;
  bool exists = path != "-" && !fs::status(path, status);
  if (exists && status.type() == fs::file_type::directory_file)
    return cannotWrite(path, std::make_error_code(std::errc::is_a_directory));
  if (path.empty())
    return cannotWrite(path, std::make_error_code(std::errc::no_such_file_or_directory));
  if (path == "-" || (exists && status.type() != fs::file_type::regular_file)) {
    file.temporary = file.path;
    file.stream = std::make_unique<raw_fd_ostream>(path, ec, fs::CD_OpenExisting, fs::FA_Write, fs::OF_None);
    if (ec)
      return cannotWrite(path, ec);
    return std::move(file);
  }

  SmallString<128> real;
  if (exists && !fs::real_path(path, real))
    file.target = real.str().str(); // write through a symbolic link, do not replace it
  int fd = -1;
  unsigned mode = fs::all_read | fs::all_write | (executable ? fs::all_exe : 0);
  for (unsigned attempt = 0; attempt < 100; ++attempt) {
    file.temporary = (file.target + ".tmp-" + Twine(sys::Process::getProcessId()) + "-" + Twine(attempt)).str();
    ec = fs::openFileForWrite(file.temporary, fd, fs::CD_CreateNew, fs::OF_None, mode);
    if (ec != std::errc::file_exists)
      break;
  }
  if (ec)
    return cannotWrite(path, ec);
  file.renames = true;
  sys::RemoveFileOnSignal(file.temporary);
  file.stream = std::make_unique<raw_fd_ostream>(fd, /*shouldClose=*/true);
  return std::move(file);
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() {
  if (!stream)
    return;
  if (!closed && temporary != "-")
    stream->close();
  stream->clear_error(); // or the stream's destructor ends the program
  stream.reset();
  if (!renames)
    return;
  fs::remove(temporary);
  sys::DontRemoveFileOnSignal(temporary);
}

Error AtomicFile::commit() {
  assert(stream && "committed twice");
  stream->flush();
  std::error_code ec = stream->error();
  if (!ec && temporary != "-") {
    stream->close();
    closed = true;
    ec = stream->error();
  }
  if (!ec && renames)
    ec = fs::rename(temporary, target);
  if (ec) {
    Error error = cannotWrite(path, ec);
    discard();
    return error;
  }
  stream.reset();
  if (renames)
    sys::DontRemoveFileOnSignal(temporary);
  return Error::success();
}

Error halftone::writeFileAtomically(StringRef path, StringRef contents, bool executable) {
  Expected<AtomicFile> file = AtomicFile::create(path, executable);
  if (!file)
    return file.takeError();
  file->os() << contents;
  return file->commit();
}
