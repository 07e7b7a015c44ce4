//===- Linker.cpp - Shared objects and executables ------------------------===//

#include "Internal.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <cmath>
#include <cstdlib>
#include <dlfcn.h>

using namespace halftone;
using namespace halftone::artifact;
using namespace llvm;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

//===----------------------------------------------------------------------===//
// Temporary files
//===----------------------------------------------------------------------===//

Expected<TemporaryFile> TemporaryFile::create(StringRef near, StringRef suffix) {
  SmallString<128> name;
  int fd = -1;
  std::error_code ec = near.empty() ? fs::createTemporaryFile("halftone", suffix, fd, name)
                                    : fs::createUniqueFile(near + ".tmp-%%%%%%%%." + suffix, fd, name);
  if (ec)
    return failure("cannot write a temporary file for '" + (near.empty() ? "the linker" : near) + "': " + ec.message());
  TemporaryFile file;
  file.name = name.str().str();
  file.purpose = near.empty() ? file.name : near.str();
  sys::RemoveFileOnSignal(file.name);
  file.stream = std::make_unique<raw_fd_ostream>(fd, /*shouldClose=*/true);
  return std::move(file);
}

Error TemporaryFile::close() {
  stream->close();
  std::error_code ec = stream->error();
  stream->clear_error();
  stream.reset();
  if (ec)
    return failure("cannot write '" + purpose + "': " + ec.message());
  return Error::success();
}

TemporaryFile::~TemporaryFile() {
  if (name.empty())
    return;
  if (stream)
    consumeError(close());
  fs::remove(name);
  sys::DontRemoveFileOnSignal(name);
}

//===----------------------------------------------------------------------===//
// Running a linker
//===----------------------------------------------------------------------===//

/// The first of the programs that is on the path; empty: none.
static std::string findProgram(ArrayRef<StringRef> names) {
  for (StringRef name : names)
    if (ErrorOr<std::string> found = sys::findProgramByName(name))
      return *found;
  return "";
}

/// Runs a program; what it prints becomes the error's text when it fails.
static Error runProgram(StringRef program, ArrayRef<std::string> arguments, StringRef output) {
  Expected<TemporaryFile> log = TemporaryFile::create("", "log");
  if (!log)
    return log.takeError();
  SmallVector<StringRef> argv{program};
  argv.append(arguments.begin(), arguments.end());
  std::string message;
  std::optional<StringRef> redirects[] = {StringRef(""), log->path(), log->path()};
  int status = sys::ExecuteAndWait(program, argv, std::nullopt, redirects, 0, 0, &message);
  if (status == 0)
    return Error::success();
  std::string text;
  if (ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(log->path()))
    text = (*buffer)->getBuffer().trim().str();
  if (text.empty())
    text = message.empty() ? "exit code " + std::to_string(status) : message;
  return failure("cannot link '" + output + "': " + path::filename(program) + " says: " + text);
}

//===----------------------------------------------------------------------===//
// Shared objects
//===----------------------------------------------------------------------===//

/// Paths of the libc and libm that this process runs with, to link against without their development packages.
static std::vector<std::string> hostLibraries() {
  std::vector<std::string> result;
  for (void *address :
       {reinterpret_cast<void *>(static_cast<double (*)(double)>(&::exp)), reinterpret_cast<void *>(&::malloc)}) {
    Dl_info info;
    if (dladdr(address, &info) && info.dli_fname && StringRef(info.dli_fname).contains(".so") &&
        fs::exists(info.dli_fname) && (result.empty() || result.back() != info.dli_fname))
      result.push_back(info.dli_fname);
  }
  return result;
}

static bool isHost(const TargetInfo &target) {
  Triple wanted(target.triple), host(sys::getProcessTriple());
  return wanted.getArch() == host.getArch() && wanted.getOS() == host.getOS();
}

Error artifact::linkSharedObject(StringRef object, StringRef output, StringRef soname, ArrayRef<std::string> symbols,
                                 const TargetInfo &target) {
  std::string lld = findProgram({"ld.lld-22", "ld.lld"});
  std::string cc = isHost(target) ? findProgram({"cc", "gcc", "clang-22", "clang"}) : "";
  if (lld.empty() && cc.empty())
    return failure("cannot find a linker (ld.lld-22, ld.lld" + Twine(isHost(target) ? ", cc" : "") +
                   "): install lld-22");
  Expected<TemporaryFile> script = TemporaryFile::create("", "map");
  if (!script)
    return script.takeError();
  script->os() << "{ global: ";
  for (const std::string &symbol : symbols)
    script->os() << symbol << "; ";
  script->os() << "local: *; };\n";
  if (Error error = script->close())
    return error;

  std::vector<std::string> flags = {
      "--build-id=none", "--version-script=" + script->path().str(), "--soname=" + soname.str(), "-zrelro", "-znow",
      "-znoexecstack"};
  std::vector<std::string> arguments = {"-shared", "-o", output.str(), object.str()};
  if (!lld.empty()) {
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    arguments.push_back("--hash-style=gnu");
    arguments.push_back("--as-needed");
    if (isHost(target))
      llvm::append_range(arguments, hostLibraries());
    return runProgram(lld, arguments, soname);
  }
  for (const std::string &flag : flags)
    llvm::append_range(arguments, std::vector<std::string>{"-Xlinker", flag});
  arguments.push_back("-nostartfiles");
  arguments.push_back("-lm");
  return runProgram(cc, arguments, soname);
}

//===----------------------------------------------------------------------===//
// Executables
//===----------------------------------------------------------------------===//

static const char *const runtimeLibraries[] = {"libhalftone_main.a", "libhalftone_tokenizer.a",
                                               "libhalftone_runtime.a"};

static bool isAArch64Linux(const TargetInfo &target) {
  Triple wanted(target.triple);
  return wanted.getArch() == Triple::aarch64 && wanted.isOSLinux();
}

/// The runtime of this machine lies in lib/ beside this program's folder, the one that was built for AArch64 by a cross
/// compiler in aarch64-linux-gnu/lib/ there (cmake/CrossRuntime.cmake).
static std::string libraryFolder(const ArtifactOptions &options) {
  if (!options.libraryDir.empty())
    return options.libraryDir;
  if (std::optional<std::string> folder = sys::Process::GetEnv("HALFTONE_LIBRARY_DIR"))
    if (!folder->empty())
      return *folder;
  static int anchor; // an address inside this program
  SmallString<128> folder(path::parent_path(fs::getMainExecutable(nullptr, &anchor)));
  path::append(folder, "..");
  if (!isHost(options.target))
    path::append(folder, "aarch64-linux-gnu");
  path::append(folder, "lib");
  path::remove_dots(folder, /*remove_dot_dot=*/true);
  return folder.str().str();
}

static std::string findCompiler(const TargetInfo &target) {
  if (!isHost(target))
    return findProgram({"aarch64-linux-gnu-g++"});
  return findProgram({"cc", "gcc", "clang-22", "clang"});
}

Error artifact::checkExecutableTools(const ArtifactOptions &options) {
  bool cross = !isHost(options.target);
  if (cross && !isAArch64Linux(options.target))
    return failure("cannot link an executable for '" + options.target.triple +
                   "' on this machine; write an object (.o) and link it there");
  if (findCompiler(options.target).empty())
    return failure(cross ? "cannot find aarch64-linux-gnu-g++ to link with: install g++-aarch64-linux-gnu, or write an "
                           "object (.o) and link it there"
                         : "cannot find a C compiler to link with (cc, gcc, clang-22, clang): install gcc or clang-22");
  std::string folder = libraryFolder(options);
  for (StringRef library : runtimeLibraries) {
    SmallString<128> file(folder);
    path::append(file, library);
    if (!fs::exists(file))
      return failure("cannot find '" + library + "' in '" + folder + "'; build the runtime" +
                     (cross ? " for AArch64 (target halftone-aarch64)" : "") +
                     ", or name its folder in HALFTONE_LIBRARY_DIR");
  }
  return Error::success();
}

/// What the runtime of a target needs. A cross-compiled one stands alone but for libc.
static ArrayRef<const char *> systemLibraries(const TargetInfo &target) {
  static const char *const host[] = {"-lpthreadpool", "-lcpuinfo", "-lsentencepiece", "-lstdc++",
                                     "-lm",           "-ldl",      "-lpthread"};
  static const char *const cross[] = {"-static-libstdc++", "-static-libgcc", "-lm", "-ldl", "-lpthread"};
  return isHost(target) ? ArrayRef(host) : ArrayRef(cross);
}

Error artifact::linkExecutable(StringRef object, StringRef output, const ArtifactOptions &options) {
  if (Error error = checkExecutableTools(options))
    return error;
  std::string folder = libraryFolder(options);
  std::vector<std::string> arguments = {"-o", output.str(), object.str()};
  for (StringRef library : runtimeLibraries) {
    SmallString<128> file(folder);
    path::append(file, library);
    arguments.push_back(file.str().str());
  }
  if (options.sanitizeAddress)
    arguments.push_back("-fsanitize=address");
  for (const char *flag : {"-Wl,--build-id=none", "-Wl,--as-needed", "-Wl,-z,noexecstack"})
    arguments.push_back(flag);
  llvm::append_range(arguments, systemLibraries(options.target));
  return runProgram(findCompiler(options.target), arguments, output);
}
