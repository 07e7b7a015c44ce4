//===- SelectKernels.cpp - lowbit-select-kernels --------------------------===//

#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Pack/Layout.h"
#include "halftone/Plan/KernelPlan.h"
#include "halftone/Target/TargetInfo.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/StringSwitch.h"

namespace halftone {
#define GEN_PASS_DEF_LOWBITSELECTKERNELS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// Pairs of a weight plane and an activation plane up to which counting bits beats dot products (docs/BitSerial.md).
constexpr unsigned kMaxPopcountPairs = 2;

/// How ternary weights are packed.
enum class TernaryPacking { Auto, Bits, Trits };

class KernelSelector {
public:
  KernelSelector(const TargetInfo &target, TernaryPacking packing)
      : target(target), tableWidth(target.tableWidth >= 128 ? 128 : 16), packing(packing) {}

  LogicalResult rewrite(lowbit::MatmulOp op) {
    Type element = cast<ShapedType>(op.getWeights().getType()).getElementType();
    Format format = *lowbit::typeToFormat(element);
    FailureOr<lowbit::Strategy> strategy = choose(op, format);
    if (failed(strategy) || failed(checkPacking(op, format, *strategy)))
      return failure();
    OpBuilder builder(op);
    Value result = *strategy == lowbit::Strategy::Dequant ? dequant(builder, op, element, format)
                                                          : integer(builder, op, element, format, *strategy);
    op->getResult(0).replaceAllUsesWith(result);
    op.erase();
    return success();
  }

  void rewrite(lowbit::GatherOp op) {
    OpBuilder builder(op);
    auto type = cast<RankedTensorType>(op.getTable().getType());
    auto gather = lowbit::GatherPackedOp::create(
        builder, op.getLoc(), op.getIds(),
        pack(builder, op.getTable(),
             type.getElementType().isF32() ? lowbit::PackLayout::Float16 : lowbit::PackLayout::Rows16),
        op.getOutput(), type.getElementType(), type.getDimSize(0));
    op->replaceAllUsesWith(gather->getResults());
    op.erase();
  }

private:
  static FailureOr<lowbit::Strategy> choose(lowbit::MatmulOp op, const Format &format) {
    lowbit::Strategy strategy = op.getStrategy();
    bool integers = op.getActivations() != lowbit::Activations::F32;
    bool hasIntegers = format.kind != FormatKind::Float && !format.planeScales;
    int64_t cols = cast<ShapedType>(op.getWeights().getType()).getDimSize(1);
    if (op.getVectors())
      return lowbit::Strategy::Dot;
    bool tooLong = format.kind == FormatKind::Vsq && cols > maxVectorScaledColumns(format);
    if (strategy == lowbit::Strategy::Auto)
      return integers && hasIntegers && !tooLong ? fastest(op, format) : lowbit::Strategy::Dequant;
    if (strategy == lowbit::Strategy::Dequant)
      return strategy;
    if (!hasIntegers) {
      op.emitOpError("format ") << format.name() << " has no integer weights, which strategy "
                                << lowbit::stringifyStrategy(strategy) << " needs; use dequant or two-level scales";
      return failure();
    }
    bool usesPlanes = strategy == lowbit::Strategy::Lut || strategy == lowbit::Strategy::Popcount;
    if (usesPlanes && !layoutHolds(Layout::Rows64, format)) {
      op.emitOpError("format ") << format.name() << " has no strategy " << lowbit::stringifyStrategy(strategy)
                                << "; use dot or dequant";
      return failure();
    }
    if (tooLong) {
      op.emitOpError("rows of ") << cols << " elements are too long for exact sums in format " << format.name()
                                 << " (at most " << maxVectorScaledColumns(format) << "); use strategy dequant";
      return failure();
    }
    assert(integers && "the verifier of lowbit.matmul wants integer activations here");
    return strategy;
  }

  /// Of the strategies for integer activations: counting bits where few pairs of planes meet.
  static lowbit::Strategy fastest(lowbit::MatmulOp op, const Format &format) {
    unsigned pairs = planeCount(format) * lowbit::activationBits(op.getActivations());
    return layoutHolds(Layout::Rows64, format) && pairs <= kMaxPopcountPairs ? lowbit::Strategy::Popcount
                                                                             : lowbit::Strategy::Dot;
  }

  /// Null for the usual one.
  static lowbit::TileAttr tile(MLIRContext *context, const DotPlan &plan) {
    DotPlan usual;
    usual.width = plan.width;
    return plan == usual ? lowbit::TileAttr() : lowbit::TileAttr::get(context, plan.blocks, plan.columns, plan.fastU);
  }

  /// Five trits to a byte: for look-ups wherever they have a kernel, since a look-up then serves five weights instead
  /// of four and the bytes are fewer, too; for dot products, which two-bit fields serve faster, only on demand.
  bool packsTrits(const Format &format, lowbit::Strategy strategy) const {
    if (format.kind != FormatKind::Ternary || packing == TernaryPacking::Bits)
      return false;
    if (strategy == lowbit::Strategy::Lut)
      return tableWidth == 128 && layoutHolds(Layout::Trits64, format);
    return strategy == lowbit::Strategy::Dot && packing == TernaryPacking::Trits;
  }

  LogicalResult checkPacking(lowbit::MatmulOp op, const Format &format, lowbit::Strategy strategy) const {
    if (format.kind != FormatKind::Ternary || packing != TernaryPacking::Trits || packsTrits(format, strategy))
      return success();
    return op.emitOpError("strategy ") << lowbit::stringifyStrategy(strategy)
                                       << " has no kernel here for five trits per byte of format " << format.name()
                                       << "; use 8-bit activations and strategy dot, or another ternary packing";
  }

  static Value pack(OpBuilder &builder, Value weights, lowbit::PackLayout layout) {
    return lowbit::PackOp::create(builder, weights.getLoc(), weights, layout);
  }

  static Value dequant(OpBuilder &builder, lowbit::MatmulOp op, Type element, const Format &format) {
    Value packed = pack(builder, op.getWeights(),
                        format.kind == FormatKind::Float ? lowbit::PackLayout::Float16 : lowbit::PackLayout::Rows16);
    return lowbit::MatmulDequantOp::create(builder, op.getLoc(), op.getInput(), packed, op.getOutput(), element)
        ->getResult(0);
  }

  /// Tensors of `tokens` rows, shaped [tokens, ...sizes].
  static Value perToken(OpBuilder &builder, Location loc, OpFoldResult tokens, ArrayRef<int64_t> sizes, Type element) {
    SmallVector<OpFoldResult> shape{tokens};
    for (int64_t size : sizes)
      shape.push_back(builder.getIndexAttr(size));
    return tensor::EmptyOp::create(builder, loc, shape, element);
  }

  /// Rows of codes for the tokens of `x`: as many, or twice as many for 16 bits.
  static OpFoldResult rowsOf(OpBuilder &builder, Location loc, Value x, bool wide) {
    OpFoldResult tokens = tensor::getMixedSize(builder, loc, x, 0);
    if (!wide)
      return tokens;
    if (std::optional<int64_t> count = getConstantIntValue(tokens))
      return builder.getIndexAttr(2 * *count);
    Value two = arith::ConstantIndexOp::create(builder, loc, 2);
    return arith::MulIOp::create(builder, loc, cast<Value>(tokens), two).getResult();
  }

  Value integer(OpBuilder &builder, lowbit::MatmulOp op, Type element, const Format &format,
                lowbit::Strategy strategy) {
    Location loc = op.getLoc();
    auto weights = cast<ShapedType>(op.getWeights().getType());
    if (op.getVectors())
      return vectorProduct(builder, op, element, format);
    bool wide = op.getActivations() == lowbit::Activations::I16;
    OpFoldResult rows = rowsOf(builder, loc, op.getInput(), wide);
    GroupShape groups(format, weights.getDimSize(1));
    auto quantize = lowbit::QuantizeActivationsOp::create(
        builder, loc, op.getInput(), perToken(builder, loc, rows, groups.paddedCols(), builder.getI8Type()),
        perToken(builder, loc, rows, {}, builder.getF32Type()),
        perToken(builder, loc, rows, groups.count, builder.getI32Type()), groups.size,
        lowbit::activationBits(op.getActivations()));
    Value output = wide ? perToken(builder, loc, rows, weights.getDimSize(0), builder.getF32Type()) : op.getOutput();
    Value y = product(builder, op, quantize->getResults(), rows, output, element, format, groups, strategy);
    if (!wide)
      return y;
    return lowbit::SumTokenPairsOp::create(builder, loc, y, op.getOutput())->getResult(0);
  }

  /// The product of weights and activations that both have integer scales of vectors.
  Value vectorProduct(OpBuilder &builder, lowbit::MatmulOp op, Type element, const Format &format) {
    Location loc = op.getLoc();
    lowbit::ActivationVectorsAttr vectors = *op.getVectors();
    GroupShape groups(format, cast<ShapedType>(op.getWeights().getType()).getDimSize(1));
    OpFoldResult rows = rowsOf(builder, loc, op.getInput(), /*wide=*/false);
    int64_t count = format.groupCount(groups.cols), bits = lowbit::activationBits(op.getActivations());
    auto perVector = [&] { return perToken(builder, loc, rows, count, builder.getI32Type()); };
    auto quantize = lowbit::QuantizeActivationVectorsOp::create(
        builder, loc, op.getInput(), perToken(builder, loc, rows, groups.paddedCols(), builder.getI8Type()),
        perVector(), perToken(builder, loc, rows, {}, builder.getF32Type()), perVector(), bits, vectors.getVector(),
        vectors.getScaleBits());
    return lowbit::MatmulVectorDotOp::create(builder, loc, quantize->getResults(),
                                             pack(builder, op.getWeights(), lowbit::PackLayout::Rows16), op.getOutput(),
                                             element, groups.cols, bits, vectors.getScaleBits(),
                                             vectors.getProductBits(), tile(op.getContext(), planDot(target, format)))
        ->getResult(0);
  }

  /// The integer product of `activations` (codes, scales, sums) in `rows` rows.
  Value product(OpBuilder &builder, lowbit::MatmulOp op, ValueRange activations, OpFoldResult rows, Value output,
                Type element, const Format &format, const GroupShape &groups, lowbit::Strategy strategy) {
    Location loc = op.getLoc();
    DotPlan plan = planDot(target, format);
    Value codes = activations[0], scales = activations[1], sums = activations[2];
    bool trits = packsTrits(format, strategy);
    if (strategy == lowbit::Strategy::Dot) {
      auto layout = trits ? lowbit::PackLayout::Trits16 : lowbit::PackLayout::Rows16;
      return lowbit::MatmulDotOp::create(builder, loc, codes, scales, sums, pack(builder, op.getWeights(), layout),
                                         output, element, groups.cols, plan.width, tile(op.getContext(), plan), layout)
          ->getResult(0);
    }
    if (strategy == lowbit::Strategy::Popcount) {
      // Halves of 16-bit codes are codes of 8 bits.
      int64_t bits = std::min(lowbit::activationBits(op.getActivations()), 8u);
      auto planes = lowbit::BuildPlanesOp::create(
          builder, loc, codes, perToken(builder, loc, rows, groups.paddedCols() / 8 * bits, builder.getI8Type()), bits);
      return lowbit::MatmulPopcountOp::create(builder, loc, planes->getResult(0), scales, sums,
                                              pack(builder, op.getWeights(), lowbit::PackLayout::Rows64), output,
                                              element, groups.cols, bits)
          ->getResult(0);
    }
    auto layout = trits ? lowbit::PackLayout::Trits64 : lowbit::PackLayout::Rows64;
    int64_t padded = groups.paddedCols(), paddedGroup = groups.steps * kStep;
    int64_t bytes = trits ? lowbit::tritTableBytes(padded, paddedGroup) : lowbit::tableBytes(padded, tableWidth);
    auto tables =
        lowbit::BuildTablesOp::create(builder, loc, codes, perToken(builder, loc, rows, bytes, builder.getI8Type()),
                                      tableWidth, trits ? std::optional<int64_t>(paddedGroup) : std::nullopt);
    return lowbit::MatmulLutOp::create(builder, loc, tables->getResult(0), scales, sums,
                                       pack(builder, op.getWeights(), layout), output, element, groups.cols, tableWidth,
                                       layout)
        ->getResult(0);
  }

  const TargetInfo &target;
  int64_t tableWidth;
  TernaryPacking packing;
};

struct SelectKernels : halftone::impl::LowbitSelectKernelsBase<SelectKernels> {
  using Base::Base;

  void runOnOperation() override {
    llvm::Expected<TargetInfo> target = TargetInfo::get(cpu, triple);
    if (!target) {
      getOperation().emitError(llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    std::optional<TernaryPacking> packing = llvm::StringSwitch<std::optional<TernaryPacking>>(ternaryPacking)
                                                .Case("auto", TernaryPacking::Auto)
                                                .Case("bits", TernaryPacking::Bits)
                                                .Case("trits", TernaryPacking::Trits)
                                                .Default(std::nullopt);
    if (!packing) {
      getOperation().emitError("unknown ternary packing '") << ternaryPacking << "', expected auto, bits or trits";
      return signalPassFailure();
    }
    KernelSelector selector(*target, *packing);
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<lowbit::MatmulOp, lowbit::GatherOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (op->getNumResults() == 0) {
        op->emitOpError("works on buffers; kernels are selected on tensors, before bufferization");
        return signalPassFailure();
      }
      if (auto gather = dyn_cast<lowbit::GatherOp>(op))
        selector.rewrite(gather);
      else if (failed(selector.rewrite(cast<lowbit::MatmulOp>(op))))
        return signalPassFailure();
    }
  }
};

} // namespace
