//===- Profile.cpp - Where the time of a model goes ------------------------===//
#include "Profile.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>

using namespace halftone::driver;

namespace {

/// The local functions of a program: tasks are not exported, so that the loader does not know their names.
class Symbols {
public:
  /// Of the file that holds `code`; empty if that cannot be read or has no symbol table.
  explicit Symbols(const void *code) {
    Dl_info info{};
    if (!dladdr(code, &info) || !info.dli_fname)
      return;
    try {
      file = readFile(info.dli_fname);
    } catch (const Failure &) {
      return;
    }
    Elf64_Ehdr header;
    if (!read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
      return;
    uint64_t base = header.e_type == ET_DYN ? uint64_t(info.dli_fbase) : 0;
    for (unsigned i = 0; i < header.e_shnum; ++i) {
      Elf64_Shdr section;
      if (read(header.e_shoff + uint64_t(i) * header.e_shentsize, section) && section.sh_type == SHT_SYMTAB)
        readTable(header, section, base);
    }
  }

  std::string nameOf(const void *code) const {
    auto found = names.find(uint64_t(code));
    return found == names.end() ? format("%p", code) : found->second;
  }

private:
  template <typename T>
  bool read(uint64_t offset, T &value) const {
    if (offset > file.size() || file.size() - offset < sizeof(T))
      return false;
    std::memcpy(&value, file.data() + offset, sizeof(T));
    return true;
  }

  void readTable(const Elf64_Ehdr &header, const Elf64_Shdr &table, uint64_t base) {
    Elf64_Shdr strings;
    if (!read(header.e_shoff + uint64_t(table.sh_link) * header.e_shentsize, strings))
      return;
    Elf64_Sym symbol;
    for (uint64_t at = 0; at + sizeof symbol <= table.sh_size && read(table.sh_offset + at, symbol);
         at += sizeof symbol) {
      uint64_t name = strings.sh_offset + symbol.st_name;
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || name >= file.size())
        continue;
      names[base + symbol.st_value] = std::string(file.data() + name, strnlen(file.data() + name, file.size() - name));
    }
  }

  std::string file;
  std::map<uint64_t, std::string> names;
};

} // namespace

Profile::Profile(halftone_context *context) : context(context) { check(halftone_set_profiler(context, add, this)); }

Profile::~Profile() { halftone_set_profiler(context, nullptr, nullptr); }

void Profile::add(void *self, const void *task, double seconds) {
  Entry &entry = static_cast<Profile *>(self)->tasks[task];
  ++entry.launches;
  entry.seconds += seconds;
}

std::vector<Profile::Entry> Profile::entries() const {
  std::vector<Entry> result;
  if (tasks.empty())
    return result;
  const Symbols symbols(tasks.begin()->first);
  const std::string suffix = "__task";
  for (const auto &[task, entry] : tasks) {
    result.push_back(entry);
    std::string &name = result.back().kernel = symbols.nameOf(task);
    if (name.size() > suffix.size() && name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0)
      name.resize(name.size() - suffix.size());
  }
  std::sort(result.begin(), result.end(), [](const Entry &a, const Entry &b) { return a.seconds > b.seconds; });
  return result;
}

bool Profile::isProduct(const std::string &kernel) {
  for (const char *prefix : {"dot", "vdot", "lut", "popcount", "dequant"})
    if (kernel.compare(0, std::strlen(prefix), prefix) == 0)
      return true;
  return false;
}
