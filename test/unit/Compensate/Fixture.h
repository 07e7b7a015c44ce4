//===- Fixture.h - A small model made of random weights ---------*- C++ -*-===//
#ifndef HALFTONE_TEST_UNIT_COMPENSATE_FIXTURE_H
#define HALFTONE_TEST_UNIT_COMPENSATE_FIXTURE_H

#include "halftone/Import/Import.h"
#include "halftone/Import/Synthetic.h"
#include "halftone/InitAll.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "test/unit/Import/TemporaryFolder.h"
#include "gtest/gtest.h"
#include <random>

namespace halftone::test {

/// A Llama with shapes that divide nothing, and token sequences for it.
class SmallModel : public testing::Test {
protected:
  void SetUp() override {
    auto spec = parseSyntheticLlama("llama(hidden=36,layers=2,heads=3,kv_heads=1,head_size=10,ffn=44,vocab=50,"
                                    "context=80,seed=5)");
    llvm::cantFail(writeSyntheticLlama(llvm::cantFail(std::move(spec)), folder.path("model")));
    mlir::DialectRegistry registry;
    halftone::registerAllDialects(registry);
    mlir::registerBuiltinDialectTranslation(registry);
    mlir::registerLLVMDialectTranslation(registry);
    context.appendDialectRegistry(registry);
    model = llvm::cantFail(importModel(context, folder.path("model")));
    store.emplace(llvm::cantFail(TensorStore::openFolder(folder.path("model"))));
    std::mt19937 random(1);
    // One longer than a chunk, one of a single token.
    for (int64_t length : {70, 1, 33, 64}) {
      std::vector<int32_t> &sequence = sequences.emplace_back();
      for (int64_t i = 0; i < length; ++i)
        sequence.push_back(int32_t(random() % 50));
    }
  }

  TemporaryFolder folder;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> model;
  std::optional<TensorStore> store;
  std::vector<std::vector<int32_t>> sequences;
};

} // namespace halftone::test

#endif // HALFTONE_TEST_UNIT_COMPENSATE_FIXTURE_H
