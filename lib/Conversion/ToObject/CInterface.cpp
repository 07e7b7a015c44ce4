//===- CInterface.cpp - halftone-c-interface ------------------------------===//

#include "Descriptor.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Conversion/ToObject.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/SymbolTable.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONECINTERFACE
#include "lib/Conversion/ToObject/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// Builds the C wrapper of one function.
class Wrapper {
public:
  Wrapper(func::FuncOp body, bool isModel)
      : body(body), isModel(isModel), builder(body), loc(body.getLoc()), converter(body.getContext()) {}

  LogicalResult build() {
    if (failed(readArguments()))
      return failure();
    std::string name = body.getSymName().str();
    body.setSymName(name + "__body");
    body.setPrivate();
    function = LLVM::LLVMFuncOp::create(builder, loc, name, signature());
    Block *entry = function.addEntryBlock(builder);
    builder.setInsertionPointToStart(entry);
    Value scratch = isModel ? entry->getArgument(scratchIndex()) : Value();
    if (isModel)
      callBody(scratch);
    else
      callWithMalloc();
    return success();
  }

private:
  LogicalResult readArguments() {
    if (body.getNumResults() > 0)
      return body.emitError("function '") << body.getSymName() << "' returns values; run halftone-results-to-arguments";
    ArrayRef<Type> types = body.getArgumentTypes();
    hasExec = !types.empty() && isa<simd::ExecType>(types.front());
    auto scratch = types.empty() ? MemRefType() : dyn_cast<MemRefType>(types.back());
    if (!scratch || scratch.getRank() != 1 || !scratch.hasStaticShape() || !scratch.getElementType().isInteger(8))
      return body.emitError("function '") << body.getSymName() << "' has no scratch area; run halftone-plan-memory";
    arguments = types.drop_front(hasExec ? 1 : 0).drop_back();
    for (Type type : arguments) {
      auto memref = dyn_cast<MemRefType>(type);
      if (!memref && !type.isIndex())
        return body.emitError("function '") << body.getSymName() << "': an argument of type " << type
                                            << " has no C counterpart; use tensors and index";
      if (memref && !memref.getLayout().isIdentity())
        return body.emitError("function '")
               << body.getSymName() << "': the layout of " << type << " is not the identity";
      if (memref && memref.getNumDynamicDims() > 1)
        return body.emitError("function '")
               << body.getSymName() << "': " << type << " has more than one dynamic size; its C function has one, n";
      hasDynamic |= memref && !memref.hasStaticShape();
    }
    return success();
  }

  unsigned scratchIndex() const { return 1 + arguments.size(); }

  LLVM::LLVMFunctionType signature() {
    Type pointer = LLVM::LLVMPointerType::get(builder.getContext()), i64 = builder.getI64Type();
    SmallVector<Type> types{pointer};
    for (Type type : arguments)
      types.push_back(isa<MemRefType>(type) ? pointer : i64);
    if (isModel)
      types.push_back(pointer);
    if (isModel || hasDynamic)
      types.push_back(i64);
    return LLVM::LLVMFunctionType::get(builder.getI32Type(), types);
  }

  void returnStatus(int32_t status) {
    Value value = LLVM::ConstantOp::create(builder, loc, builder.getI32Type(), builder.getI32IntegerAttr(status));
    LLVM::ReturnOp::create(builder, loc, value);
  }

  /// Calls the body at the builder's position and returns 0, freeing `allocated` before.
  void callBody(Value scratch, Value allocated = {}) {
    Block &entry = function.getBody().front();
    Value n = isModel || hasDynamic ? Value(entry.getArguments().back()) : Value();
    SmallVector<Value> operands;
    if (hasExec)
      operands.push_back(UnrealizedConversionCastOp::create(builder, loc, simd::ExecType::get(builder.getContext()),
                                                            entry.getArgument(0))
                             .getResult(0));
    for (auto [i, type] : llvm::enumerate(arguments)) {
      Value argument = entry.getArgument(1 + i);
      if (auto memref = dyn_cast<MemRefType>(type))
        operands.push_back(memrefFromPointer(builder, loc, converter, memref, argument, n));
      else
        operands.push_back(
            UnrealizedConversionCastOp::create(builder, loc, builder.getIndexType(), argument).getResult(0));
    }
    auto scratchType = cast<MemRefType>(body.getArgumentTypes().back());
    operands.push_back(memrefFromPointer(builder, loc, converter, scratchType, scratch, nullptr));
    func::CallOp::create(builder, loc, body, operands);
    if (allocated)
      LLVM::CallOp::create(builder, loc, declare("free", {allocated.getType()}, {}), allocated);
    returnStatus(0);
  }

  /// Allocates the scratch area, aligned to 64 bytes within.
  void callWithMalloc() {
    auto scratchType = cast<MemRefType>(body.getArgumentTypes().back());
    Type i64 = builder.getI64Type();
    auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
    auto constant = [&](int64_t v) -> Value {
      return LLVM::ConstantOp::create(builder, loc, i64, builder.getI64IntegerAttr(v));
    };
    Value size = constant(scratchType.getNumElements() + 64);
    Value raw = LLVM::CallOp::create(builder, loc, declare("malloc", {i64}, pointer), size).getResult();
    Value null = LLVM::ZeroOp::create(builder, loc, pointer);
    Value failed = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, raw, null);
    Block *entry = builder.getInsertionBlock();
    Block *run = builder.createBlock(entry->getParent(), entry->getParent()->end());
    Block *noMemory = builder.createBlock(entry->getParent(), entry->getParent()->end());
    returnStatus(1);
    builder.setInsertionPointToEnd(entry);
    LLVM::CondBrOp::create(builder, loc, failed, noMemory, run);
    builder.setInsertionPointToStart(run);
    Value address = LLVM::PtrToIntOp::create(builder, loc, i64, raw);
    Value up =
        LLVM::AndOp::create(builder, loc, LLVM::AddOp::create(builder, loc, address, constant(63)), constant(-64));
    Value shift = LLVM::SubOp::create(builder, loc, up, address);
    Value aligned = LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), raw, ValueRange{shift});
    callBody(aligned, raw);
  }

  LLVM::LLVMFuncOp declare(StringRef name, ArrayRef<Type> inputs, Type result) {
    auto module = body->getParentOfType<ModuleOp>();
    if (auto existing = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
      return existing;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    if (!result)
      result = LLVM::LLVMVoidType::get(builder.getContext());
    return LLVM::LLVMFuncOp::create(builder, loc, name, LLVM::LLVMFunctionType::get(result, inputs));
  }

  func::FuncOp body;
  bool isModel, hasExec = false, hasDynamic = false;
  OpBuilder builder;
  Location loc;
  LLVMTypeConverter converter;
  ArrayRef<Type> arguments;
  LLVM::LLVMFuncOp function;
};

struct CInterface : halftone::impl::HalftoneCInterfaceBase<CInterface> {
  using Base::Base;

  void runOnOperation() override {
    bool isModel = getOperation()->hasAttr("halftone.model");
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        functions.push_back(function);
    for (func::FuncOp function : functions)
      if (failed(Wrapper(function, isModel).build()))
        return signalPassFailure();
  }
};

} // namespace
