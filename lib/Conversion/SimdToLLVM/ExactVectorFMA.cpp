//===- ExactVectorFMA.cpp - vector.fma that rounds once -------------------===//
#include "halftone/Conversion/SimdToLLVM.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace halftone {

#define GEN_PASS_DEF_EXACTVECTORFMA
#include "lib/Conversion/SimdToLLVM/Passes.h.inc"

namespace {

struct ExactVectorFMA : impl::ExactVectorFMABase<ExactVectorFMA> {
  using Base::Base;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](vector::FMAOp op) {
      rewriter.setInsertionPoint(op);
      rewriter.replaceOpWithNewOp<math::FmaOp>(op, op.getLhs(), op.getRhs(), op.getAcc());
    });
  }
};

} // namespace
} // namespace halftone
