//===- SafeTensors.h - Reading and writing safetensors files ----*- C++ -*-===//
//
// A reader that trusts nothing: every size is checked against the file before
// anything is allocated or read, offsets must be in range, sorted, without
// overlap. And a writer that leaves no half-written file.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_SUPPORT_SAFETENSORS_H
#define HALFTONE_SUPPORT_SAFETENSORS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace halftone {

enum class ElementKind { F32, F16, BF16, F64, I8, U8, I16, U16, I32, I64, Bool };

/// One tensor of a file: where it lies, not its data.
struct TensorEntry {
  std::string name;
  ElementKind kind = ElementKind::F32;
  std::vector<int64_t> shape;
  uint64_t offset = 0, bytes = 0; ///< within the data part of the file
  unsigned file = 0;              ///< index into the set's files
};

/// Tensors of one file, or of several shards.
class TensorStore {
public:
  /// Opens (maps) one .safetensors file.
  static llvm::Expected<TensorStore> openFile(llvm::StringRef path);
  /// Opens `model.safetensors` of a model folder, or the shards that
  /// `model.safetensors.index.json` names (plain file names inside the folder only).
  static llvm::Expected<TensorStore> openFolder(llvm::StringRef folder);

  /// nullptr if absent.
  const TensorEntry *find(llvm::StringRef name) const;
  /// All tensors, in file order.
  llvm::ArrayRef<TensorEntry> entries() const { return tensors; }
  /// Raw little-endian bytes of a tensor, in the mapped file.
  llvm::ArrayRef<uint8_t> bytes(const TensorEntry &entry) const;
  /// Lets the system take back the memory that shows a tensor of a mapped file. What is read later is read again.
  void release(const TensorEntry &entry) const;
  /// Elements as float (F32, F16, BF16, F64; others are an error that names the tensor). The copy is all that stays in
  /// memory: the mapped tensor is released.
  llvm::Expected<std::vector<float>> readFloats(const TensorEntry &entry) const;
  /// A text of the `__metadata__` of the file (of several, the first that has it), or null.
  const std::string *metadata(llvm::StringRef key) const;
  /// Paths of the files behind this store.
  llvm::ArrayRef<std::string> files() const { return paths; }

private:
  llvm::Error addFile(llvm::StringRef path);
  std::vector<std::shared_ptr<llvm::MemoryBuffer>> buffers;
  std::vector<uint64_t> dataStart;
  std::vector<std::string> paths;
  std::vector<TensorEntry> tensors;
  llvm::StringMap<unsigned> index;
  llvm::StringMap<std::string> texts; ///< of `__metadata__`
};

/// A tensor to write. `data` is called once, in order, and must append exactly the tensor's bytes to the stream.
struct TensorToWrite {
  std::string name;
  ElementKind kind = ElementKind::F32;
  std::vector<int64_t> shape;
  std::function<llvm::Error(llvm::raw_ostream &)> data;
};

/// Writes a safetensors file under a temporary name and renames it at the end; nothing is left behind on error (full
/// disk included). `metadata`: keys and texts for `__metadata__`.
llvm::Error writeSafeTensors(llvm::StringRef path, llvm::ArrayRef<TensorToWrite> tensors,
                             llvm::ArrayRef<std::pair<std::string, std::string>> metadata = {});

/// Bytes per element; the name as in the file's header ("F32", ...).
unsigned elementBytes(ElementKind kind);
llvm::StringRef elementName(ElementKind kind);

} // namespace halftone

#endif // HALFTONE_SUPPORT_SAFETENSORS_H
