//===- Launch.cpp - simd.launch to LLVM -----------------------------------===//
//
//   simd.launch %exec @kernel(%x, %y) count(%n)
//
// stores its arguments in a struct on the stack and becomes
//
//   llvm.call @simd_launch__run(%exec, @kernel__task, %struct, %n)
//
// where @kernel__task(args, begin, end), made once per kernel, loads them again and
// calls @kernel(x, y, begin, end), and @simd_launch__run, made once per
// module, hands the task to the host's pool, or calls it if there is none.
//
//===----------------------------------------------------------------------===//
#include "Patterns.h"
#include "dialects/Simd/IR/SimdOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace halftone {
namespace {

constexpr StringLiteral runName = "simd_launch__run";

/// The C types of runtime/include/halftone/abi.h.
struct AbiTypes {
  explicit AbiTypes(MLIRContext *context)
      : pointer(LLVM::LLVMPointerType::get(context)), i64(IntegerType::get(context, 64)),
        none(LLVM::LLVMVoidType::get(context)), task(LLVM::LLVMFunctionType::get(none, {pointer, i64, i64})),
        pooledRun(LLVM::LLVMFunctionType::get(none, {pointer, pointer, pointer, i64})) {}

  LLVM::LLVMPointerType pointer;
  IntegerType i64;
  LLVM::LLVMVoidType none;
  LLVM::LLVMFunctionType task;      // void task(void *args, int64_t begin, int64_t end)
  LLVM::LLVMFunctionType pooledRun; // void run(void *pool, task, void *args, int64_t count)
};

/// Emits the body of void simd_launch__run(const halftone_exec *exec, task, void *args, int64_t count).
void buildRun(LLVM::LLVMFuncOp function, OpBuilder &builder, const AbiTypes &abi) {
  Location loc = function.getLoc();
  Block *entry = function.addEntryBlock(builder);
  Block *direct = builder.createBlock(&function.getBody(), function.getBody().end());
  Block *pooled = builder.createBlock(&function.getBody(), function.getBody().end());
  Value exec = entry->getArgument(0), task = entry->getArgument(1), args = entry->getArgument(2),
        count = entry->getArgument(3);

  builder.setInsertionPointToEnd(entry);
  Value null = LLVM::ZeroOp::create(builder, loc, abi.pointer);
  Value alone = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, exec, null);
  LLVM::CondBrOp::create(builder, loc, alone, direct, pooled);

  builder.setInsertionPointToEnd(direct);
  Value zero = LLVM::ConstantOp::create(builder, loc, abi.i64, 0);
  LLVM::CallOp::create(builder, loc, abi.task, ValueRange{task, args, zero, count});
  LLVM::ReturnOp::create(builder, loc, ValueRange());

  builder.setInsertionPointToEnd(pooled);
  auto execType = LLVM::LLVMStructType::getLiteral(builder.getContext(), {abi.pointer, abi.pointer});
  auto field = [&](int32_t number) -> Value {
    Value address = LLVM::GEPOp::create(builder, loc, abi.pointer, execType, exec, ArrayRef<LLVM::GEPArg>{0, number});
    return LLVM::LoadOp::create(builder, loc, abi.pointer, address);
  };
  Value pool = field(0), run = field(1);
  LLVM::CallOp::create(builder, loc, abi.pooledRun, ValueRange{run, pool, task, args, count});
  LLVM::ReturnOp::create(builder, loc, ValueRange());
}

struct LowerLaunch : ConvertOpToLLVMPattern<simd::LaunchOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(simd::LaunchOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    AbiTypes abi(op.getContext());
    if (getTypeConverter()->getIndexType() != abi.i64)
      return op.emitOpError("can be lowered for 64-bit indices only");
    Operation *table = SymbolTable::getNearestSymbolTable(op);
    Operation *kernel = SymbolTable::lookupSymbolIn(table, op.getKernelAttr());
    if (!isa_and_nonnull<func::FuncOp, LLVM::LLVMFuncOp>(kernel))
      return op.emitOpError("needs a kernel that is a func.func or llvm.func");

    auto structType =
        LLVM::LLVMStructType::getLiteral(op.getContext(), SmallVector<Type>(adaptor.getArgs().getTypes()));
    std::string taskName = (op.getKernel() + "__task").str();
    LLVM::LLVMFuncOp task = getOrCreateHelper(rewriter, table, op.getLoc(), taskName, abi.task, [&](auto function) {
      buildTask(function, op, kernel, structType, rewriter);
    });
    LLVM::LLVMFuncOp run =
        getOrCreateHelper(rewriter, table, op.getLoc(), runName,
                          LLVM::LLVMFunctionType::get(abi.none, {abi.pointer, abi.pointer, abi.pointer, abi.i64}),
                          [&](auto function) { buildRun(function, rewriter, abi); });
    if (!task || !run)
      return op.emitOpError("needs the symbols @") << taskName << " and @" << runName << " for itself: rename yours";

    callRun(op, adaptor, structType, task, run, rewriter);
    rewriter.eraseOp(op);
    return success();
  }

private:
  /// Stores the arguments and calls the runner.
  static void callRun(simd::LaunchOp op, OpAdaptor adaptor, LLVM::LLVMStructType structType, LLVM::LLVMFuncOp task,
                      LLVM::LLVMFuncOp run, OpBuilder &builder) {
    Location loc = op.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(op.getContext());
    Value arguments = createEntryAlloca(builder, op, structType, 64);
    LLVM::LifetimeStartOp::create(builder, loc, arguments);
    for (auto [number, value] : llvm::enumerate(adaptor.getArgs())) {
      Value field =
          LLVM::GEPOp::create(builder, loc, pointer, structType, arguments, ArrayRef<LLVM::GEPArg>{0, int32_t(number)});
      LLVM::StoreOp::create(builder, loc, value, field);
    }
    Value taskAddress = LLVM::AddressOfOp::create(builder, loc, task);
    LLVM::CallOp::create(builder, loc, run, ValueRange{adaptor.getExec(), taskAddress, arguments, adaptor.getCount()});
    LLVM::LifetimeEndOp::create(builder, loc, arguments);
  }

  /// Emits the body of void kernel__task(void *args, int64_t begin, int64_t end).
  void buildTask(LLVM::LLVMFuncOp function, simd::LaunchOp op, Operation *kernel, LLVM::LLVMStructType structType,
                 OpBuilder &builder) const {
    Location loc = op.getLoc();
    Block *entry = function.addEntryBlock(builder);
    builder.setInsertionPointToEnd(entry);
    SmallVector<Value> converted, originals;
    // The kernel is converted before or after its launches: give its call both forms of each argument.
    auto add = [&](Value value, Type original) {
      converted.push_back(value);
      if (value.getType() != original)
        value = UnrealizedConversionCastOp::create(builder, loc, original, value).getResult(0);
      originals.push_back(value);
    };
    for (auto [number, type, original] : llvm::enumerate(structType.getBody(), op.getArgs().getTypes())) {
      Value field = LLVM::GEPOp::create(builder, loc, entry->getArgument(0).getType(), structType,
                                        entry->getArgument(0), ArrayRef<LLVM::GEPArg>{0, int32_t(number)});
      add(LLVM::LoadOp::create(builder, loc, type, field), original);
    }
    add(entry->getArgument(1), builder.getIndexType());
    add(entry->getArgument(2), builder.getIndexType());

    if (auto lowered = dyn_cast<LLVM::LLVMFuncOp>(kernel))
      LLVM::CallOp::create(builder, loc, lowered,
                           getTypeConverter()->promoteOperands(loc, originals, converted, builder));
    else
      func::CallOp::create(builder, loc, cast<func::FuncOp>(kernel), originals);
    LLVM::ReturnOp::create(builder, loc, ValueRange());
  }
};

} // namespace

void populateLaunchPatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerLaunch>(converter);
}

} // namespace halftone
