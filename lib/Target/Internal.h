//===- Internal.h - Parts of the artifact writer ----------------*- C++ -*-===//
#ifndef HALFTONE_LIB_TARGET_INTERNAL_H
#define HALFTONE_LIB_TARGET_INTERNAL_H

#include "halftone/Target/Artifact.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>
#include <utility>

namespace llvm {
class Constant;
class PassBuilder;
class TargetMachine;
class Triple;
} // namespace llvm

namespace halftone::artifact {

/// `createStringError` with one text.
llvm::Error failure(const llvm::Twine &message);

//===----------------------------------------------------------------------===//
// Blobs.cpp: bytes of files that become sections
//===----------------------------------------------------------------------===//

/// A file that becomes a read-only section with one local symbol at its start.
struct Blob {
  std::string symbol, section;
  std::string extension; ///< of the copy beside text outputs
  std::string file;
  uint64_t bytes = 0;
  unsigned alignment = 1; ///< a power of two
  uint64_t redzone = 0;   ///< bytes behind it that nothing may touch; both together are a multiple of 64
};

/// The blobs that an artifact needs (weights, tokenizer). Errors: unreadable files, wrong sizes.
llvm::Expected<llvm::SmallVector<Blob, 2>> collectBlobs(const ArtifactOptions &options);

/// Assembly that defines the blob's section from the file `sibling`, or, with an empty `sibling`, a section without
/// bytes of the right size (`attachBlobs` adds them).
std::string blobAssembly(const Blob &blob, llvm::StringRef sibling, const llvm::Triple &triple);

/// Writes an ELF64 object whose blob sections are still without bytes, with the bytes of the files attached.
/// The files are streamed, so that no copy of the weights is ever in memory.
llvm::Error attachBlobs(llvm::SmallVectorImpl<char> &object, llvm::ArrayRef<Blob> blobs, llvm::raw_ostream &os);

/// Appends the blob's file to `os`.
llvm::Error copyBlob(const Blob &blob, llvm::raw_ostream &os);

//===----------------------------------------------------------------------===//
// Description.cpp
//===----------------------------------------------------------------------===//

/// Name of the symbol of a model's description in an artifact of a kind.
std::string modelSymbol(llvm::StringRef prefix, ArtifactKind kind);

/// Adds the constant `halftone_model` under that name.
llvm::Error addDescription(llvm::Module &module, llvm::StringRef symbol, const ArtifactOptions &options);

/// Declares the symbol of a blob; the definition is assembly.
llvm::Constant *declareBlob(llvm::Module &module, llvm::StringRef symbol);

//===----------------------------------------------------------------------===//
// CodeGen.cpp
//===----------------------------------------------------------------------===//

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createMachine(const TargetInfo &target, unsigned optLevel);

/// Makes the module whole (target, visibility, weights pointer, description), verifies and optimizes it.
llvm::Error prepareModule(llvm::Module &module, llvm::TargetMachine &machine, llvm::StringRef prefix, ArtifactKind kind,
                          const ArtifactOptions &options);

/// Appends assembly (`assembly`: text, else an object) of the prepared module to `out`.
llvm::Error emitModule(llvm::Module &module, llvm::TargetMachine &machine, bool assembly,
                       llvm::SmallVectorImpl<char> &out);

/// Errors when the object needs a symbol that is in neither libc nor libm; with `sanitized`, AddressSanitizer's are
/// fine.
llvm::Error checkUndefinedSymbols(llvm::ArrayRef<char> object, const llvm::Triple &triple, bool sanitized);

//===----------------------------------------------------------------------===//
// Sanitizer.cpp
//===----------------------------------------------------------------------===//

/// Instruments, at the end of the optimizer, all functions with the attribute sanitize_address, and globals.
void addAddressSanitizer(llvm::PassBuilder &builder);

/// Adds functions that tell AddressSanitizer, when the program starts, what of the blobs is a redzone. For modules that
/// are instrumented already.
void addRedzones(llvm::Module &module, llvm::ArrayRef<Blob> blobs, llvm::ArrayRef<WeightTensor> tensors);

//===----------------------------------------------------------------------===//
// Linker.cpp
//===----------------------------------------------------------------------===//

/// Links `object` (a path) into the shared object `output` that exports `symbols` and nothing else.
llvm::Error linkSharedObject(llvm::StringRef object, llvm::StringRef output, llvm::StringRef soname,
                             llvm::ArrayRef<std::string> symbols, const TargetInfo &target);

/// Checks what can be checked before the long work: a C compiler and the libraries.
llvm::Error checkExecutableTools(const ArtifactOptions &options);
/// Links `object` with the runtime's libraries into a program.
llvm::Error linkExecutable(llvm::StringRef object, llvm::StringRef output, const ArtifactOptions &options);

/// A file that is removed when it goes out of scope or the program is interrupted.
class TemporaryFile {
public:
  /// In the folder of `near`, or in the system's folder for temporary files if that is empty.
  static llvm::Expected<TemporaryFile> create(llvm::StringRef near, llvm::StringRef suffix);
  TemporaryFile(TemporaryFile &&other)
      : name(std::exchange(other.name, "")), purpose(std::move(other.purpose)), stream(std::move(other.stream)) {}
  TemporaryFile &operator=(TemporaryFile &&) = delete;
  ~TemporaryFile();
  llvm::StringRef path() const { return name; }
  llvm::raw_ostream &os() { return *stream; }
  /// Ends writing. The error names the file that it is for.
  llvm::Error close();

private:
  TemporaryFile() = default;
  std::string name;
  std::string purpose; ///< the file that an error names
  std::unique_ptr<llvm::raw_fd_ostream> stream;
};

} // namespace halftone::artifact

#endif // HALFTONE_LIB_TARGET_INTERNAL_H
