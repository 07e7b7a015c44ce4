//===- Text.cpp - UTF-8, white space, spelling, JSON -----------------------===//
#include "Support.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

using namespace halftone::driver;

/// Decodes one character at the start of `text`. Returns its bytes; 0 if they are wrong; -1 if they are right but cut
/// off.
static int decodeOne(std::string_view text, uint32_t &code) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned lead = byte(0);
  if (lead < 0x80) {
    code = lead;
    return 1;
  }
  int length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4)
    return 0;
  code = lead & (0xff >> (length + 1));
  for (int i = 1; i < length; ++i) {
    if (size_t(i) >= text.size())
      return -1;
    unsigned next = byte(i);
    // The second byte also rules out long spellings, surrogates and codes above 0x10ffff.
    unsigned least = i > 1 ? 0x80 : lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned most = i > 1 ? 0xbf : lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (next < least || next > most)
      return 0;
    code = code << 6 | (next & 0x3f);
  }
  return length;
}

size_t halftone::driver::findInvalidUtf8(std::string_view text) {
  uint32_t code;
  for (size_t at = 0; at < text.size();) {
    int length = decodeOne(text.substr(at), code);
    if (length <= 0)
      return at;
    at += length;
  }
  return std::string_view::npos;
}

void halftone::driver::requireUtf8(std::string_view text, const std::string &source) {
  size_t at = findInvalidUtf8(text);
  if (at != std::string_view::npos)
    throw Failure(format("%s is not UTF-8 text: byte 0x%02x at offset %zu; convert it, for example with iconv",
                         source.c_str(), static_cast<unsigned char>(text[at]), at));
}

static bool isSpace(uint32_t code) {
  return (code >= 9 && code <= 13) || (code >= 28 && code <= 32) || code == 0x85 || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
         code == 0x3000;
}

std::string_view halftone::driver::strip(std::string_view text) {
  uint32_t code;
  while (!text.empty()) {
    int length = decodeOne(text, code);
    if (length <= 0 || !isSpace(code))
      break;
    text.remove_prefix(length);
  }
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && text.size() - at < 4 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80)
      --at;
    if (decodeOne(text.substr(at), code) != int(text.size() - at) || !isSpace(code))
      break;
    text.remove_suffix(text.size() - at);
  }
  return text;
}

std::string halftone::driver::normalizeNewlines(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!pair)
      result += text[i] == '\r' ? '\n' : text[i];
  }
  return result;
}

static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string halftone::driver::nearest(std::string_view name, const std::vector<std::string> &names) {
  size_t best = std::max<size_t>(2, name.size() / 3) + 1;
  std::string result;
  for (const std::string &candidate : names) {
    size_t distance = editDistance(name, candidate);
    if (distance < best) {
      best = distance;
      result = candidate;
    }
  }
  return result;
}

static const char replacement[] = "\xef\xbf\xbd"; // U+FFFD

std::string Utf8Stream::push(std::string_view bytes) {
  pending += bytes;
  std::string_view rest = pending;
  std::string result;
  uint32_t code;
  while (!rest.empty()) {
    int length = decodeOne(rest, code);
    if (length < 0)
      break;
    result += length ? rest.substr(0, length) : std::string_view(replacement);
    rest.remove_prefix(length ? length : 1);
  }
  pending = std::string(rest);
  return result;
}

std::string Utf8Stream::finish() {
  std::string result;
  if (!pending.empty())
    result = replacement;
  pending.clear();
  return result;
}

//===--- JSON --------------------------------------------------------------===//

static std::string quote(std::string_view value) {
  Utf8Stream stream;
  std::string valid = stream.push(value);
  valid += stream.finish();
  std::string result = "\"";
  for (char c : valid) {
    if (c == '"' || c == '\\')
      (result += '\\') += c;
    else if (c == '\n')
      result += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20)
      result += format("\\u%04x", static_cast<unsigned>(c));
    else
      result += c;
  }
  return result + "\"";
}

void Json::begin(const char *key) {
  if (!first)
    out += ", ";
  first = false;
  if (key)
    out += quote(key) + ": ";
}

Json &Json::open(const char *key, char bracket) {
  begin(key);
  out += bracket;
  first = true;
  return *this;
}

Json &Json::close(char bracket) {
  out += bracket;
  first = false;
  return *this;
}

Json &Json::raw(const char *key, std::string_view value) {
  begin(key);
  out += value;
  return *this;
}

Json &Json::text(const char *key, std::string_view value) { return raw(key, quote(value)); }
Json &Json::integer(const char *key, long long value) { return raw(key, std::to_string(value)); }
Json &Json::number(const char *key, double value) {
  return raw(key, std::isfinite(value) ? format("%.17g", value) : "null");
}
