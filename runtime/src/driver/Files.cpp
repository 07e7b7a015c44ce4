//===- Files.cpp - Errors, files and standard output -----------------------===//
#include "Support.h"

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

using namespace halftone::driver;

void halftone::driver::check(halftone_status status) {
  if (status != HALFTONE_OK)
    throw Failure(halftone_last_error());
}

std::string halftone::driver::format(const char *pattern, ...) {
  va_list arguments, again;
  va_start(arguments, pattern);
  va_copy(again, arguments);
  std::string result(std::vsnprintf(nullptr, 0, pattern, arguments), '\0');
  std::vsnprintf(result.data(), result.size() + 1, pattern, again);
  va_end(again);
  va_end(arguments);
  return result;
}

void halftone::driver::print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Failure(format("cannot write to standard output: %s", std::strerror(errno)));
}

std::string halftone::driver::readFile(const std::string &path) {
  struct stat info;
  bool standard = path == "-";
  if (!standard && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    throw Failure(format("'%s' is a folder, expected a text file", path.c_str()));
  std::FILE *file = standard ? stdin : std::fopen(path.c_str(), "rb");
  if (!file)
    throw Failure(format("cannot open '%s': %s", path.c_str(), std::strerror(errno)));
  std::string text;
  char block[1 << 16];
  while (size_t bytes = std::fread(block, 1, sizeof block, file))
    text.append(block, bytes);
  bool failed = std::ferror(file);
  int reason = errno;
  if (!standard)
    std::fclose(file);
  if (failed)
    throw Failure(format("cannot read '%s': %s", path.c_str(), std::strerror(reason)));
  return text;
}

OutputFile::OutputFile(std::string name) : path(std::move(name)) {
  struct stat info;
  bool direct = stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
  if (direct && S_ISDIR(info.st_mode))
    throw Failure(format("cannot write '%s': it is a folder", path.c_str()));
  temporary = direct ? path : path + format(".tmp%ld", long(getpid()));
  file = std::fopen(temporary.c_str(), "wb");
  if (!file)
    throw Failure(format("cannot write '%s': %s", path.c_str(), std::strerror(errno)));
}

OutputFile::~OutputFile() {
  if (!file)
    return;
  std::fclose(file);
  if (temporary != path)
    std::remove(temporary.c_str());
}

void OutputFile::fail() { throw Failure(format("cannot write '%s': %s", path.c_str(), std::strerror(errno))); }

void OutputFile::write(const void *data, size_t bytes) {
  if (std::fwrite(data, 1, bytes, file) != bytes)
    fail();
}

void OutputFile::commit() {
  if (std::fflush(file) != 0)
    fail();
  if (temporary != path && std::rename(temporary.c_str(), path.c_str()) != 0)
    fail();
  std::fclose(file);
  file = nullptr;
}
