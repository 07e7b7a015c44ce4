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

/// The header: one entry per tensor in the given order, padded with spaces so that the data begins at a multiple of 8.
static Expected<std::string> makeHeader(StringRef path, ArrayRef<TensorToWrite> tensors, std::vector<uint64_t> &sizes) {
  std::string header;
  raw_string_ostream os(header);
  json::OStream out(os);
  StringSet<> names;
  uint64_t offset = 0;
  out.objectBegin();
  for (const TensorToWrite &tensor : tensors) {
    if (!names.insert(tensor.name).second || tensor.name == "__metadata__" || !json::isUTF8(tensor.name))
      return createStringError("cannot write '" + path + "': tensor name '" + tensor.name +
                               "' is used twice, reserved or not UTF-8");
    Expected<uint64_t> bytes = tensorBytes(path, tensor);
    if (!bytes)
      return bytes.takeError();
    out.attributeObject(tensor.name, [&] {
      out.attribute("dtype", elementName(tensor.kind));
      out.attributeArray("shape", [&] {
        for (int64_t extent : tensor.shape)
          out.value(extent);
      });
      out.attributeArray("data_offsets", [&] {
        out.value(int64_t(offset));
        out.value(int64_t(offset + *bytes));
      });
    });
    offset += *bytes;
    sizes.push_back(*bytes);
  }
  out.objectEnd();
  out.flush();
  header.append(alignTo(header.size(), 8) - header.size(), ' ');
  return header;
}

Error halftone::writeSafeTensors(StringRef path, ArrayRef<TensorToWrite> tensors) {
  std::vector<uint64_t> sizes;
  Expected<std::string> header = makeHeader(path, tensors, sizes);
  if (!header)
    return header.takeError();
  Expected<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.takeError();
  raw_pwrite_stream &os = file->os();
  char length[8];
  support::endian::write64le(length, header->size());
  os.write(length, sizeof length);
  os << *header;
  for (auto [tensor, size] : zip_equal(tensors, sizes)) {
    uint64_t begin = os.tell();
    if (Error error = tensor.data(os))
      return error;
    if (os.tell() - begin != size)
      return createStringError("cannot write '" + path + "': tensor '" + tensor.name + "' gave " +
                               Twine(os.tell() - begin) + " bytes instead of " + Twine(size));
  }
  return file->commit();
}
