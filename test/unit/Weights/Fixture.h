// Modules with weights, and the safetensors file that they name.
#ifndef HALFTONE_TEST_UNIT_WEIGHTS_FIXTURE_H
#define HALFTONE_TEST_UNIT_WEIGHTS_FIXTURE_H

#include "../Support/TempFolder.h"
#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "dialects/Nn/IR/NnDialect.h"
#include "halftone/Weights/Evaluate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

namespace halftone {

class WeightsFixture : public ::testing::Test {
protected:
  WeightsFixture() {
    context.loadDialect<lowbit::LowbitDialect, nn::NnDialect, mlir::arith::ArithDialect, mlir::func::FuncDialect,
                        mlir::linalg::LinalgDialect, mlir::tensor::TensorDialect>();
  }

  /// Adds a float tensor to the file.
  void addTensor(llvm::StringRef name, std::vector<int64_t> shape, std::vector<float> values) {
    TensorToWrite tensor;
    tensor.name = name.str();
    tensor.shape = std::move(shape);
    tensor.data = [values = std::move(values)](llvm::raw_ostream &os) {
      os.write(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
      return llvm::Error::success();
    };
    tensors.push_back(std::move(tensor));
  }

  /// A placed global of `type` (say "3xf32") whose chain is `body` and ends in %r.
  static std::string global(llvm::StringRef name, llvm::StringRef type, int64_t offset, llvm::StringRef body) {
    std::string tensor = "tensor<" + type.str() + ">";
    return "lowbit.global \"private\" @" + name.str() + " : " + tensor + " offset = " + std::to_string(offset) +
           " {\n" + body.str() + "\n  lowbit.yield %r : " + tensor + "\n}\n";
  }

  /// Evaluates the globals of a module that claims to have `weightBytes` of weights. The bytes are in `bytes`, the
  /// records in `records`; the error's message is returned, "" for success.
  std::string evaluate(llvm::StringRef body, int64_t weightBytes, EvaluateOptions options = {}) {
    return evaluateModule("module attributes {lowbit.weight_bytes = " + std::to_string(weightBytes) + "} {\n" +
                              body.str() + "}",
                          options);
  }

  std::string evaluateModule(const std::string &text, EvaluateOptions options = {}) {
    mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      return "<not a module>";
    std::optional<TensorStore> store;
    if (!tensors.empty()) {
      llvm::cantFail(writeSafeTensors(folder.path("w.safetensors"), tensors));
      store = llvm::cantFail(TensorStore::openFile(folder.path("w.safetensors")));
    }
    bytes.clear();
    llvm::raw_string_ostream os(bytes);
    os << prefix;
    auto result = evaluateWeights(*module, store ? &*store : nullptr, os, options);
    if (!result)
      return llvm::toString(result.takeError());
    records = std::move(*result);
    return "";
  }

  /// Bytes as floats, from a byte position on.
  std::vector<float> floatsAt(size_t position, size_t count) const {
    std::vector<float> floats(count);
    EXPECT_LE(position + count * 4, bytes.size());
    if (position + count * 4 <= bytes.size())
      std::memcpy(floats.data(), bytes.data() + position, count * 4);
    return floats;
  }

  mlir::MLIRContext context;
  TempFolder folder;
  std::vector<TensorToWrite> tensors;
  std::string prefix, bytes;
  std::vector<WeightRecord> records;
};

} // namespace halftone

#endif // HALFTONE_TEST_UNIT_WEIGHTS_FIXTURE_H
