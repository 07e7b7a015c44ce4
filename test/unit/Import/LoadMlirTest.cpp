//===- LoadMlirTest.cpp - Reading MLIR text -------------------------------===//
#include "halftone/Import/LoadMlir.h"

#include "TemporaryFolder.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace halftone;
using namespace llvm;

namespace {

std::string loadError(StringRef path) {
  mlir::MLIRContext context;
  auto module = loadMlir(context, path);
  return module ? "accepted" : toString(module.takeError());
}

TEST(LoadMlir, ReadsText) {
  TemporaryFolder folder;
  mlir::MLIRContext context;
  auto module = loadMlir(context, folder.write("a.mlir", "module @m { // <<<< (((\n}\n"));
  ASSERT_TRUE(bool(module)) << toString(module.takeError());
  EXPECT_EQ((**module).getName(), "m");
}

TEST(LoadMlir, RefusesBytecodeByItsFirstBytes) {
  TemporaryFolder folder;
  std::string path = folder.write("a.mlir", "ML\xefR and anything");
  EXPECT_NE(loadError(path).find("MLIR bytecode is not accepted"), std::string::npos);
}

TEST(LoadMlir, ErrorsHaveFileLineAndColumn) {
  TemporaryFolder folder;
  std::string path = folder.write("a.mlir", "module {\n  oops\n}\n");
  std::string error = loadError(path);
  EXPECT_NE(error.find(path + ":2:3: error: "), std::string::npos) << error;
  EXPECT_NE(error.find("\n  oops\n  ^"), std::string::npos) << error;
}

TEST(LoadMlir, FilesThatCannotBeRead) {
  TemporaryFolder folder;
  EXPECT_NE(loadError(folder.path("absent.mlir")).find("absent.mlir': No such file"), std::string::npos);
  EXPECT_NE(loadError(folder.path("")).find("Is a directory"), std::string::npos);
}

TEST(LoadMlir, DeepNestingIsAnErrorAndNoCrash) {
  TemporaryFolder folder;
  for (StringRef bracket : {"(", "[", "{", "tuple<"}) {
    std::string text = "module attributes {a = ";
    for (int i = 0; i < 1000000; ++i)
      text += bracket;
    EXPECT_NE(loadError(folder.write("deep.mlir", text)).find("nested more than"), std::string::npos);
  }
}

} // namespace
