//===- SimdToLLVM.cpp - Lowers simd operations for one CPU ----------------===//
#include "halftone/Conversion/SimdToLLVM.h"
#include "Patterns.h"
#include "dialects/Simd/IR/SimdOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace halftone {

#define GEN_PASS_DEF_CONVERTSIMDTOLLVM
#include "lib/Conversion/SimdToLLVM/Passes.h.inc"

Value createEntryAlloca(OpBuilder &builder, Operation *op, Type type, unsigned alignment) {
  OpBuilder::InsertionGuard guard(builder);
  if (auto function = op->getParentOfType<FunctionOpInterface>())
    builder.setInsertionPointToStart(&function.getFunctionBody().front());
  Value one = LLVM::ConstantOp::create(builder, op->getLoc(), builder.getI64Type(), 1);
  return LLVM::AllocaOp::create(builder, op->getLoc(), LLVM::LLVMPointerType::get(op->getContext()), type, one,
                                alignment);
}

LLVM::LLVMFuncOp getOrCreateHelper(OpBuilder &builder, Operation *table, Location loc, StringRef name,
                                   LLVM::LLVMFunctionType type, function_ref<void(LLVM::LLVMFuncOp)> build) {
  if (Operation *symbol = SymbolTable::lookupSymbolIn(table, name)) {
    auto function = dyn_cast<LLVM::LLVMFuncOp>(symbol);
    return function && function.getFunctionType() == type ? function : LLVM::LLVMFuncOp();
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&table->getRegion(0).front());
  auto function = LLVM::LLVMFuncOp::create(builder, loc, name, type, LLVM::Linkage::Internal);
  build(function);
  return function;
}

void populateSimdToLLVMConversionPatterns(LLVMTypeConverter &converter, RewritePatternSet &patterns,
                                          const TargetInfo &target) {
  converter.addConversion([](simd::ExecType type) { return LLVM::LLVMPointerType::get(type.getContext()); });
  populateTableLookupPatterns(converter, patterns, target);
  populateCountBitsPatterns(converter, patterns, target);
  populateDot2Patterns(converter, patterns, target);
  populateDot4Patterns(converter, patterns, target);
  populateDot8x2Patterns(converter, patterns, target);
  populateElementwisePatterns(converter, patterns, target);
  populateLaunchPatterns(converter, patterns);
  populateObservePatterns(converter, patterns);
}

namespace {

/// Replaces !simd.exec by !llvm.ptr in signatures, block arguments and results of all operations.
void replaceExecType(ModuleOp module) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](simd::ExecType type) { return LLVM::LLVMPointerType::get(type.getContext()); });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
  // What converted one to the other now converts nothing.
  module.walk([](UnrealizedConversionCastOp cast) {
    if (cast->getOperandTypes() != cast->getResultTypes())
      return;
    cast->replaceAllUsesWith(cast->getOperands());
    cast->erase();
  });
}

struct ConvertSimdToLLVM : impl::ConvertSimdToLLVMBase<ConvertSimdToLLVM> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::Expected<TargetInfo> info = TargetInfo::get(cpu, triple);
    if (!info) {
      module.emitError(llvm::toString(info.takeError()));
      return signalPassFailure();
    }
    LLVMTypeConverter converter(&getContext());
    RewritePatternSet patterns(&getContext());
    populateSimdToLLVMConversionPatterns(converter, patterns, *info);
    ConversionTarget target(getContext());
    target.addIllegalDialect<simd::SimdDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    if (failed(applyPartialConversion(module, target, std::move(patterns))))
      return signalPassFailure();
    replaceExecType(module);
  }
};

} // namespace
} // namespace halftone
