//===- ExactFMA.cpp - Multiply-adds that round once -----------------------===//
#include "halftone/Conversion/SimdToLLVM.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace halftone {

#define GEN_PASS_DEF_EXACTFMA
#include "lib/Conversion/SimdToLLVM/Passes.h.inc"

namespace {

struct ExactFMA : impl::ExactFMABase<ExactFMA> {
  using Base::Base;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](LLVM::FMulAddOp op) {
      rewriter.setInsertionPoint(op);
      rewriter.replaceOpWithNewOp<LLVM::FMAOp>(op, op.getType(), op.getA(), op.getB(), op.getC(),
                                               op.getFastmathFlags());
    });
  }
};

} // namespace
} // namespace halftone
