//===- SimdOps.cpp - Verifiers of the simd dialect's operations -----------===//
#include "dialects/Simd/IR/SimdOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace halftone::simd;

#define GET_OP_CLASSES
#include "dialects/Simd/IR/SimdOps.cpp.inc"

void SimdDialect::registerOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Simd/IR/SimdOps.cpp.inc"
      >();
}

static int64_t length(Type type) { return cast<VectorType>(type).getNumElements(); }

/// Operations that reduce four bytes into one 32-bit lane.
static LogicalResult verifyFourToOne(Operation *op, Type words, Type bytes) {
  if (length(bytes) == 4 * length(words))
    return success();
  return op->emitOpError("needs four bytes for each of the ")
         << length(words) << " accumulators, but has " << length(bytes) << " bytes";
}

LogicalResult Dot4Op::verify() { return verifyFourToOne(*this, getAcc().getType(), getU().getType()); }

LogicalResult Dot8x2Op::verify() {
  int64_t bytes = length(getU().getType()), words = length(getAcc().getType());
  if (bytes % 8 == 0 && bytes == 4 * words)
    return success();
  return emitOpError("needs eight bytes and two accumulators for each row, but has ")
         << bytes << " bytes and " << words << " accumulators";
}

LogicalResult Dot2Op::verify() {
  if (length(getU().getType()) == 2 * length(getAcc().getType()))
    return success();
  return emitOpError("needs two bytes for each of the ")
         << length(getAcc().getType()) << " accumulators, but has " << length(getU().getType()) << " bytes";
}

LogicalResult Dot2HalvesOp::verify() {
  if (length(getA().getType()) == 2 * length(getAcc().getType()))
    return success();
  return emitOpError("needs two lanes for each of the ")
         << length(getAcc().getType()) << " accumulators, but has " << length(getA().getType());
}

LogicalResult PopcountAccumulateOp::verify() { return verifyFourToOne(*this, getAcc().getType(), getV().getType()); }

LogicalResult ExtendHalfOp::verify() {
  if (length(getHalf().getType()) == length(getResult().getType()))
    return success();
  return emitOpError("needs a result as long as its operand, but has ")
         << getHalf().getType() << " and " << getResult().getType();
}

LogicalResult ObserveOp::verify() {
  if (getValues().getType().getLayout().isIdentity())
    return success();
  return emitOpError("needs values without gaps, not ") << getValues().getType();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<FunctionOpInterface>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("does not find a function @") << getKernel() << " to launch";
  // During lowering the kernel may be converted before its launches.
  if (kernel->getName().getDialectNamespace() == "llvm")
    return success();
  if (!kernel.getResultTypes().empty())
    return emitOpError("needs a kernel without results, but @") << getKernel() << " has " << kernel.getNumResults();

  SmallVector<Type> expected(getArgs().getTypes());
  expected.append(2, IndexType::get(getContext()));
  if (kernel.getArgumentTypes() == ArrayRef(expected))
    return success();
  return emitOpError("gives @") << getKernel() << " its arguments and a range, that is (" << expected
                                << "), but the kernel takes (" << kernel.getArgumentTypes() << ")";
}
