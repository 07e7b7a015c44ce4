//===- Decompose.cpp - halftone-decompose ---------------------------------===//

#include "halftone/Transforms/Passes.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONEDECOMPOSE
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

struct Decompose : halftone::impl::HalftoneDecomposeBase<Decompose> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<linalg::AggregatedOpInterface> ops;
    getOperation().walk([&](linalg::AggregatedOpInterface op) {
      if (op->getNumResults() > 0)
        ops.push_back(op);
    });
    for (linalg::AggregatedOpInterface op : ops) {
      OpBuilder builder(op);
      FailureOr<SmallVector<Value>> parts = op.decomposeOperation(builder);
      if (failed(parts))
        continue; // left for a later pass, or reported by the last
      op->replaceAllUsesWith(*parts);
      op->erase();
    }
  }
};

} // namespace
