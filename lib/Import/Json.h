//===- Json.h - Checked reading of small JSON files -------------*- C++ -*-===//
#ifndef HALFTONE_LIB_IMPORT_JSON_H
#define HALFTONE_LIB_IMPORT_JSON_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <optional>

namespace halftone {

/// An error whose text is "'<path>': <message>".
llvm::Error fileError(llvm::StringRef path, const llvm::Twine &message);

/// Parses a JSON file whose top level is an object. Larger files than `maxBytes` and deep nesting
/// (the parser recurses) are refused before they are parsed.
llvm::Expected<llvm::json::Object> readJsonObject(llvm::StringRef path, uint64_t maxBytes);

/// A JSON value as it can stand in a message: short, on one line.
std::string describeJson(const llvm::json::Value &value);

/// Reads typed fields from a JSON object and keeps the first error, so that callers stay short.
/// A field that is absent or null takes its fallback; without one it is an error.
class JsonFields {
public:
  JsonFields(const llvm::json::Object &object, llvm::StringRef path) : object(object), path(path) {}

  int64_t integer(llvm::StringRef key, int64_t min, int64_t max, std::optional<int64_t> fallback = std::nullopt);
  /// A finite number greater than zero, at most `max`.
  double positive(llvm::StringRef key, double max, double fallback);
  bool boolean(llvm::StringRef key, bool fallback);
  std::string string(llvm::StringRef key, llvm::StringRef fallback);
  /// nullptr where the field is absent or null.
  const llvm::json::Value *get(llvm::StringRef key) const;
  /// Records an error; only the first counts.
  void fail(const llvm::Twine &message);
  bool failed() const { return !firstError.empty(); }
  /// The first error, or success.
  llvm::Error takeError();

private:
  const llvm::json::Object &object;
  std::string path, firstError;
};

} // namespace halftone

#endif // HALFTONE_LIB_IMPORT_JSON_H
