//===- Launch.cpp - Replacing an operation by a kernel launch -------------===//

#include "Launch.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace halftone;

LogicalResult halftone::checkBuffers(Operation *op) {
  for (Value operand : op->getOperands()) {
    if (isa<TensorType>(operand.getType()))
      return op->emitOpError("works on tensors; bufferize before making kernels");
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (type && !type.getLayout().isIdentity())
      return op->emitOpError("has an operand of type ") << type << " whose layout is not the identity";
  }
  return success();
}

Value halftone::getExec(func::FuncOp function) {
  Type type = simd::ExecType::get(function.getContext());
  if (function.getNumArguments() == 0 || function.getArgument(0).getType() != type)
    (void)function.insertArgument(0, type, {}, function.getLoc());
  return function.getArgument(0);
}

void halftone::launch(OpBuilder &builder, Location loc, const Kernel &kernel, ValueRange operands, Value tokens) {
  // Operands may disagree in whether the number of tokens is static: the kernel's type decides.
  SmallVector<Value> args(operands);
  for (auto [arg, type] : llvm::zip(args, func::FuncOp(kernel.function).getArgumentTypes()))
    if (arg.getType() != type && memref::CastOp::areCastCompatible(arg.getType(), type))
      arg = memref::CastOp::create(builder, loc, type, arg);
  int64_t staticTokens = cast<MemRefType>(tokens.getType()).getDimSize(0);
  bool isStatic = !kernel.perToken || !ShapedType::isDynamic(staticTokens);
  int64_t staticCount = kernel.units * (kernel.perToken && isStatic ? staticTokens : 1);
  Value count = arith::ConstantIndexOp::create(builder, loc, staticCount);
  if (isStatic && staticCount == 1) {
    args.push_back(arith::ConstantIndexOp::create(builder, loc, 0));
    args.push_back(count);
    func::CallOp::create(builder, loc, kernel.function, args);
    return;
  }
  if (!isStatic) {
    Value size = memref::DimOp::create(builder, loc, tokens, 0);
    count = staticCount == 1 ? size : arith::MulIOp::create(builder, loc, size, count).getResult();
  }
  StringRef symbol = func::FuncOp(kernel.function).getSymName();
  auto function = builder.getInsertionBlock()->getParentOp();
  auto enclosing = dyn_cast<func::FuncOp>(function);
  if (!enclosing)
    enclosing = function->getParentOfType<func::FuncOp>();
  auto op = simd::LaunchOp::create(builder, loc, getExec(enclosing), symbol, args, count);
  if (kernel.perToken && kernel.units == 1)
    op->setAttr(kPerTokenAttr, builder.getUnitAttr());
}
