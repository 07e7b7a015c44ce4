//===- ExternalsTest.cpp - Finding external weights -----------------------===//
#include "halftone/Import/Externals.h"

#include "TemporaryFolder.h"
#include "halftone/Import/Synthetic.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace halftone;
using namespace llvm;

namespace {

struct ExternalsTest : testing::Test {
  TemporaryFolder folder;
  mlir::MLIRContext context;

  void SetUp() override {
    context.allowUnregisteredDialects();
    cantFail(writeSyntheticLlama(cantFail(parseSyntheticLlama("llama(hidden=32,layers=1,heads=2,ffn=64,vocab=50)")),
                                 folder.path("model")));
  }
  mlir::OwningOpRef<mlir::ModuleOp> parse(StringRef text) {
    return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }
  mlir::OwningOpRef<mlir::ModuleOp> naming(StringRef path) {
    return parse(("module attributes {lowbit.externals = \"" + path + "\"} {}").str());
  }
  std::string openError(mlir::ModuleOp module, StringRef mlirPath) {
    Expected<TensorStore> store = openExternals(module, mlirPath);
    return store ? "accepted" : toString(store.takeError());
  }
};

TEST_F(ExternalsTest, PathsStartAtTheFolderOfTheModule) {
  std::string mlirPath = folder.path("a.mlir");
  for (StringRef path : {"model", "model/model.safetensors", "./model/../model"}) {
    TensorStore store = cantFail(openExternals(*naming(path), mlirPath));
    EXPECT_NE(store.find("model.norm.weight"), nullptr) << path.str();
  }
  TensorStore store = cantFail(openExternals(*naming(folder.path("model")), "elsewhere/a.mlir"));
  EXPECT_NE(store.find("model.norm.weight"), nullptr);
}

TEST_F(ExternalsTest, ErrorsNameThePath) {
  std::string error = openError(*naming("nowhere"), folder.path("a.mlir"));
  EXPECT_NE(error.find("cannot open the weights '" + folder.path("nowhere") + "'"), std::string::npos) << error;
}

TEST_F(ExternalsTest, TheAttributeIsNeededOnlyWhereWeightsAreExternal) {
  EXPECT_TRUE(cantFail(openExternals(*parse("module {}"), "a.mlir")).entries().empty());
  auto module = parse("%0 = \"lowbit.external\"() : () -> tensor<2xf32>");
  EXPECT_NE(openError(*module, "a.mlir").find("without a module attribute 'lowbit.externals'"), std::string::npos);
}

TEST_F(ExternalsTest, NamesAreRelativeWhereTheFoldersAreRelated) {
  ASSERT_FALSE(sys::fs::create_directory(folder.path("sub")));
  EXPECT_EQ(cantFail(externalsPathFor(folder.path("model"), folder.path("a.mlir"))), "model");
  EXPECT_EQ(cantFail(externalsPathFor(folder.path("model"), folder.path("sub/a.mlir"))), "../model");
  EXPECT_EQ(cantFail(externalsPathFor(folder.path("model"), folder.path("model/a.mlir"))), ".");
  SmallString<128> real;
  ASSERT_FALSE(sys::fs::real_path(folder.path("model"), real));
  EXPECT_EQ(cantFail(externalsPathFor(folder.path("model"), "-")), real.str());
  EXPECT_EQ(cantFail(externalsPathFor(folder.path("model"), "/a.mlir")), real.str());
}

} // namespace
