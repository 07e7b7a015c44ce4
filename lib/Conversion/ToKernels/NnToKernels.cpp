//===- NnToKernels.cpp - convert-nn-to-kernels ----------------------------===//

#include "Launch.h"
#include "dialects/Nn/IR/NnOps.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Conversion/ToKernels.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace halftone {
#define GEN_PASS_DEF_CONVERTNNTOKERNELS
#include "lib/Conversion/ToKernels/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

int64_t sizeOf(Value memref, unsigned dim) { return cast<MemRefType>(memref.getType()).getDimSize(dim); }

void convert(nn::RmsNormOp op, ModuleOp module) {
  OpBuilder b(op);
  Kernel kernel =
      getRmsNormKernel(module, sizeOf(op.getInput(), 0), sizeOf(op.getInput(), 1), op.getEpsilon().convertToFloat());
  launch(b, op.getLoc(), kernel, {op.getInput(), op.getGain(), op.getOutput()}, op.getInput());
}

void convert(nn::LayerNormOp op, ModuleOp module) {
  OpBuilder b(op);
  Kernel kernel =
      getLayerNormKernel(module, sizeOf(op.getInput(), 0), sizeOf(op.getInput(), 1), op.getEpsilon().convertToFloat());
  launch(b, op.getLoc(), kernel, {op.getInput(), op.getGain(), op.getBias(), op.getOutput()}, op.getInput());
}

void convert(nn::GeluOp op, ModuleOp module) {
  OpBuilder b(op);
  Kernel kernel = getGeluKernel(module, sizeOf(op.getInput(), 0), sizeOf(op.getInput(), 1));
  launch(b, op.getLoc(), kernel, {op.getInput(), op.getOutput()}, op.getInput());
}

void convert(nn::RopeOp op, ModuleOp module) {
  OpBuilder b(op);
  int64_t headSize = sizeOf(op.getTable(), 1);
  Kernel kernel = getRopeKernel(module, sizeOf(op.getInput(), 0), sizeOf(op.getInput(), 1) / headSize, headSize,
                                sizeOf(op.getTable(), 0));
  launch(b, op.getLoc(), kernel, {op.getInput(), op.getTable(), op.getPosition(), op.getOutput()}, op.getInput());
}

void convert(nn::GatedActivationOp op, ModuleOp module) {
  OpBuilder b(op);
  Kernel kernel = getGatedActivationKernel(module, sizeOf(op.getGate(), 0), sizeOf(op.getGate(), 1));
  launch(b, op.getLoc(), kernel, {op.getGate(), op.getUp(), op.getOutput()}, op.getGate());
}

void convert(nn::AttentionOp op, ModuleOp module) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  AttentionShape shape{sizeOf(op.getQuery(), 0), int64_t(op.getHeads()),  op.getKvHeads(),       op.getHeadSize(),
                       op.getContextSize(),      sizeOf(op.getKeys(), 0), int64_t(op.getLayer())};
  Value layer = arith::ConstantIndexOp::create(b, loc, shape.layer);
  launch(b, loc, getCacheStoreKernel(module, shape),
         {op.getKey(), op.getValue(), op.getKeys(), op.getValues(), op.getPosition(), layer}, op.getKey());
  launch(b, loc, getAttentionKernel(module, shape),
         {op.getQuery(), op.getKeys(), op.getValues(), op.getPosition(), layer, op.getOutput()}, op.getQuery());
}

void convert(nn::ObserveOp op) {
  OpBuilder b(op);
  simd::ObserveOp::create(b, op.getLoc(), getExec(op->getParentOfType<func::FuncOp>()), op.getSiteAttr(),
                          op.getValues());
}

/// Not every addition is one of matrices of tokens: the others stay for linalg's own lowering.
bool isAdditionOfMatrices(Operation *op) {
  auto add = dyn_cast<linalg::AddOp>(op);
  return add && llvm::all_of(op->getOperands(), [](Value operand) {
           auto type = dyn_cast<MemRefType>(operand.getType());
           return type && type.getRank() == 2 && type.getElementType().isF32() && !type.isDynamicDim(1) &&
                  type.getLayout().isIdentity();
         });
}

void convert(linalg::AddOp op, ModuleOp module) {
  OpBuilder b(op);
  Value y = op.getDpsInits()[0];
  Kernel kernel = getAddKernel(module, sizeOf(y, 0), sizeOf(y, 1));
  launch(b, op.getLoc(), kernel, {op.getDpsInputs()[0], op.getDpsInputs()[1], y}, y);
}

struct ConvertNnToKernels : halftone::impl::ConvertNnToKernelsBase<ConvertNnToKernels> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<Operation *> ops;
    for (auto function : module.getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        if (isa<nn::NnDialect>(op->getDialect()) || isAdditionOfMatrices(op))
          ops.push_back(op);
      });
    for (Operation *op : ops) {
      if (failed(checkBuffers(op)))
        return signalPassFailure();
      if (auto norm = dyn_cast<nn::RmsNormOp>(op))
        convert(norm, module);
      else if (auto layerNorm = dyn_cast<nn::LayerNormOp>(op))
        convert(layerNorm, module);
      else if (auto gelu = dyn_cast<nn::GeluOp>(op))
        convert(gelu, module);
      else if (auto rope = dyn_cast<nn::RopeOp>(op))
        convert(rope, module);
      else if (auto gate = dyn_cast<nn::GatedActivationOp>(op))
        convert(gate, module);
      else if (auto add = dyn_cast<linalg::AddOp>(op))
        convert(add, module);
      else if (auto observe = dyn_cast<nn::ObserveOp>(op))
        convert(observe);
      else if (auto attention = dyn_cast<nn::AttentionOp>(op)) {
        if (attention.getContextSize() % 16 != 0) {
          attention.emitOpError("the context of the cache must be a multiple of 16, not ")
              << attention.getContextSize();
          return signalPassFailure();
        }
        convert(attention, module);
      } else {
        op->emitOpError("has no kernel; run lowbit-quantize-weights before");
        return signalPassFailure();
      }
      op->erase();
    }
  }
};

} // namespace
