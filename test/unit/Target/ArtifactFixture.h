//===- ArtifactFixture.h - Small modules to write and run -------*- C++ -*-===//
#ifndef HALFTONE_TEST_UNIT_TARGET_ARTIFACTFIXTURE_H
#define HALFTONE_TEST_UNIT_TARGET_ARTIFACTFIXTURE_H

#include "halftone/Target/Artifact.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "gtest/gtest.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace halftone::test {

/// A folder of its own for each test, removed at the end.
class ArtifactFixture : public testing::Test {
protected:
  void SetUp() override {
    llvm::SmallString<128> name;
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("halftone-target", name));
    folder = name.str().str();
    weights = writeFile("packed-weights", weightBytes());
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  /// 5000 bytes; byte i is i * 7 mod 251.
  static std::string weightBytes() {
    std::string bytes(5000, '\0');
    for (size_t i = 0; i != bytes.size(); ++i)
      bytes[i] = char(i * 7 % 251);
    return bytes;
  }

  std::string at(llvm::StringRef name) const { return folder + "/" + name.str(); }

  std::string writeFile(llvm::StringRef name, llvm::StringRef contents) const {
    std::ofstream(at(name), std::ios::binary).write(contents.data(), std::streamsize(contents.size()));
    return at(name);
  }

  static std::string readFile(const std::string &path) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    EXPECT_TRUE(bool(buffer)) << path;
    return buffer ? (*buffer)->getBuffer().str() : "";
  }

  /// Runs a shell command in the folder: what it prints, then its exit code unless that is 0.
  std::string shell(const std::string &command) const {
    std::string text;
    FILE *pipe = popen(("cd '" + folder + "' && (" + command + ") 2>&1").c_str(), "r");
    char buffer[4096];
    while (size_t count = fread(buffer, 1, sizeof(buffer), pipe))
      text.append(buffer, count);
    int status = pclose(pipe);
    return status == 0 ? text : text + "[exit code " + std::to_string(status >> 8) + "]";
  }

  /// Names in the folder, sorted, separated by blanks.
  std::string listing() const { return shell("ls -A | tr '\\n' ' '"); }

  std::unique_ptr<llvm::Module> parse(llvm::StringRef text) {
    llvm::SMDiagnostic diagnostic;
    std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(text, diagnostic, context);
    EXPECT_TRUE(module) << diagnostic.getMessage().str();
    return module;
  }

  static TargetInfo target(llvm::StringRef cpu = "x86-64", llvm::StringRef triple = "") {
    return llvm::cantFail(TargetInfo::get(cpu, triple));
  }

  /// A model whose decode gives hidden[i] = weights[tokens[i]] and whose head gives logits[0] = hidden[0] + 1.
  static llvm::StringRef modelModule() {
    return R"(
      @halftone_weights_base = external local_unnamed_addr constant ptr
      define i32 @body(ptr %exec, ptr %tokens, i64 %position, ptr %keys, ptr %values, ptr %hidden, ptr %scratch, i64 %n) {
      entry:
        %base = load ptr, ptr @halftone_weights_base
        br label %loop
      loop:
        %i = phi i64 [ 0, %entry ], [ %next, %loop ]
        %tokenAt = getelementptr i32, ptr %tokens, i64 %i
        %token = load i32, ptr %tokenAt
        %byteAt = getelementptr i8, ptr %base, i32 %token
        %byte = load i8, ptr %byteAt
        %float = uitofp i8 %byte to float
        %hiddenAt = getelementptr float, ptr %hidden, i64 %i
        store float %float, ptr %hiddenAt
        %next = add i64 %i, 1
        %more = icmp slt i64 %next, %n
        br i1 %more, label %loop, label %done
      done:
        ret i32 0
      }
      define i32 @head(ptr %exec, ptr %hidden, ptr %logits, ptr %scratch, i64 %n) {
        %h = load float, ptr %hidden
        %l = fadd float %h, 1.0
        store float %l, ptr %logits
        ret i32 0
      }
    )";
  }

  ArtifactOptions modelOptions() const {
    ArtifactOptions options;
    options.target = target();
    options.weightsFile = weights;
    options.weightBytes = weightBytes().size();
    ModelDescription model;
    model.name = "tiny \"one\"";
    model.vocabulary = 512, model.hidden = 64, model.layers = 5, model.heads = 8, model.kvHeads = 4, model.headSize = 9;
    model.context = 128, model.chunk = 32;
    model.keyCacheBytes = int64_t(3) << 32, model.valueCacheBytes = 4096, model.scratchBytes = 640;
    model.bos = 1, model.eos = -1;
    model.decode = model.prefill = "body";
    model.head = "head";
    model.report = "{\"ok\": true}";
    options.model = model;
    return options;
  }

  /// `int32_t pick(exec, const int32_t *index, float *result)`: result[0] = exp(weights[index[0]]), by libm.
  static llvm::StringRef pickModule() {
    return R"(
      @halftone_weights_base = external local_unnamed_addr constant ptr
      declare float @expf(float)
      define float @helper(float %x) noinline { %y = call float @expf(float %x) ret float %y }
      define i32 @pick(ptr %exec, ptr %index, ptr %result) {
        %base = load ptr, ptr @halftone_weights_base
        %i = load i32, ptr %index
        %byteAt = getelementptr i8, ptr %base, i32 %i
        %byte = load i8, ptr %byteAt
        %float = uitofp i8 %byte to float
        %value = call float @helper(float %float)
        store float %value, ptr %result
        ret i32 0
      }
    )";
  }

  ArtifactOptions pickOptions() const {
    ArtifactOptions options;
    options.target = target();
    options.weightsFile = weights;
    options.weightBytes = weightBytes().size();
    CFunction pick;
    pick.name = "pick";
    pick.comment = "e to the power of one of the weights.";
    pick.parameters = {{"index", "int32_t", "[1]", true, true}, {"result", "float", "[1]", true, false}};
    options.functions.push_back(pick);
    return options;
  }

  /// Writes an artefact; the message of the error, or nothing.
  std::string write(llvm::StringRef module, llvm::StringRef output, const ArtifactOptions &options) {
    std::unique_ptr<llvm::Module> parsed = parse(module);
    return parsed ? llvm::toString(writeArtifact(*parsed, output, options)) : "does not parse";
  }

  static std::string cFlags() { return std::string(" -I ") + HALFTONE_RUNTIME_INCLUDE + " "; }

  llvm::LLVMContext context;
  std::string folder, weights;
};

} // namespace halftone::test

#endif // HALFTONE_TEST_UNIT_TARGET_ARTIFACTFIXTURE_H
