//===- Artifact.cpp - LLVM IR to files that programs use ------------------===//

#include "halftone/Target/Artifact.h"
#include "Internal.h"
#include "halftone/Support/AtomicFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"

using namespace halftone;
using namespace halftone::artifact;
using namespace llvm;
namespace path = llvm::sys::path;

ArtifactKind halftone::artifactKind(StringRef file) {
  StringRef suffix = path::extension(file);
  if (suffix == ".ll")
    return ArtifactKind::LLVMIR;
  if (suffix == ".s")
    return ArtifactKind::Assembly;
  if (suffix == ".o")
    return ArtifactKind::Object;
  if (suffix == ".so")
    return ArtifactKind::SharedObject;
  return ArtifactKind::Executable;
}

/// Replaces what a C identifier cannot have.
static std::string identifier(StringRef text) {
  std::string name = text.str();
  for (char &c : name)
    if (!isAlnum(c))
      c = '_';
  // Names that begin with a digit are no identifiers, those with '_' are reserved.
  if (name.empty() || !isAlpha(name[0]))
    name = name.empty() ? "model" : "model_" + name.substr(name[0] == '_' ? 1 : 0);
  return name;
}

std::string halftone::cPrefix(StringRef file) { return identifier(file == "-" ? "model" : path::stem(file)); }

namespace {
/// Output files that all appear, or none.
class Outputs {
public:
  Error add(StringRef name, function_ref<Error(raw_ostream &)> write) {
    Expected<AtomicFile> file = AtomicFile::create(name);
    if (!file)
      return file.takeError();
    if (Error error = write(file->os()))
      return error;
    files.push_back(std::move(*file));
    names.push_back(name.str());
    return Error::success();
  }
  Error commit() {
    for (size_t i = 0; i != files.size(); ++i) {
      if (Error error = files[i].commit()) {
        for (size_t done = 0; done != i; ++done)
          if (sys::fs::is_regular_file(names[done]))
            sys::fs::remove(names[done]);
        return error;
      }
    }
    return Error::success();
  }

private:
  std::vector<AtomicFile> files;
  std::vector<std::string> names;
};

/// One compilation: the module, its target and where it goes.
class Writer {
public:
  Writer(Module &module, StringRef output, ArtifactKind kind, const ArtifactOptions &options)
      : module(module), output(output), kind(kind), options(options),
        prefix(options.baseName.empty() ? cPrefix(output) : identifier(options.baseName)) {}

  Error run() {
    if (Error error = prepare())
      return error;
    switch (kind) {
    case ArtifactKind::LLVMIR:
    case ArtifactKind::Assembly:
      return writeText();
    case ArtifactKind::Object:
      return writeObjectAndHeader();
    case ArtifactKind::SharedObject:
    case ArtifactKind::Executable:
      return writeLinked();
    }
    llvm_unreachable("covered switch");
  }

private:
  /// Cheap checks first: the rest takes long.
  Error prepare() {
    bool linked = kind == ArtifactKind::SharedObject || kind == ArtifactKind::Executable;
    if (output == "-" && linked)
      return failure("a linked program cannot go to standard output; name a file");
    if (kind == ArtifactKind::Executable) {
      if (!options.model)
        return failure("only a model becomes an executable; write an object (.o) or a shared object (.so) instead");
      if (Error error = checkExecutableTools(options))
        return error;
    }
    // An output folder that is missing or not writable is found now, not after the work.
    if (!sys::fs::exists(output) || sys::fs::is_regular_file(output))
      if (Expected<AtomicFile> probe = AtomicFile::create(output); !probe)
        return probe.takeError();
    Expected<SmallVector<Blob, 2>> collected = collectBlobs(options);
    if (!collected)
      return collected.takeError();
    blobs = std::move(*collected);
    // Functions for several CPUs are marked with theirs; what is not must run on all.
    const TargetInfo &least = options.variants.empty() ? options.target : options.variants.back().target;
    Expected<std::unique_ptr<TargetMachine>> created = createMachine(least, options.optLevel);
    if (!created)
      return created.takeError();
    machine = std::move(*created);
    if (Error error = prepareModule(module, *machine, prefix, kind, options))
      return error;
    if (options.sanitizeAddress)
      addRedzones(module, blobs, options.weightTensors);
    return Error::success();
  }

  /// The file beside a text output that `.incbin` reads.
  std::string sibling(const Blob &blob) const {
    return (output == "-" ? prefix : path::stem(output).str()) + blob.extension;
  }

  void appendBlobAssembly(bool incbin) {
    for (const Blob &blob : blobs)
      module.appendModuleInlineAsm(blobAssembly(blob, incbin ? sibling(blob) : "", machine->getTargetTriple()));
  }

  Error writeText() {
    Outputs outputs;
    if (output != "-") {
      for (const Blob &blob : blobs) {
        SmallString<128> file(path::parent_path(output));
        path::append(file, sibling(blob));
        if (Error error = outputs.add(file, [&](raw_ostream &os) { return copyBlob(blob, os); }))
          return error;
      }
    }
    SmallVector<char, 0> text;
    if (kind == ArtifactKind::LLVMIR) {
      appendBlobAssembly(/*incbin=*/true);
      raw_svector_ostream os(text);
      module.print(os, nullptr);
    } else if (Error error = emitAssembly(text)) {
      return error;
    }
    if (Error error = outputs.add(output, [&](raw_ostream &os) {
          os.write(text.data(), text.size());
          return Error::success();
        }))
      return error;
    return outputs.commit();
  }

  /// LLVM's printer would check that the assembly's files exist here, where they are still under temporary names, so
  /// the blobs' part is appended to the text.
  Error emitAssembly(SmallVectorImpl<char> &text) {
    if (Error error = emitModule(module, *machine, /*assembly=*/true, text))
      return error;
    for (const Blob &blob : blobs) {
      std::string part = blobAssembly(blob, sibling(blob), machine->getTargetTriple());
      text.append(part.begin(), part.end());
    }
    return Error::success();
  }

  Error emitObject(SmallVectorImpl<char> &object) {
    appendBlobAssembly(/*incbin=*/false);
    if (Error error = emitModule(module, *machine, /*assembly=*/false, object))
      return error;
    return checkUndefinedSymbols(object, machine->getTargetTriple(), options.sanitizeAddress);
  }

  Error writeObjectAndHeader() {
    SmallVector<char, 0> object;
    if (Error error = emitObject(object))
      return error;
    Outputs outputs;
    if (Error error = outputs.add(output, [&](raw_ostream &os) { return attachBlobs(object, blobs, os); }))
      return error;
    if (output != "-") {
      SmallString<128> header(output);
      path::replace_extension(header, ".h");
      std::string text = headerText(prefix, options);
      if (Error error = outputs.add(header, [&](raw_ostream &os) {
            os << text;
            return Error::success();
          }))
        return error;
    }
    return outputs.commit();
  }

  Error writeLinked() {
    SmallVector<char, 0> object;
    if (Error error = emitObject(object))
      return error;
    Expected<TemporaryFile> temporary = TemporaryFile::create(output, "o");
    if (!temporary)
      return temporary.takeError();
    if (Error error = attachBlobs(object, blobs, temporary->os()))
      return error;
    if (Error error = temporary->close())
      return error;
    Expected<AtomicFile> file = AtomicFile::create(output, /*executable=*/true);
    if (!file)
      return file.takeError();
    if (Error error = kind == ArtifactKind::Executable
                          ? linkExecutable(temporary->path(), file->temporaryPath(), options)
                          : linkSharedObject(temporary->path(), file->temporaryPath(), path::filename(output),
                                             publicSymbols(), options.target))
      return error;
    return file->commit();
  }

  std::vector<std::string> publicSymbols() const {
    if (options.model)
      return {modelSymbol(prefix, kind)};
    std::vector<std::string> names;
    for (const CFunction &function : options.functions)
      names.push_back(function.name);
    return names;
  }

  Module &module;
  StringRef output;
  ArtifactKind kind;
  const ArtifactOptions &options;
  std::string prefix;
  SmallVector<Blob, 2> blobs;
  std::unique_ptr<TargetMachine> machine;
};
} // namespace

Error halftone::writeArtifact(Module &module, StringRef output, ArtifactKind kind, const ArtifactOptions &options) {
  return Writer(module, output, kind, options).run();
}

Error halftone::writeArtifact(Module &module, StringRef output, const ArtifactOptions &options) {
  return writeArtifact(module, output, artifactKind(output), options);
}
