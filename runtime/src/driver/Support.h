//===- Support.h - Errors, files, text and JSON of the driver --*- C++ -*-===//
#ifndef HALFTONE_RUNTIME_DRIVER_SUPPORT_H
#define HALFTONE_RUNTIME_DRIVER_SUPPORT_H

#include "halftone/runtime.h"

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace halftone::driver {

/// A user's error; halftone_main prints its text after "error: " and returns 1.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws the runtime's last error if `status` is one.
void check(halftone_status status);

/// printf into a string.
std::string format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

/// Writes to standard output and flushes it; a full disk or a closed pipe is a Failure.
void print(std::string_view text);

/// Reads a whole file ("-": standard input). Failure: missing, a folder, not readable.
std::string readFile(const std::string &path);

/// A file that appears under its name only when it is complete. A device or a pipe is written directly.
class OutputFile {
public:
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;
  void write(const void *data, size_t bytes);
  /// Closes the file and gives it its name.
  void commit();

private:
  [[noreturn]] void fail();
  std::string path, temporary;
  std::FILE *file = nullptr;
};

class Stopwatch {
public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start).count(); }

private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = Clock::now();
};

//===--- Text --------------------------------------------------------------===//

/// Offset of the first byte that is not UTF-8, or npos.
size_t findInvalidUtf8(std::string_view text);
/// Failure if `text`, which comes from `source`, is not UTF-8.
void requireUtf8(std::string_view text, const std::string &source);
/// Without the white space (as Unicode and Python define it) at both ends.
std::string_view strip(std::string_view text);
/// "\r\n" and "\r" become "\n".
std::string normalizeNewlines(std::string_view text);
/// The nearest of `names` to a misspelt one, or an empty string if none is near.
std::string nearest(std::string_view name, const std::vector<std::string> &names);

/// Turns pieces of UTF-8 that may be cut anywhere into valid text: keeps an incomplete character until it is complete,
/// and replaces wrong bytes by U+FFFD.
class Utf8Stream {
public:
  std::string push(std::string_view bytes);
  /// What is left at the end of the text.
  std::string finish();

private:
  std::string pending;
};

//===--- JSON --------------------------------------------------------------===//

/// Writes one JSON value, member by member, in the order of the calls.
class Json {
public:
  Json &beginObject(const char *key = nullptr) { return open(key, '{'); }
  Json &endObject() { return close('}'); }
  Json &beginArray(const char *key = nullptr) { return open(key, '['); }
  Json &endArray() { return close(']'); }
  Json &text(const char *key, std::string_view value);
  Json &integer(const char *key, long long value);
  /// 17 significant digits; null if not finite.
  Json &number(const char *key, double value);
  Json &boolean(const char *key, bool value) { return raw(key, value ? "true" : "false"); }
  /// `value` is JSON already.
  Json &raw(const char *key, std::string_view value);
  std::string take() { return std::move(out) + "\n"; }

private:
  Json &open(const char *key, char bracket);
  Json &close(char bracket);
  void begin(const char *key);
  std::string out;
  bool first = true;
};

} // namespace halftone::driver

#endif // HALFTONE_RUNTIME_DRIVER_SUPPORT_H
