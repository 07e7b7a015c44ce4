//===- ErrorTest.cpp - What cannot be written, and what is then left ------===//

#include "ArtifactFixture.h"
#include "llvm/IR/IRBuilder.h"

#include <csignal>
#include <sys/resource.h>

using namespace halftone;
using namespace halftone::test;
using namespace llvm;

namespace {
class ErrorTest : public ArtifactFixture {
protected:
  /// The error of writing, having checked that it left nothing behind.
  std::string failing(StringRef module, StringRef name, const ArtifactOptions &options) {
    std::string message = write(module, at(name), options);
    EXPECT_EQ(listing(), "packed-weights ");
    return message;
  }
};
} // namespace

TEST_F(ErrorTest, FolderIsMissing) {
  for (const char *name : {"no/m.o", "no/m.s", "no/m.ll", "no/m.so"})
    EXPECT_EQ(failing(modelModule(), name, modelOptions()),
              "cannot write '" + at(name) + "': No such file or directory");
}

TEST_F(ErrorTest, OutputIsAFolder) {
  ASSERT_FALSE(sys::fs::create_directory(at("m.o")));
  EXPECT_EQ(write(modelModule(), at("m.o"), modelOptions()), "cannot write '" + at("m.o") + "': Is a directory");
}

TEST_F(ErrorTest, DiskIsFull) {
  std::unique_ptr<Module> module = parse(modelModule());
  EXPECT_EQ(toString(writeArtifact(*module, "/dev/full", ArtifactKind::Object, modelOptions())),
            "cannot write '/dev/full': No space left on device");
  EXPECT_FALSE(sys::fs::exists("/dev/full.h"));
}

TEST_F(ErrorTest, DiskFillsUpInTheMiddle) {
  // A limit on the size of files stands for the disk: the object fits, its weights do not.
  ArtifactOptions options = modelOptions();
  options.weightsFile = writeFile("big", std::string(1 << 20, 'x'));
  options.weightBytes = 1 << 20;
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit limit = before;
  limit.rlim_cur = 1 << 16;
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  std::vector<std::string> messages;
  for (const char *name : {"m.o", "m.s", "m.so"}) {
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    std::string message = write(modelModule(), at(name), options);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    std::string culprit = StringRef(name) == "m.s" ? "m.weights" : name;
    EXPECT_EQ(message, "cannot write '" + at(culprit) + "': File too large");
    EXPECT_EQ(listing(), "big packed-weights ");
  }
  std::signal(SIGXFSZ, handler);
}

TEST_F(ErrorTest, WeightsFile) {
  ArtifactOptions options = modelOptions();
  options.weightBytes = 4999;
  EXPECT_EQ(failing(modelModule(), "m.o", options),
            "cannot read '" + weights + "': it has 5000 bytes instead of 4999; was it changed meanwhile?");
  options.weightsFile = at("absent");
  EXPECT_EQ(failing(modelModule(), "m.o", options), "cannot read '" + at("absent") + "': No such file or directory");
  options.weightsFile.clear();
  options.weightBytes = 0;
  EXPECT_EQ(failing(modelModule(), "m.o", options), "the module reads weights, but it was given none");
  options = modelOptions();
  options.model->tokenizerFile = folder;
  EXPECT_EQ(failing(modelModule(), "m.o", options), "cannot read '" + folder + "': not a regular file");
}

TEST_F(ErrorTest, PublicFunctions) {
  ArtifactOptions options = modelOptions();
  options.model->head = "tail";
  EXPECT_EQ(failing(modelModule(), "m.o", options), "the module does not define the model's function 'tail'");
  options.model->head = "body";
  EXPECT_EQ(failing(modelModule(), "m.o", options),
            "the model's function 'body' has 8 arguments; the model ABI wants 5 and a 32-bit result");
  options = pickOptions();
  options.functions[0].parameters.pop_back();
  EXPECT_EQ(failing(pickModule(), "m.o", options),
            "the public function 'pick' has 3 arguments; its C function has 2 and a 32-bit result");
  options.functions[0].name = "choose";
  EXPECT_EQ(failing(pickModule(), "m.o", options), "the module does not define the public function 'choose'");
  options.functions.clear();
  EXPECT_EQ(failing(pickModule(), "m.o", options), "the module has no public function");
}

TEST_F(ErrorTest, NamesThatCCannotHave) {
  StringRef module = R"(
    define i32 @"a.b"(ptr %exec) { ret i32 0 }
    define i32 @exp(ptr %exec) { ret i32 0 }
    define i32 @main(ptr %exec) { ret i32 0 })";
  ArtifactOptions options;
  options.target = target();
  options.functions.push_back({"a.b", "", {}});
  EXPECT_EQ(failing(module, "m.o", options), "the public function 'a.b' cannot be called from C; rename it");
  for (const char *name : {"exp", "main"}) {
    options.functions[0].name = name;
    EXPECT_EQ(failing(module, "m.o", options),
              "the public function '" + std::string(name) + "' has the name of a C library function; rename it");
  }
}

TEST_F(ErrorTest, UndefinedFunction) {
  ArtifactOptions options = pickOptions();
  StringRef module = R"(
    declare void @memrefCopy(ptr)
    declare void @_Znwm(ptr)
    declare float @sinf(float)
    define i32 @pick(ptr %a, ptr %b, ptr %c) {
      call void @memrefCopy(ptr %a)
      call void @_Znwm(ptr %a)
      %s = call float @sinf(float 1.0)
      store float %s, ptr %b
      ret i32 0
    })";
  const char *message = "the code needs '_Znwm', 'memrefCopy', which is in neither libc nor libm";
  EXPECT_EQ(failing(module, "m.o", options), message);
  EXPECT_EQ(failing(module, "m.so", options), message);
}

TEST_F(ErrorTest, InvalidModule) {
  Module module("broken", context);
  Type *pointer = PointerType::getUnqual(context);
  auto *type = FunctionType::get(Type::getInt32Ty(context), {pointer, pointer, pointer}, false);
  Function *function = Function::Create(type, GlobalValue::ExternalLinkage, "pick", module);
  BasicBlock::Create(context, "entry", function);
  std::string message = toString(writeArtifact(module, at("m.o"), pickOptions()));
  EXPECT_EQ(message.rfind("invalid LLVM IR: ", 0), 0u) << message;
  EXPECT_NE(message.find("terminator"), std::string::npos) << message;
  EXPECT_EQ(listing(), "packed-weights ");
}

TEST_F(ErrorTest, AssemblerErrorsAreErrors) {
  // Without care LLVM would print these and end the program.
  std::string module = ("module asm \".section\"\n" + pickModule()).str();
  std::string message = failing(module, "m.o", pickOptions());
  EXPECT_EQ(message.rfind("LLVM cannot generate code: ", 0), 0u) << message;
}

TEST_F(ErrorTest, UnsupportedObjectFormat) {
  ArtifactOptions options = pickOptions();
  options.target.triple = "x86_64-apple-macosx13";
  EXPECT_EQ(failing(pickModule(), "m.o", options),
            "the target 'x86_64-apple-macosx13' is not supported: it must be a 64-bit little-endian ELF target");
}

TEST_F(ErrorTest, ModulesWithTakenNames) {
  std::string module = (modelModule() + "@m_halftone_model = constant i8 1\n").str();
  EXPECT_EQ(failing(module, "m.o", modelOptions()), "the module already defines 'm_halftone_model'");
}
