//===- QuantToLowbit.cpp - quant-to-lowbit --------------------------------===//

#include "Product.h"
#include "UniformType.h"
#include "Weights.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Pack/Canonical.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace halftone {
#define GEN_PASS_DEF_QUANTTOLOWBIT
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// `value` with its two dimensions exchanged.
Value transposed(OpBuilder &builder, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Value empty = tensor::EmptyOp::create(
      builder, value.getLoc(), ArrayRef<int64_t>{type.getDimSize(1), type.getDimSize(0)}, type.getElementType());
  return linalg::TransposeOp::create(builder, value.getLoc(), value, empty, ArrayRef<int64_t>{1, 0})->getResult(0);
}

struct QuantToLowbit : halftone::impl::QuantToLowbitBase<QuantToLowbit> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<quant::DequantizeCastOp> casts;
    getOperation().walk([&](quant::DequantizeCastOp op) { casts.push_back(op); });
    for (quant::DequantizeCastOp op : casts)
      if (failed(rewrite(op)))
        return signalPassFailure();
    SmallVector<Operation *> rest;
    getOperation().walk<WalkOrder::PostOrder>([&](Operation *op) {
      if (isa<quant::QuantDialect>(op->getDialect()))
        rest.push_back(op);
    });
    for (Operation *op : llvm::reverse(rest)) {
      if (op->use_empty()) {
        op->erase();
        continue;
      }
      op->emitOpError("has no lowbit form: only weights that a quant.dcast reads do");
      return signalPassFailure();
    }
  }

private:
  LogicalResult rewrite(quant::DequantizeCastOp op) {
    if (op->use_empty())
      return success();
    auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
    if (!type || type.getRank() != 2 || !type.hasStaticShape() || type.getNumElements() == 0)
      return op.emitOpError("of ") << op.getInput().getType() << ": only matrices of static size are lowbit weights";
    FailureOr<unsigned> rowAxis = findRowAxis(op);
    if (failed(rowAxis))
      return failure();
    FailureOr<UniformType> uniform =
        UniformType::get(type, *rowAxis, [&] { return op.emitOpError("of ") << type.getElementType() << ": "; });
    if (failed(uniform))
      return failure();
    OpBuilder builder(op);
    FailureOr<Value> matrix = quantized(builder, op, *uniform, *rowAxis);
    if (failed(matrix))
      return failure();
    auto shape = RankedTensorType::get({uniform->rows, uniform->cols}, builder.getF32Type());
    Value floats = lowbit::DequantizeOp::create(builder, op.getLoc(), shape, *matrix);
    op.getResult().replaceAllUsesWith(*rowAxis == 0 ? floats : transposed(builder, floats));
    op.erase();
    return success();
  }

  /// The dimension of the matrix that its products keep: 1 where it is the right-hand side of a plain matmul.
  /// Products are recognized by their constant weights, so a named weight stands in while they are asked.
  FailureOr<unsigned> findRowAxis(quant::DequantizeCastOp op) {
    OpBuilder builder(op);
    Value standIn = lowbit::ExternalOp::create(builder, op.getLoc(), op.getResult().getType(), "stand-in");
    op.getResult().replaceAllUsesWith(standIn);
    std::optional<unsigned> axis;
    bool agree = true;
    for (Operation *user : standIn.getUsers()) {
      auto linalgOp = dyn_cast<linalg::LinalgOp>(user);
      std::optional<Product> product = linalgOp ? matchProduct(linalgOp) : std::nullopt;
      if (!product || product->weights != standIn)
        continue;
      unsigned wanted = product->rowsAreOutputs ? 0 : 1;
      agree &= !axis || *axis == wanted;
      axis = wanted;
    }
    standIn.replaceAllUsesWith(op.getResult());
    standIn.getDefiningOp()->erase();
    if (!agree)
      return op.emitOpError("is a weight of products from both sides; give each a matrix of its own");
    return axis.value_or(0);
  }

  /// The matrix of a cast in lowbit form, rows first.
  FailureOr<Value> quantized(OpBuilder &builder, quant::DequantizeCastOp op, const UniformType &uniform,
                             unsigned rowAxis) {
    Operation *source = op.getInput().getDefiningOp();
    if (auto cast = dyn_cast_or_null<quant::QuantizeCastOp>(source))
      return encoded(builder, op, cast, uniform, rowAxis);
    auto cast = dyn_cast_or_null<quant::StorageCastOp>(source);
    DenseIntElementsAttr codes;
    if (!cast || !matchPattern(cast.getInput(), m_Constant(&codes)))
      return op.emitOpError("of ") << op.getInput().getType()
                                   << ": only a quant.qcast of a weight and a quant.scast of a constant can be read";
    QuantizedMatrix matrix = uniform.matrix(codes, rowAxis);
    auto type =
        RankedTensorType::get({uniform.rows, uniform.cols}, lowbit::formatToType(builder.getContext(), matrix.format));
    SmallVector<Value> parts = constants(builder, cast.getInput().getLoc(), type, toCanonical(matrix));
    return lowbit::AssembleOp::create(builder, op.getLoc(), type, parts)->getResult(0);
  }

  FailureOr<Value> encoded(OpBuilder &builder, quant::DequantizeCastOp op, quant::QuantizeCastOp cast,
                           const UniformType &uniform, unsigned rowAxis) {
    Value weights = cast.getInput();
    if (!isWeightChain(weights))
      return cast.emitOpError("to ") << cast.getType()
                                     << ": its input is no constant weight; activations are rounded by lowbit.matmul";
    if (!uniform.hasWholeRange())
      return cast.emitOpError("to ") << cast.getType() << ": lowbit integers clamp to all codes, or to -m .. m, not to "
                                     << uniform.low << " .. " << uniform.high;
    QuantizedMatrix matrix = uniform.emptyMatrix();
    auto type =
        RankedTensorType::get({uniform.rows, uniform.cols}, lowbit::formatToType(builder.getContext(), matrix.format));
    SmallVector<Value> operands = constants(builder, op.getLoc(), type, toCanonical(matrix), /*first=*/1);
    if (rowAxis == 1)
      weights = transposed(builder, weights);
    return lowbit::EncodeOp::create(builder, op.getLoc(), type, weights, operands)->getResult(0);
  }

  /// Constants for the storage components of a matrix type, from the one numbered `first` on.
  static SmallVector<Value> constants(OpBuilder &builder, Location loc, RankedTensorType type,
                                      ArrayRef<std::vector<uint8_t>> bytes, size_t first = 0) {
    auto storage = cast<lowbit::FormatTypeInterface>(type.getElementType()).getStorage(type.getShape());
    SmallVector<Value> values;
    for (auto [part, content] : llvm::drop_begin(llvm::zip_equal(storage, bytes), first)) {
      ArrayRef<char> raw(reinterpret_cast<const char *>(content.data()), content.size());
      values.push_back(
          arith::ConstantOp::create(builder, loc, DenseElementsAttr::getFromRawBuffer(part.getType(), raw)));
    }
    return values;
  }
};

} // namespace
