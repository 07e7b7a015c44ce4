//===- VerifyLLVMOnly.cpp - Nothing but the LLVM dialect is left ----------===//
#include "halftone/Conversion/SimdToLLVM.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace halftone {

#define GEN_PASS_DEF_VERIFYLLVMONLY
#include "lib/Conversion/SimdToLLVM/Passes.h.inc"

namespace {

struct VerifyLLVMOnly : impl::VerifyLLVMOnlyBase<VerifyLLVMOnly> {
  using Base::Base;

  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (isa<ModuleOp>(op) || isa_and_nonnull<LLVM::LLVMDialect>(op->getDialect()))
        return;
      op->emitOpError("has no form in LLVM IR: a pass before should have lowered it");
      signalPassFailure();
    });
  }
};

} // namespace
} // namespace halftone
