//===- SafeTensorsWriter.cpp - Writing safetensors files ------------------===//

#include "halftone/Support/AtomicFile.h"
#include "halftone/Support/SafeTensors.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"

using namespace halftone;
using namespace llvm;

/// Bytes of the tensor, or an error that names it.
static Expected<uint64_t> tensorBytes(StringRef path, const TensorToWrite &tensor) {
  uint64_t bytes = elementBytes(tensor.kind);
  for (int64_t extent : tensor.shape) {
    bool overflow = extent < 0;
    bytes = SaturatingMultiply<uint64_t>(bytes, extent, extent < 0 ? nullptr : &overflow);
    if (overflow)
      return createStringError("cannot write '" + path + "': tensor '" + tensor.name + "' has an impossible shape");
  }
  return bytes;
}

/// The bytes of every tensor. Errors: a name twice, reserved or not UTF-8; an impossible shape.
static Expected<std::vector<uint64_t>> checkTensors(StringRef path, ArrayRef<TensorToWrite> tensors) {
  std::vector<uint64_t> sizes;
  StringSet<> names;
  for (const TensorToWrite &tensor : tensors) {
    if (!names.insert(tensor.name).second || tensor.name == "__metadata__" || !json::isUTF8(tensor.name))
      return createStringError("cannot write '" + path + "': tensor name '" + tensor.name +
                               "' is used twice, reserved or not UTF-8");
    Expected<uint64_t> bytes = tensorBytes(path, tensor);
    if (!bytes)
      return bytes.takeError();
    sizes.push_back(*bytes);
  }
  return sizes;
}

/// The header: one entry per tensor in the given order, padded with spaces so that the data begins at a multiple of 8.
static std::string makeHeader(ArrayRef<TensorToWrite> tensors, ArrayRef<uint64_t> sizes,
                              ArrayRef<std::pair<std::string, std::string>> metadata) {
  std::string header;
  raw_string_ostream os(header);
  json::OStream out(os);
  uint64_t offset = 0;
  out.object([&] {
    if (!metadata.empty())
      out.attributeObject("__metadata__", [&] {
        for (const auto &[key, text] : metadata)
          out.attribute(key, text);
      });
    for (auto [tensor, bytes] : zip_equal(tensors, sizes)) {
      uint64_t end = offset + bytes;
      out.attributeObject(tensor.name, [&, &tensor = tensor] {
        out.attribute("dtype", elementName(tensor.kind));
        out.attributeArray("shape", [&] {
          for (int64_t extent : tensor.shape)
            out.value(extent);
        });
        out.attributeArray("data_offsets", [&] {
          out.value(int64_t(offset));
          out.value(int64_t(end));
        });
      });
      offset = end;
    }
  });
  out.flush();
  header.append(alignTo(header.size(), 8) - header.size(), ' ');
  return header;
}

Error halftone::writeSafeTensors(StringRef path, ArrayRef<TensorToWrite> tensors,
                                 ArrayRef<std::pair<std::string, std::string>> metadata) {
  Expected<std::vector<uint64_t>> sizes = checkTensors(path, tensors);
  if (!sizes)
    return sizes.takeError();
  std::string header = makeHeader(tensors, *sizes, metadata);
  Expected<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.takeError();
  raw_pwrite_stream &os = file->os();
  char length[8];
  support::endian::write64le(length, header.size());
  os.write(length, sizeof length);
  os << header;
  for (auto [tensor, size] : zip_equal(tensors, *sizes)) {
    uint64_t begin = os.tell();
    if (Error error = tensor.data(os))
      return error;
    if (os.tell() - begin != size)
      return createStringError("cannot write '" + path + "': tensor '" + tensor.name + "' gave " +
                               Twine(os.tell() - begin) + " bytes instead of " + Twine(size));
  }
  return file->commit();
}
