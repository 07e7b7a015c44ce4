//===- PlaceWeights.cpp - lowbit-place-weights ----------------------------===//

#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Transforms/Passes.h"
#include "llvm/Support/MathExtras.h"

namespace halftone {
#define GEN_PASS_DEF_LOWBITPLACEWEIGHTS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

struct PlaceWeights : halftone::impl::LowbitPlaceWeightsBase<PlaceWeights> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    int64_t offset = 0, end = 0;
    for (auto global : module.getOps<lowbit::GlobalOp>()) {
      global.setOffset(offset);
      RankedTensorType type = global.getTensorType();
      end = llvm::alignTo(offset + type.getNumElements() * type.getElementTypeBitWidth() / 8, 64);
      offset = llvm::alignTo(end + redzone, 64);
    }
    module->setAttr("lowbit.weight_bytes", Builder(module.getContext()).getI64IntegerAttr(end));
  }
};

} // namespace
