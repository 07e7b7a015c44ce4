//===- LinkTest.cpp - Shared objects and executables ----------------------===//

#include "ArtifactFixture.h"
#include "halftone/abi.h"

#include <dlfcn.h>

using namespace halftone;
using namespace halftone::test;
using namespace llvm;

namespace {
class LinkTest : public ArtifactFixture {
protected:
  void TearDown() override {
    if (library)
      dlclose(library);
    setenv("PATH", path.c_str(), 1);
    unsetenv("HALFTONE_LIBRARY_DIR");
    ArtifactFixture::TearDown();
  }

  /// Names that a shared object defines for others, sorted.
  static std::vector<std::string> exports(const std::string &file) {
    auto buffer = cantFail(errorOrToExpected(MemoryBuffer::getFile(file)));
    auto object = cantFail(object::ObjectFile::createObjectFile(buffer->getMemBufferRef()));
    std::vector<std::string> names;
    for (const object::ELFSymbolRef &symbol : cast<object::ELFObjectFileBase>(*object).getDynamicSymbolIterators())
      if (!(cantFail(symbol.getFlags()) & object::SymbolRef::SF_Undefined))
        names.push_back(cantFail(symbol.getName()).str());
    llvm::sort(names);
    return names;
  }

  /// Only these programs are on the path.
  void onlyPrograms(std::initializer_list<StringRef> names) {
    ASSERT_FALSE(sys::fs::create_directory(at("bin")));
    for (StringRef name : names)
      ASSERT_EQ(shell("ln -s $(command -v " + name.str() + ") bin/" + name.str()), "");
    setenv("PATH", at("bin").c_str(), 1);
  }
  /// A program of the given name that runs a shell script and the only one on the path.
  void onlyScript(StringRef name, StringRef script) {
    ASSERT_FALSE(sys::fs::create_directory(at("bin")));
    std::string file = writeFile(("bin/" + name).str(), ("#!/bin/sh\n" + script).str());
    ASSERT_FALSE(sys::fs::setPermissions(file, sys::fs::all_all));
    setenv("PATH", at("bin").c_str(), 1);
  }

  /// Libraries with the names of the runtime's; the program prints the model's name and one weight.
  void makeRuntime() {
    writeFile("main.c", R"(
#include "halftone/abi.h"
#include <stdio.h>
extern const halftone_model halftone_model_v1;
int main(int argc, char **argv) {
  int32_t token = argc > 1 ? 100 : 3;
  float hidden;
  halftone_model_v1.decode(0, &token, 0, 0, 0, &hidden, 0, 1);
  printf("%s %g\n", halftone_model_v1.name, hidden);
  return 0;
}
)");
    writeFile("empty.c", "typedef int nothing;\n");
    ASSERT_EQ(
        shell("mkdir lib && cc" + cFlags() +
              "-c main.c empty.c && ar rc lib/libhalftone_main.a main.o && ar rc lib/libhalftone_runtime.a empty.o "
              "&& ar rc lib/libhalftone_tokenizer.a empty.o && rm main.c main.o empty.c empty.o"),
        "");
  }

  std::string path = getenv("PATH");
  void *library = nullptr;
};
} // namespace

TEST_F(LinkTest, SharedObjectExportsOnlyTheDescription) {
  ASSERT_EQ(write(modelModule(), at("m.so"), modelOptions()), "");
  EXPECT_EQ(listing(), "m.so packed-weights ");
  EXPECT_EQ(exports(at("m.so")), std::vector<std::string>{HALFTONE_MODEL_SYMBOL});
  library = dlopen(at("m.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(library) << dlerror();
  auto *model = static_cast<const halftone_model *>(dlsym(library, HALFTONE_MODEL_SYMBOL));
  ASSERT_TRUE(model);
  EXPECT_EQ(model->magic, HALFTONE_MODEL_MAGIC);
  EXPECT_EQ(model->weight_bytes, 5000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(model->weights) % 4096, 0u);
  EXPECT_EQ(StringRef(static_cast<const char *>(model->weights), 5000), weightBytes());
  int32_t token = 100;
  float hidden = 0;
  EXPECT_EQ(model->decode(nullptr, &token, 0, nullptr, nullptr, &hidden, nullptr, 1), 0);
  EXPECT_EQ(hidden, 198);
}

TEST_F(LinkTest, SharedObjectFindsLibm) {
  for (std::initializer_list<StringRef> programs :
       {std::initializer_list<StringRef>{"ld.lld-22"}, {"ld.lld"}, {"cc", "ld", "as"}}) {
    if (shell("command -v " + programs.begin()->str()).find('[') != std::string::npos)
      continue;
    onlyPrograms(programs);
    EXPECT_EQ(write(pickModule(), at("pick.so"), pickOptions()), "");
    setenv("PATH", path.c_str(), 1);
    EXPECT_EQ(exports(at("pick.so")), std::vector<std::string>{"pick"});
    // Everything that it needs is in the libraries it names: no undefined symbol when a program links with it.
    writeFile("main.c", "int main(void) { return 0; }\n");
    EXPECT_EQ(shell("cc main.c -Wl,--no-as-needed ./pick.so -Wl,-rpath,. -Wl,-z,defs -o main && ./main"), "");
    library = dlopen(at("pick.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(library) << dlerror();
    auto *pick = reinterpret_cast<int32_t (*)(const void *, const int32_t *, float *)>(dlsym(library, "pick"));
    int32_t index = 36;
    float result = 0;
    EXPECT_EQ(pick(nullptr, &index, &result), 0);
    EXPECT_FLOAT_EQ(result, 2.7182818f);
    dlclose(library);
    library = nullptr;
    ASSERT_EQ(shell("rm -r bin pick.so main main.c"), "");
  }
}

TEST_F(LinkTest, SharedObjectsAreReproducible) {
  ASSERT_EQ(write(modelModule(), at("m.so"), modelOptions()), "");
  std::string first = readFile(at("m.so"));
  ASSERT_EQ(write(modelModule(), at("m.so"), modelOptions()), "");
  EXPECT_TRUE(first == readFile(at("m.so")));
  EXPECT_EQ(first.find(folder), std::string::npos);
}

TEST_F(LinkTest, SharedObjectOfAnotherArchitecture) {
  if (shell("command -v ld.lld-22 || command -v ld.lld").find('[') != std::string::npos)
    GTEST_SKIP() << "no lld";
  ArtifactOptions options = modelOptions();
  options.target = target("cortex-a76", "aarch64-linux-gnu");
  ASSERT_EQ(write(modelModule(), at("m.so"), options), "");
  EXPECT_EQ(exports(at("m.so")), std::vector<std::string>{HALFTONE_MODEL_SYMBOL});
}

TEST_F(LinkTest, NoLinker) {
  onlyPrograms({});
  EXPECT_EQ(write(modelModule(), at("m.so"), modelOptions()),
            "cannot find a linker (ld.lld-22, ld.lld, cc): install lld-22");
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(listing(), "bin packed-weights ");
}

TEST_F(LinkTest, LinkersMessageIsPassedOn) {
  onlyScript("ld.lld-22", "echo something is wrong >&2\nexit 1\n");
  EXPECT_EQ(write(modelModule(), at("m.so"), modelOptions()), "cannot link 'm.so': ld.lld-22 says: something is wrong");
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(listing(), "bin packed-weights ");
}

TEST_F(LinkTest, ExecutableRuns) {
  makeRuntime();
  setenv("HALFTONE_LIBRARY_DIR", at("lib").c_str(), 1);
  ASSERT_EQ(write(modelModule(), at("tiny"), modelOptions()), "");
  EXPECT_EQ(listing(), "lib packed-weights tiny ");
  EXPECT_EQ(shell("./tiny && ./tiny x"), "tiny \"one\" 21\ntiny \"one\" 198\n");
  std::string first = readFile(at("tiny"));
  ASSERT_EQ(write(modelModule(), at("tiny"), modelOptions()), "");
  EXPECT_TRUE(first == readFile(at("tiny")));
  EXPECT_EQ(first.find(folder), std::string::npos);
}

TEST_F(LinkTest, ExecutableHasTheRuntime) {
  ArtifactOptions options = modelOptions();
  options.libraryDir = HALFTONE_RUNTIME_LIBRARIES;
  options.model->heads = options.model->kvHeads = 1;
  options.model->keyCacheBytes = options.model->valueCacheBytes = 5 * 9 * 128 * sizeof(float);
  ASSERT_EQ(write(modelModule(), at("tiny"), options), "");
  std::string text = shell("./tiny --info");
  EXPECT_EQ(text.find("[exit code"), std::string::npos) << text;
  EXPECT_NE(text.find("tiny \"one\""), std::string::npos) << text;
}

TEST_F(LinkTest, ExecutableNeedsTheRuntime) {
  makeRuntime();
  ASSERT_EQ(shell("rm lib/libhalftone_tokenizer.a"), "");
  ArtifactOptions options = modelOptions();
  options.libraryDir = at("lib");
  EXPECT_EQ(write(modelModule(), at("tiny"), options),
            "cannot find 'libhalftone_tokenizer.a' in '" + at("lib") +
                "'; build the runtime, or name its folder in HALFTONE_LIBRARY_DIR");
  EXPECT_EQ(listing(), "lib packed-weights ");
}

TEST_F(LinkTest, ExecutableNeedsACompiler) {
  makeRuntime();
  ArtifactOptions options = modelOptions();
  options.libraryDir = at("lib");
  onlyPrograms({});
  EXPECT_EQ(write(modelModule(), at("tiny"), options),
            "cannot find a C compiler to link with (cc, gcc, clang-22, clang): install gcc or clang-22");
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(listing(), "bin lib packed-weights ");
}

TEST_F(LinkTest, ExecutablesAreForModelsOfThisMachine) {
  EXPECT_EQ(write(pickModule(), at("pick"), pickOptions()),
            "only a model becomes an executable; write an object (.o) or a shared object (.so) instead");
  ArtifactOptions options = modelOptions();
  options.target = target("generic-rv64", "riscv64-linux-gnu");
  EXPECT_EQ(write(modelModule(), at("tiny"), options),
            "cannot link an executable for 'riscv64-unknown-linux-gnu' on this machine; write an object (.o) and link "
            "it there");
  EXPECT_EQ(listing(), "packed-weights ");
}

TEST_F(LinkTest, ExecutablesForAArch64NeedACrossCompiler) {
  makeRuntime();
  ArtifactOptions options = modelOptions();
  options.libraryDir = at("lib");
  options.target = target("cortex-a76", "aarch64-linux-gnu");
  onlyPrograms({});
  EXPECT_EQ(
      write(modelModule(), at("tiny"), options),
      "cannot find aarch64-linux-gnu-g++ to link with: install g++-aarch64-linux-gnu, or write an object (.o) and "
      "link it there");
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(listing(), "bin lib packed-weights ");
}
