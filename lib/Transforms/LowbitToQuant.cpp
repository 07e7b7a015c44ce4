//===- LowbitToQuant.cpp - lowbit-to-quant --------------------------------===//

#include "Constants.h"
#include "UniformType.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"
#include "halftone/Pack/Canonical.h"
#include "halftone/Quantize/WeightRange.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

namespace halftone {
#define GEN_PASS_DEF_LOWBITTOQUANT
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

struct LowbitToQuant : halftone::impl::LowbitToQuantBase<LowbitToQuant> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<lowbit::DequantizeOp, lowbit::MatmulOp, lowbit::GatherOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (failed(rewrite(op)))
        return signalPassFailure();
    SmallVector<Operation *> dead;
    getOperation().walk([&](Operation *op) {
      if (isa<lowbit::QuantizeOp, lowbit::EncodeOp, lowbit::AssembleOp>(op))
        dead.push_back(op);
    });
    for (Operation *op : llvm::reverse(dead))
      if (op->use_empty())
        op->erase();
  }

private:
  LogicalResult rewrite(Operation *op) {
    Value matrix = op->getOperand(isa<lowbit::DequantizeOp>(op) ? 0 : 1);
    if (cast<ShapedType>(matrix.getType()).getElementType().isF32())
      return success();
    auto product = dyn_cast<lowbit::MatmulOp>(op);
    if (product && product.getActivations() != lowbit::Activations::F32)
      return op->emitOpError("rounds its activations, which upstream's matmul does not; use activations = f32");
    if (op->getNumResults() == 0)
      return op->emitOpError("works on buffers; only tensors have upstream's types");
    OpBuilder builder(op);
    FailureOr<Value> floats = dequantized(builder, matrix);
    if (failed(floats))
      return failure();
    if (product)
      replaceProduct(builder, product, *floats);
    else if (auto gather = dyn_cast<lowbit::GatherOp>(op))
      op->replaceAllUsesWith(
          nn::EmbedOp::create(builder, op->getLoc(), gather.getIds(), *floats, gather.getOutput())->getResults());
    else
      op->getResult(0).replaceAllUsesWith(*floats);
    op->erase();
    return success();
  }

  /// y = x w^T, into zeros.
  static void replaceProduct(OpBuilder &builder, lowbit::MatmulOp op, Value weights) {
    Location loc = op.getLoc();
    Value zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
    Value zeros = linalg::FillOp::create(builder, loc, zero, op.getOutput()).getResult(0);
    AffineExpr m, n, k;
    bindDims(builder.getContext(), m, n, k);
    auto maps =
        AffineMap::inferFromExprList(ArrayRef<ArrayRef<AffineExpr>>{{m, k}, {n, k}, {m, n}}, builder.getContext());
    auto product = linalg::MatmulOp::create(builder, loc, op->getResultTypes(), ValueRange{op.getInput(), weights},
                                            ValueRange{zeros});
    product.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
    op->replaceAllUsesWith(product->getResults());
  }

  /// quant.dcast of the matrix in upstream's form.
  FailureOr<Value> dequantized(OpBuilder &builder, Value value) {
    Operation *op = value.getDefiningOp();
    auto type = cast<RankedTensorType>(value.getType());
    auto emitError = [&] {
      InFlightDiagnostic diagnostic = op->emitOpError("of ");
      return InFlightDiagnostic(std::move(diagnostic << type.getElementType() << ": "));
    };
    if (!isa_and_nonnull<lowbit::EncodeOp, lowbit::AssembleOp, lowbit::QuantizeOp>(op)) {
      if (!op)
        return emitErrorAt(value, type);
      return LogicalResult(emitError() << "only matrices of constants have upstream's types");
    }
    FailureOr<QuantizedMatrix> matrix = evaluate(op, type, emitError);
    if (failed(matrix))
      return failure();
    bool encoded = isa<lowbit::EncodeOp>(op);
    if (!encoded)
      replaceZeroScales(*matrix);
    FailureOr<Type> element = uniformTypeOf(builder.getContext(), *matrix, emitError);
    if (failed(element))
      return failure();
    RankedTensorType uniform = type.clone(*element);
    Value source = encoded ? Value(quant::QuantizeCastOp::create(builder, op->getLoc(), uniform, op->getOperand(0)))
                           : stored(builder, op->getLoc(), uniform, *matrix);
    return Value(quant::DequantizeCastOp::create(builder, op->getLoc(), type.clone(builder.getF32Type()), source));
  }

  static LogicalResult emitErrorAt(Value value, Type type) {
    return emitError(value.getLoc()) << "an argument of " << type
                                     << " has no constant scales, as upstream's types need";
  }

  static FailureOr<QuantizedMatrix> evaluate(Operation *op, RankedTensorType type,
                                             function_ref<InFlightDiagnostic()> emitError) {
    Format format = *lowbit::typeToFormat(type.getElementType());
    if (format.kind != FormatKind::Rtn)
      return LogicalResult(emitError() << "format " << format.name() << " is not uniform");
    int64_t rows = type.getDimSize(0), cols = type.getDimSize(1);
    std::vector<std::vector<uint8_t>> parts;
    auto quantizeOp = dyn_cast<lowbit::QuantizeOp>(op);
    if (isa<lowbit::EncodeOp>(op))
      parts.emplace_back(storageBytes(type, 0));
    for (Value operand : op->getOperands().drop_front(isa<lowbit::EncodeOp>(op) ? 1 : 0)) {
      ElementsAttr constant;
      std::optional<std::vector<uint8_t>> bytes;
      if (matchPattern(operand, m_Constant(&constant)))
        bytes = constantBytes(constant);
      if (!bytes)
        return LogicalResult(emitError() << "its numbers are not in the module");
      parts.push_back(std::move(*bytes));
    }
    llvm::Expected<QuantizedMatrix> matrix =
        quantizeOp ? quantizeBytes(parts[0], rows, cols, format, *parseWeightRange(quantizeOp.getWeightRange()))
                   : fromCanonical(format, rows, cols, parts, "constant");
    if (!matrix)
      return LogicalResult(emitError() << llvm::toString(matrix.takeError()));
    return std::move(*matrix);
  }

  static size_t storageBytes(RankedTensorType type, size_t index) {
    auto storage = cast<lowbit::FormatTypeInterface>(type.getElementType()).getStorage(type.getShape());
    return storage[index].getType().getNumElements() * storage[index].elementType.getIntOrFloatBitWidth() / 8;
  }

  static llvm::Expected<QuantizedMatrix> quantizeBytes(ArrayRef<uint8_t> bytes, int64_t rows, int64_t cols,
                                                       const Format &format, const WeightRange &range) {
    std::vector<float> floats(bytes.size() / sizeof(float));
    std::memcpy(floats.data(), bytes.data(), bytes.size());
    return quantize(floats, rows, cols, format, range, "constant");
  }

  /// Groups of zeros get the scale 1, which upstream's types can say: the values stay.
  static void replaceZeroScales(QuantizedMatrix &matrix) {
    const Format &format = matrix.format;
    for (int64_t row = 0; row < matrix.rows; ++row)
      for (int64_t col = 0; col < matrix.cols; ++col) {
        int64_t item = matrix.scaleItem(row, col / matrix.groupSize());
        float scale = format.floatScales ? matrix.rowScales[item] : halfToFloat(matrix.scales[item]);
        if (scale == 0)
          matrix.codes[row * matrix.cols + col] =
              format.offset ? matrix.multipliers[item] : uint8_t(1 << (format.bits - 1));
      }
    for (float &scale : matrix.rowScales)
      scale = scale == 0 ? 1 : scale;
    for (uint16_t &half : matrix.scales)
      half = half == 0 ? floatToHalf(1) : half;
  }

  /// The codes as a constant of the storage type.
  static Value stored(OpBuilder &builder, Location loc, RankedTensorType uniform, const QuantizedMatrix &matrix) {
    auto element = cast<quant::QuantizedType>(uniform.getElementType());
    int64_t lowest = element.isSigned() ? -(int64_t(1) << (matrix.format.bits - 1)) : 0;
    SmallVector<APInt> values;
    for (uint8_t code : matrix.codes)
      values.push_back(APInt(matrix.format.bits, uint64_t(code + lowest), element.isSigned(), true));
    auto type = RankedTensorType::get(uniform.getShape(), element.getStorageType());
    Value constant = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, values));
    return quant::StorageCastOp::create(builder, loc, uniform, constant);
  }
};

} // namespace
