//===- Observe.cpp - simd.observe to LLVM ---------------------------------===//
//
//   simd.observe %exec site = 3 (%x) : memref<?x64xf32>
//
// becomes
//
//   llvm.call @simd_observe__call(%exec, %site, %data, %rows, %columns)
//
// where @simd_observe__call, made once per module, calls exec->observe, if there
// is one.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "dialects/Simd/IR/SimdOps.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"

using namespace mlir;

namespace halftone {
namespace {

constexpr StringLiteral callName = "simd_observe__call";

/// The C types of runtime/include/halftone/abi.h.
struct AbiTypes {
  explicit AbiTypes(MLIRContext *context)
      : pointer(LLVM::LLVMPointerType::get(context)), i32(IntegerType::get(context, 32)),
        i64(IntegerType::get(context, 64)),
        observe(LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {pointer, i32, pointer, i64, i64})),
        exec(LLVM::LLVMStructType::getLiteral(context, {pointer, pointer, pointer, pointer})) {}

  LLVM::LLVMPointerType pointer;
  IntegerType i32, i64;
  LLVM::LLVMFunctionType observe; // void (exec or observer, int32_t site, float *values, int64_t rows, int64_t cols)
  LLVM::LLVMStructType exec;      // pool, run, observe, observer
};

/// Emits the body of void simd_observe__call(const halftone_exec *exec, site, values, rows, cols).
void buildCall(LLVM::LLVMFuncOp function, OpBuilder &builder, const AbiTypes &abi) {
  Location loc = function.getLoc();
  Block *entry = function.addEntryBlock(builder);
  Region &body = function.getBody();
  Block *look = builder.createBlock(&body, body.end());
  Block *call = builder.createBlock(&body, body.end());
  Block *leave = builder.createBlock(&body, body.end());
  Value exec = entry->getArgument(0);
  auto field = [&](int32_t number) -> Value {
    Value address = LLVM::GEPOp::create(builder, loc, abi.pointer, abi.exec, exec, ArrayRef<LLVM::GEPArg>{0, number});
    return LLVM::LoadOp::create(builder, loc, abi.pointer, address);
  };
  auto leaveIfNull = [&](Value pointer, Block *otherwise) {
    Value null = LLVM::ZeroOp::create(builder, loc, abi.pointer);
    Value isNull = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, pointer, null);
    LLVM::CondBrOp::create(builder, loc, isNull, leave, otherwise);
  };
  builder.setInsertionPointToEnd(entry);
  leaveIfNull(exec, look);
  builder.setInsertionPointToEnd(look);
  Value observe = field(2);
  leaveIfNull(observe, call);
  builder.setInsertionPointToEnd(call);
  SmallVector<Value> operands{observe, field(3)};
  llvm::append_range(operands, entry->getArguments().drop_front());
  LLVM::CallOp::create(builder, loc, abi.observe, operands);
  LLVM::BrOp::create(builder, loc, leave);
  builder.setInsertionPointToEnd(leave);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
}

struct LowerObserve : ConvertOpToLLVMPattern<simd::ObserveOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(simd::ObserveOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    AbiTypes abi(op.getContext());
    if (getTypeConverter()->getIndexType() != abi.i64)
      return op.emitOpError("can be lowered for 64-bit indices only");
    LLVM::LLVMFuncOp call =
        getOrCreateHelper(rewriter, SymbolTable::getNearestSymbolTable(op), op.getLoc(), callName, abi.observe,
                          [&](LLVM::LLVMFuncOp function) { buildCall(function, rewriter, abi); });
    if (!call)
      return op.emitOpError("needs the symbol @") << callName << " for itself: rename yours";
    Location loc = op.getLoc();
    MemRefDescriptor values(adaptor.getValues());
    Value site = LLVM::ConstantOp::create(rewriter, loc, abi.i32, op.getSiteAttr());
    Value data = values.bufferPtr(rewriter, loc, *getTypeConverter(), op.getValues().getType());
    LLVM::CallOp::create(
        rewriter, loc, call,
        ValueRange{adaptor.getExec(), site, data, values.size(rewriter, loc, 0), values.size(rewriter, loc, 1)});
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void populateObservePatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerObserve>(converter);
}

} // namespace halftone
