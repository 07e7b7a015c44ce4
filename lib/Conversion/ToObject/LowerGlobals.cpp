//===- LowerGlobals.cpp - halftone-lower-globals --------------------------===//

#include "Descriptor.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Conversion/ToObject.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/SymbolTable.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONELOWERGLOBALS
#include "lib/Conversion/ToObject/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

constexpr StringLiteral kBase = "halftone_weights_base";

struct LowerGlobals : halftone::impl::HalftoneLowerGlobalsBase<LowerGlobals> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<lowbit::GlobalOp> globals(module.getOps<lowbit::GlobalOp>());
    if (globals.empty())
      return;
    LLVMTypeConverter converter(&getContext());
    OpBuilder builder(&getContext());
    builder.setInsertionPointToStart(module.getBody());
    auto pointerType = LLVM::LLVMPointerType::get(&getContext());
    auto base = LLVM::GlobalOp::create(builder, module.getLoc(), pointerType, /*isConstant=*/true,
                                       LLVM::Linkage::External, kBase, Attribute());

    SymbolTable symbols(module);
    SmallVector<lowbit::GetGlobalOp> gets;
    module.walk([&](lowbit::GetGlobalOp get) { gets.push_back(get); });
    for (lowbit::GetGlobalOp get : gets) {
      auto global = symbols.lookup<lowbit::GlobalOp>(get.getName());
      auto type = dyn_cast<MemRefType>(get.getResult().getType());
      if (!type || !global.getOffset()) {
        get.emitOpError(type ? "weights have no place yet; run lowbit-place-weights before"
                             : "works on tensors; bufferize before lowering");
        return signalPassFailure();
      }
      builder.setInsertionPoint(get);
      Location loc = get.getLoc();
      Value address = LLVM::AddressOfOp::create(builder, loc, base);
      Value start = LLVM::LoadOp::create(builder, loc, pointerType, address);
      Value offset =
          LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), builder.getI64IntegerAttr(*global.getOffset()));
      Value weight = LLVM::GEPOp::create(builder, loc, pointerType, builder.getI8Type(), start, ValueRange{offset});
      get.getResult().replaceAllUsesWith(memrefFromPointer(builder, loc, converter, type, weight, nullptr));
      get.erase();
    }
    for (lowbit::GlobalOp global : globals)
      global.erase();
  }
};

} // namespace
