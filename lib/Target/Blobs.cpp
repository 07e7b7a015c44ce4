//===- Blobs.cpp - Bytes of files that become sections --------------------===//
//
// Weights reach an object without passing through LLVM: the assembler sees a
// section without bytes (SHT_NOBITS) of the right size, and the bytes are attached
// to the finished object. Time is that of copying the file, memory is constant, and
// sections beyond 4 GiB, which LLVM's assembler cannot hold, work.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/Triple.h"

using namespace halftone;
using namespace halftone::artifact;
using namespace llvm;
using object::ELF64LE;
namespace fs = llvm::sys::fs;

/// Weights of this size and more may push other sections out of the reach of 32-bit offsets; on x86-64 they go
/// where linkers expect large data.
static constexpr uint64_t largeBytes = uint64_t(1) << 30;

static Error cannotRead(StringRef path, const Twine &why) { return failure("cannot read '" + path + "': " + why); }

static Expected<uint64_t> fileBytes(StringRef path) {
  fs::file_status status;
  if (std::error_code ec = fs::status(path, status))
    return cannotRead(path, ec.message());
  if (status.type() != fs::file_type::regular_file)
    return cannotRead(path, "not a regular file");
  return status.getSize();
}

/// Room that AddressSanitizer guards: far beyond the widest access of a kernel.
static uint64_t redzoneOf(uint64_t bytes) { return alignTo(bytes + 4096, 64) - bytes; }

Expected<SmallVector<Blob, 2>> artifact::collectBlobs(const ArtifactOptions &options) {
  SmallVector<Blob, 2> blobs;
  if (!options.weightsFile.empty() && options.weightBytes) {
    Expected<uint64_t> bytes = fileBytes(options.weightsFile);
    if (!bytes)
      return bytes.takeError();
    if (*bytes != options.weightBytes)
      return cannotRead(options.weightsFile, "it has " + Twine(*bytes) + " bytes instead of " +
                                                 Twine(options.weightBytes) + "; was it changed meanwhile?");
    bool large = options.target.x86 && *bytes >= largeBytes;
    blobs.push_back({"halftone_weights", large ? ".lrodata.halftone.weights" : ".halftone.weights", ".weights",
                     options.weightsFile, *bytes, 4096});
  }
  if (options.model && !options.model->tokenizerFile.empty()) {
    Expected<uint64_t> bytes = fileBytes(options.model->tokenizerFile);
    if (!bytes)
      return bytes.takeError();
    if (*bytes == 0)
      return cannotRead(options.model->tokenizerFile, "the tokenizer is empty");
    blobs.push_back(
        {"halftone_tokenizer", ".halftone.tokenizer", ".tokenizer", options.model->tokenizerFile, *bytes, 16});
  }
  if (options.sanitizeAddress)
    for (Blob &blob : blobs)
      blob.redzone = redzoneOf(blob.bytes);
  return blobs;
}

/// A file name as an assembler string.
static std::string quoted(StringRef text) {
  std::string result = "\"";
  raw_string_ostream os(result);
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      os << '\\' << c;
    else if (c < 0x20 || c >= 0x7f)
      os << '\\' << char('0' + (c >> 6)) << char('0' + (c >> 3 & 7)) << char('0' + (c & 7));
    else
      os << c;
  }
  return result + "\"";
}

std::string artifact::blobAssembly(const Blob &blob, StringRef sibling, const Triple &triple) {
  std::string text;
  raw_string_ostream os(text);
  bool large = StringRef(blob.section).starts_with(".lrodata");
  os << "\t.section\t" << blob.section << ",\"" << (large ? "al" : "a") << "\","
     << (sibling.empty() ? "@nobits" : "@progbits") << "\n\t.p2align\t" << Log2_32(blob.alignment) << "\n\t.type\t"
     << blob.symbol << ",@object\n\t.size\t" << blob.symbol << ", " << blob.bytes << '\n'
     << blob.symbol << ":\n";
  if (sibling.empty())
    os << "\t.zero\t" << blob.bytes + blob.redzone << '\n';
  else
    os << "\t.incbin\t" << quoted(sibling) << '\n';
  if (!sibling.empty() && blob.redzone)
    os << "\t.zero\t" << blob.redzone << '\n';
  os << "\t.text\n";
  return text;
}

Error artifact::copyBlob(const Blob &blob, raw_ostream &os) {
  Expected<fs::file_t> file = fs::openNativeFileForRead(blob.file);
  if (!file)
    return cannotRead(blob.file, toString(file.takeError()));
  std::vector<char> buffer(1 << 20);
  uint64_t total = 0;
  Error error = Error::success();
  while (true) {
    Expected<size_t> count = fs::readNativeFile(*file, MutableArrayRef<char>(buffer.data(), buffer.size()));
    if (!count) {
      error = joinErrors(std::move(error), cannotRead(blob.file, toString(count.takeError())));
      break;
    }
    if (*count == 0)
      break;
    total += *count;
    os.write(buffer.data(), *count);
  }
  fs::closeFile(*file);
  if (!error && total != blob.bytes)
    return cannotRead(blob.file, "it has " + Twine(total) + " bytes instead of " + Twine(blob.bytes) +
                                     "; was it changed meanwhile?");
  return error;
}

/// The section header of a blob inside `object`.
static Expected<ELF64LE::Shdr *> findSection(SmallVectorImpl<char> &object, const Blob &blob) {
  Expected<object::ELFFile<ELF64LE>> elf = object::ELFFile<ELF64LE>::create(StringRef(object.data(), object.size()));
  if (!elf)
    return elf.takeError();
  Expected<ELF64LE::ShdrRange> sections = elf->sections();
  if (!sections)
    return sections.takeError();
  for (const ELF64LE::Shdr &section : *sections) {
    Expected<StringRef> name = elf->getSectionName(section);
    if (!name)
      return name.takeError();
    if (*name == blob.section && section.sh_type == ELF::SHT_NOBITS && section.sh_size == blob.bytes + blob.redzone)
      return const_cast<ELF64LE::Shdr *>(&section);
  }
  return failure("the object has no section '" + blob.section + "' of " + Twine(blob.bytes + blob.redzone) + " bytes");
}

Error artifact::attachBlobs(SmallVectorImpl<char> &object, ArrayRef<Blob> blobs, raw_ostream &os) {
  uint64_t end = object.size();
  for (const Blob &blob : blobs) {
    Expected<ELF64LE::Shdr *> section = findSection(object, blob);
    if (!section)
      return section.takeError();
    end = alignTo(end, blob.alignment);
    (*section)->sh_type = ELF::SHT_PROGBITS;
    (*section)->sh_offset = end;
    end += blob.bytes + blob.redzone;
  }
  os.write(object.data(), object.size());
  uint64_t position = object.size();
  for (const Blob &blob : blobs) {
    os.write_zeros(alignTo(position, blob.alignment) - position);
    if (Error error = copyBlob(blob, os))
      return error;
    os.write_zeros(blob.redzone);
    position = alignTo(position, blob.alignment) + blob.bytes + blob.redzone;
  }
  return Error::success();
}
