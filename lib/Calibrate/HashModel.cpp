//===- HashModel.cpp - Which model statistics are of ----------------------===//

#include "halftone/Calibrate/Statistics.h"
#include "halftone/Driver/Weights.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace halftone;
using namespace llvm;

namespace {
/// Every part is hashed behind its length, so that no two lists of parts give the same bytes.
class PartHasher {
public:
  void add(ArrayRef<uint8_t> part) {
    number(part.size());
    hasher.update(part);
  }
  void add(StringRef part) { add(arrayRefFromStringRef(part)); }
  void number(uint64_t value) {
    uint8_t bytes[8];
    support::endian::write64le(bytes, value);
    hasher.update(bytes);
  }
  std::string finish() { return toHex(hasher.final<16>(), /*LowerCase=*/true); }

private:
  BLAKE3 hasher;
};
} // namespace

Expected<std::string> halftone::hashModel(StringRef input) {
  SmallString<128> description(input);
  if (sys::fs::is_directory(input))
    sys::path::append(description, "config.json");
  ErrorOr<std::unique_ptr<MemoryBuffer>> text = MemoryBuffer::getFile(description);
  if (!text)
    return createStringError("cannot read '" + description + "': " + text.getError().message());
  Expected<TensorStore> store = openWeights(input);
  if (!store)
    return store.takeError();
  PartHasher hasher;
  hasher.add((*text)->getBuffer());
  std::vector<const TensorEntry *> entries;
  for (const TensorEntry &entry : store->entries())
    entries.push_back(&entry);
  sort(entries, [](const TensorEntry *a, const TensorEntry *b) { return a->name < b->name; });
  for (const TensorEntry *entry : entries) {
    hasher.add(entry->name);
    hasher.add(elementName(entry->kind));
    hasher.number(entry->shape.size());
    for (int64_t size : entry->shape)
      hasher.number(uint64_t(size));
    hasher.add(store->bytes(*entry));
    store->release(*entry);
  }
  return hasher.finish();
}
