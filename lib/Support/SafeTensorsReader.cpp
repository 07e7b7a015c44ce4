//===- SafeTensorsReader.cpp - Checked reading of safetensors files -------===//
//
// Layout: 8 bytes little-endian header length, the header (JSON), the data.
//
//===----------------------------------------------------------------------===//

#include "halftone/Support/Half.h"
#include "halftone/Support/JsonShape.h"
#include "halftone/Support/SafeTensors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include <algorithm>
#include <set>
#include <sys/mman.h>

using namespace halftone;
using namespace llvm;

namespace {
constexpr uint64_t maxHeaderBytes = 100'000'000;
constexpr unsigned maxNesting = 16;

struct KindInfo {
  ElementKind kind;
  StringRef name;
  unsigned bytes;
};
const KindInfo kindTable[] = {
    {ElementKind::F32, "F32", 4}, {ElementKind::F16, "F16", 2},   {ElementKind::BF16, "BF16", 2},
    {ElementKind::F64, "F64", 8}, {ElementKind::I8, "I8", 1},     {ElementKind::U8, "U8", 1},
    {ElementKind::I16, "I16", 2}, {ElementKind::U16, "U16", 2},   {ElementKind::I32, "I32", 4},
    {ElementKind::I64, "I64", 8}, {ElementKind::Bool, "BOOL", 1},
};
} // namespace

static const KindInfo &kindInfo(ElementKind kind) {
  for (const KindInfo &info : kindTable)
    if (info.kind == kind)
      return info;
  llvm_unreachable("unknown element kind");
}

unsigned halftone::elementBytes(ElementKind kind) { return kindInfo(kind).bytes; }
StringRef halftone::elementName(ElementKind kind) { return kindInfo(kind).name; }

static Error badFile(StringRef path, const Twine &what) { return createStringError("'" + path + "': " + what); }

static Error badTensor(StringRef path, StringRef tensor, const Twine &what) {
  return badFile(path, "tensor '" + tensor + "': " + what);
}

static Expected<std::shared_ptr<MemoryBuffer>> mapFile(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(buffer.getError(), "cannot read '" + path + "': " + buffer.getError().message());
  return std::shared_ptr<MemoryBuffer>(std::move(*buffer));
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// All keys of all objects; llvm::json keeps one of equal ones.
static size_t countKeys(const json::Value &value) {
  size_t keys = 0;
  if (const json::Object *object = value.getAsObject()) {
    keys = object->size();
    for (const auto &entry : *object)
      keys += countKeys(entry.second);
  } else if (const json::Array *array = value.getAsArray()) {
    for (const json::Value &element : *array)
      keys += countKeys(element);
  }
  return keys;
}

/// The first key that the top-level object of valid JSON `text` has twice, or "".
static std::string findDuplicateKey(StringRef text) {
  std::set<std::string> seen;
  unsigned depth = 0;
  size_t start = 0;
  std::string last;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      start = i;
      for (++i; i < text.size() && text[i] != '"'; ++i)
        i += text[i] == '\\';
      if (depth != 1)
        continue;
      Expected<json::Value> key = json::parse(text.slice(start, i + 1));
      if (!key)
        consumeError(key.takeError());
      else if (std::optional<StringRef> string = key->getAsString())
        last = string->str();
    } else if (c == ':' && depth == 1) {
      if (!seen.insert(last).second)
        return last;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return "";
}

/// Parses an object and refuses deep nesting and duplicate keys.
static Expected<json::Object> parseObject(StringRef path, StringRef text, StringRef what) {
  JsonShape shape = scanJson(text);
  if (shape.depth > maxNesting)
    return badFile(path, "JSON nested deeper than " + Twine(maxNesting));
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return badFile(path, what + " is not valid JSON: " + toString(value.takeError()));
  json::Object *object = value->getAsObject();
  if (!object)
    return badFile(path, what + " is not a JSON object");
  if (countKeys(*value) != shape.keys) {
    std::string duplicate = findDuplicateKey(text);
    return badFile(path, duplicate.empty() ? Twine(what) + " has an object with a duplicate key"
                                           : "duplicate entry '" + Twine(duplicate) + "'");
  }
  return std::move(*object);
}

//===----------------------------------------------------------------------===//
// Header
//===----------------------------------------------------------------------===//

/// Recognizes what people download by mistake. Empty if nothing is known.
static StringRef describeForeignFile(StringRef data) {
  StringRef text = data.take_front(512).ltrim();
  if (text.starts_with("version https://git-lfs"))
    return "a git-LFS pointer, not the tensors: fetch the file with 'git lfs pull'";
  if (text.starts_with_insensitive("<!doctype html") || text.starts_with_insensitive("<html") ||
      text.starts_with("<?xml"))
    return "an HTML page, not a safetensors file: download it again";
  if (data.starts_with("PK\x03\x04"))
    return "a PyTorch or zip archive, not a safetensors file: convert it first";
  if (data.starts_with("GGUF"))
    return "a GGUF file, not a safetensors file";
  if (text.starts_with("{"))
    return "JSON text, not a safetensors file";
  return "";
}

/// Checks the outermost structure; returns the header's text.
static Expected<StringRef> readHeader(StringRef path, StringRef data) {
  if (data.empty())
    return badFile(path, "the file is empty");
  StringRef foreign = describeForeignFile(data);
  if (data.size() < 8)
    return badFile(path, foreign.empty() ? "the file is too short for safetensors (" + Twine(data.size()) + " bytes)"
                                         : Twine(foreign));
  uint64_t length = support::endian::read64le(data.data());
  if (length > data.size() - 8 || length > maxHeaderBytes) {
    if (!foreign.empty())
      return badFile(path, foreign);
    if (length > maxHeaderBytes)
      return badFile(path, "not a safetensors file: a header of " + Twine(length) + " bytes (limit " +
                               Twine(maxHeaderBytes) + ")");
    return badFile(path, "the header (" + Twine(length) + " bytes) is longer than the file (" + Twine(data.size()) +
                             " bytes): the file is truncated");
  }
  StringRef header = data.substr(8, length);
  if (!header.starts_with("{"))
    return badFile(path, "not a safetensors file: the header does not begin with '{'");
  return header;
}

static Error readShape(StringRef path, TensorEntry &entry, const json::Object &object) {
  const json::Array *shape = object.getArray("shape");
  if (!shape)
    return badTensor(path, entry.name, "'shape' is missing or no list");
  uint64_t bytes = elementBytes(entry.kind);
  bool zero = false, overflow = false;
  for (const json::Value &extent : *shape) {
    std::optional<int64_t> size = extent.getAsInteger();
    if (!size || *size < 0)
      return badTensor(path, entry.name, "a dimension of 'shape' is no integer from 0 on");
    entry.shape.push_back(*size);
    zero |= *size == 0;
    if (*size != 0) {
      bool here = false;
      bytes = SaturatingMultiply<uint64_t>(bytes, *size, &here);
      overflow |= here || bytes > uint64_t(INT64_MAX);
    }
  }
  if (overflow)
    return badTensor(path, entry.name, "the shape's size overflows");
  entry.bytes = zero ? 0 : bytes;
  return Error::success();
}

/// One entry of the header; offsets are compared with the file and the shape.
static Expected<TensorEntry> readEntry(StringRef path, StringRef name, const json::Value &value, uint64_t dataBytes) {
  TensorEntry entry;
  entry.name = name.str();
  const json::Object *object = value.getAsObject();
  if (!object)
    return badTensor(path, name, "the entry is not an object");
  std::optional<StringRef> dtype = object->getString("dtype");
  if (!dtype)
    return badTensor(path, name, "'dtype' is missing or no string");
  auto *info = find_if(kindTable, [&](const KindInfo &k) { return k.name == *dtype; });
  if (info == std::end(kindTable))
    return badTensor(path, name, "unknown dtype '" + *dtype + "'");
  entry.kind = info->kind;
  if (Error error = readShape(path, entry, *object))
    return std::move(error);

  const json::Array *offsets = object->getArray("data_offsets");
  std::optional<uint64_t> begin, end;
  if (offsets && offsets->size() == 2) {
    begin = (*offsets)[0].getAsUINT64();
    end = (*offsets)[1].getAsUINT64();
  }
  if (!begin || !end)
    return badTensor(path, name, "'data_offsets' is not a list of two integers from 0 on");
  if (*begin > *end)
    return badTensor(path, name, "data offsets run backwards (" + Twine(*begin) + " to " + Twine(*end) + ")");
  if (*end > dataBytes)
    return badTensor(path, name,
                     "data offsets " + Twine(*begin) + " to " + Twine(*end) + " leave the file, which has " +
                         Twine(dataBytes) + " bytes of data: the file is truncated");
  if (*end - *begin != entry.bytes)
    return badTensor(
        path, name, "shape and dtype need " + Twine(entry.bytes) + " bytes, data offsets give " + Twine(*end - *begin));
  entry.offset = *begin;
  return entry;
}

/// Tensors must follow each other without gap or overlap up to the end of the file.
static Error checkCoverage(StringRef path, ArrayRef<TensorEntry> sorted, uint64_t dataBytes) {
  uint64_t position = 0;
  const TensorEntry *previous = nullptr;
  for (const TensorEntry &entry : sorted) {
    if (entry.offset < position)
      return badTensor(path, entry.name, "data overlaps that of tensor '" + Twine(previous->name) + "'");
    if (entry.offset > position)
      return badTensor(path, entry.name, "a gap of " + Twine(entry.offset - position) + " bytes before its data");
    position = entry.offset + entry.bytes;
    previous = &entry;
  }
  if (position != dataBytes)
    return badFile(path, Twine(dataBytes - position) + " bytes behind the last tensor belong to none");
  return Error::success();
}

Error TensorStore::addFile(StringRef path) {
  Expected<std::shared_ptr<MemoryBuffer>> buffer = mapFile(path);
  if (!buffer)
    return buffer.takeError();
  StringRef data = (*buffer)->getBuffer();
  Expected<StringRef> header = readHeader(path, data);
  if (!header)
    return header.takeError();
  Expected<json::Object> object = parseObject(path, *header, "the header");
  if (!object)
    return object.takeError();

  uint64_t dataBytes = data.size() - 8 - header->size();
  std::vector<TensorEntry> entries;
  for (const auto &item : *object) {
    if (item.first == "__metadata__") {
      if (const json::Object *pairs = item.second.getAsObject())
        for (const auto &pair : *pairs)
          if (std::optional<StringRef> text = pair.second.getAsString())
            texts.try_emplace(pair.first, text->str());
      continue;
    }
    Expected<TensorEntry> entry = readEntry(path, item.first, item.second, dataBytes);
    if (!entry)
      return entry.takeError();
    entry->file = paths.size();
    entries.push_back(std::move(*entry));
  }
  llvm::sort(entries, [](const TensorEntry &a, const TensorEntry &b) {
    return std::tie(a.offset, a.bytes, a.name) < std::tie(b.offset, b.bytes, b.name);
  });
  if (Error error = checkCoverage(path, entries, dataBytes))
    return error;
  for (TensorEntry &entry : entries) {
    auto inserted = index.try_emplace(entry.name, tensors.size());
    if (!inserted.second)
      return badTensor(path, entry.name, "is also in '" + Twine(paths[tensors[inserted.first->second].file]) + "'");
    tensors.push_back(std::move(entry));
  }
  buffers.push_back(std::move(*buffer));
  dataStart.push_back(8 + header->size());
  paths.push_back(path.str());
  return Error::success();
}

//===----------------------------------------------------------------------===//
// TensorStore
//===----------------------------------------------------------------------===//

Expected<TensorStore> TensorStore::openFile(StringRef path) {
  TensorStore store;
  if (Error error = store.addFile(path))
    return std::move(error);
  return std::move(store);
}

/// Reads the index: tensor name to shard, only plain file names.
static Expected<std::map<std::string, std::string>> readIndex(StringRef path) {
  Expected<std::shared_ptr<MemoryBuffer>> buffer = mapFile(path);
  if (!buffer)
    return buffer.takeError();
  if ((*buffer)->getBufferSize() > maxHeaderBytes)
    return badFile(path, "larger than " + Twine(maxHeaderBytes) + " bytes");
  Expected<json::Object> object = parseObject(path, (*buffer)->getBuffer(), "the index");
  if (!object)
    return object.takeError();
  const json::Object *map = object->getObject("weight_map");
  if (!map || map->empty())
    return badFile(path, "no 'weight_map', or an empty one");
  std::map<std::string, std::string> shards;
  for (const auto &item : *map) {
    std::optional<StringRef> shard = item.second.getAsString();
    if (!shard)
      return badTensor(path, item.first, "its shard is no string");
    if (shard->empty() || *shard == "." || *shard == ".." ||
        shard->find_first_of(StringRef("/\\\0", 3)) != StringRef::npos)
      return badTensor(path, item.first, "shard '" + *shard + "' is not a plain file name");
    shards.emplace(item.first.str(), shard->str());
  }
  return shards;
}

Expected<TensorStore> TensorStore::openFolder(StringRef folder) {
  SmallString<128> single(folder), indexPath(folder);
  sys::path::append(single, "model.safetensors");
  sys::path::append(indexPath, "model.safetensors.index.json");
  if (sys::fs::exists(single))
    return openFile(single);
  if (!sys::fs::is_directory(folder))
    return createStringError("cannot read '" + folder + "': no such folder");
  if (!sys::fs::exists(indexPath))
    return badFile(folder, "neither model.safetensors nor model.safetensors.index.json in the folder");
  Expected<std::map<std::string, std::string>> shards = readIndex(indexPath);
  if (!shards)
    return shards.takeError();

  TensorStore store;
  std::set<std::string> names;
  for (const auto &item : *shards)
    names.insert(item.second);
  for (const std::string &name : names) {
    SmallString<128> path(folder);
    sys::path::append(path, name);
    if (!sys::fs::exists(path))
      return badFile(indexPath, "shard '" + Twine(name) + "' is missing in the folder");
    if (Error error = store.addFile(path))
      return std::move(error);
  }
  for (const auto &item : *shards) {
    const TensorEntry *entry = store.find(item.first);
    if (!entry || sys::path::filename(store.paths[entry->file]) != item.second)
      return badTensor(indexPath, item.first, "not in shard '" + Twine(item.second) + "'");
  }
  return std::move(store);
}

const TensorEntry *TensorStore::find(StringRef name) const {
  auto it = index.find(name);
  return it == index.end() ? nullptr : &tensors[it->second];
}

const std::string *TensorStore::metadata(StringRef key) const {
  auto it = texts.find(key);
  return it == texts.end() ? nullptr : &it->second;
}

ArrayRef<uint8_t> TensorStore::bytes(const TensorEntry &entry) const {
  StringRef data = buffers[entry.file]->getBuffer().substr(dataStart[entry.file] + entry.offset, entry.bytes);
  return arrayRefFromStringRef(data);
}

void TensorStore::release(const TensorEntry &entry) const {
  if (buffers[entry.file]->getBufferKind() != MemoryBuffer::MemoryBuffer_MMap)
    return;
  // Not MemoryBuffer::dontNeedIfMmap: its posix_madvise does nothing in glibc. The pages are clean copies of the file.
  ArrayRef<uint8_t> data = bytes(entry);
  uintptr_t page = sys::Process::getPageSizeEstimate(), begin = uintptr_t(data.begin()) / page * page;
  madvise(reinterpret_cast<void *>(begin), uintptr_t(data.end()) - begin, MADV_DONTNEED);
}

Expected<std::vector<float>> TensorStore::readFloats(const TensorEntry &entry) const {
  const uint8_t *data = bytes(entry).data();
  size_t count = entry.bytes / elementBytes(entry.kind);
  switch (entry.kind) {
  case ElementKind::F32:
  case ElementKind::F16:
  case ElementKind::BF16:
  case ElementKind::F64:
    break;
  default:
    return badTensor(paths[entry.file], entry.name,
                     "dtype " + elementName(entry.kind) + " is no float (F32, F16, BF16 or F64)");
  }
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    switch (entry.kind) {
    case ElementKind::F32:
      values[i] = llvm::bit_cast<float>(support::endian::read32le(data + 4 * i));
      break;
    case ElementKind::F16:
      values[i] = halfBitsToFloat(support::endian::read16le(data + 2 * i));
      break;
    case ElementKind::BF16:
      values[i] = bfloatBitsToFloat(support::endian::read16le(data + 2 * i));
      break;
    default:
      values[i] = float(llvm::bit_cast<double>(support::endian::read64le(data + 8 * i)));
    }
  }
  release(entry);
  return values;
}
