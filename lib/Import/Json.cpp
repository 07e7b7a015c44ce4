//===- Json.cpp - Checked reading of small JSON files ---------------------===//
#include "Json.h"

#include "halftone/Support/JsonShape.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;

namespace halftone {

static constexpr unsigned maxJsonDepth = 64;
static constexpr size_t maxDescription = 60;

Error fileError(StringRef path, const Twine &message) { return createStringError("'" + path + "': " + message); }

Expected<json::Object> readJsonObject(StringRef path, uint64_t maxBytes) {
  sys::fs::file_status status;
  if (std::error_code ec = sys::fs::status(path, status))
    return fileError(path, ec.message());
  if (status.type() != sys::fs::file_type::regular_file)
    return fileError(path, "not a regular file");
  if (status.getSize() > maxBytes)
    return fileError(path, "the file has " + Twine(status.getSize()) + " bytes, more than the " + Twine(maxBytes) +
                               " that such a file may have");
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
  if (!buffer)
    return fileError(path, buffer.getError().message());
  StringRef text = (*buffer)->getBuffer();
  if (scanJson(text).depth > maxJsonDepth)
    return fileError(path, "nested more than " + Twine(maxJsonDepth) + " levels deep");
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return fileError(path, "not valid JSON: " + toString(value.takeError()));
  json::Object *object = value->getAsObject();
  if (!object)
    return fileError(path, "expected a JSON object at the top level");
  return std::move(*object);
}

std::string describeJson(const json::Value &value) {
  std::string text;
  raw_string_ostream(text) << value;
  if (text.size() > maxDescription) {
    text.resize(maxDescription);
    text = json::fixUTF8(text) + "...";
  }
  return text;
}

const json::Value *JsonFields::get(StringRef key) const {
  const json::Value *value = object.get(key);
  return value && value->kind() != json::Value::Null ? value : nullptr;
}

void JsonFields::fail(const Twine &message) {
  if (firstError.empty())
    firstError = message.str();
}

Error JsonFields::takeError() { return firstError.empty() ? Error::success() : fileError(path, firstError); }

int64_t JsonFields::integer(StringRef key, int64_t min, int64_t max, std::optional<int64_t> fallback) {
  const json::Value *value = get(key);
  if (!value) {
    if (!fallback)
      fail("\"" + key + "\" is missing");
    return fallback.value_or(min);
  }
  std::optional<int64_t> number = value->getAsInteger();
  if (number && *number >= min && *number <= max)
    return *number;
  fail("\"" + key + "\" must be an integer from " + Twine(min) + " to " + Twine(max) + ", but is " +
       describeJson(*value));
  return min;
}

double JsonFields::positive(StringRef key, double max, double fallback) {
  const json::Value *value = get(key);
  if (!value)
    return fallback;
  std::optional<double> number = value->getAsNumber();
  if (number && std::isfinite(*number) && *number > 0 && *number <= max)
    return *number;
  fail("\"" + key + "\" must be a number greater than 0 and at most " + formatv("{0:g}", max).str() + ", but is " +
       describeJson(*value));
  return fallback;
}

bool JsonFields::boolean(StringRef key, bool fallback) {
  const json::Value *value = get(key);
  if (!value)
    return fallback;
  if (std::optional<bool> b = value->getAsBoolean())
    return *b;
  fail("\"" + key + "\" must be true or false, but is " + describeJson(*value));
  return fallback;
}

std::string JsonFields::string(StringRef key, StringRef fallback) {
  const json::Value *value = get(key);
  if (!value)
    return fallback.str();
  if (std::optional<StringRef> s = value->getAsString())
    return s->str();
  fail("\"" + key + "\" must be a string, but is " + describeJson(*value));
  return fallback.str();
}

} // namespace halftone
