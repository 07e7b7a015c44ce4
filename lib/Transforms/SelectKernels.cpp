//===- SelectKernels.cpp - lowbit-select-kernels --------------------------===//

#include "Weights.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Pack/Layout.h"
#include "halftone/Plan/CostModel.h"
#include "halftone/Plan/KernelPlan.h"
#include "halftone/Plan/Tuning.h"
#include "halftone/Quantize/Grouped.h"
#include "halftone/Target/TargetInfo.h"
#include "halftone/Transforms/IntegerProduct.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <set>

namespace halftone {
#define GEN_PASS_DEF_LOWBITSELECTKERNELS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// How ternary weights are packed.
enum class TernaryPacking { Auto, Bits, Trits };

/// What the products of a module say about how their weights are used.
class Uses {
public:
  explicit Uses(ModuleOp module) {
    module.walk([&](Operation *op) {
      if (auto gather = dyn_cast<lowbit::GatherOp>(op))
        gathered.insert(identityOf(gather.getTable()));
      else if (auto product = dyn_cast<lowbit::MatmulOp>(op))
        tokens[cast<ShapedType>(product.getWeights().getType())].insert(tokensOf(product));
    });
  }

  bool isGathered(Value weights) const { return gathered.contains(identityOf(weights)); }

  /// For all products whose weights have a type: the usual one, unless every number of tokens is known.
  Workload workloadOf(ShapedType weights) const {
    Workload workload;
    const std::set<int64_t> &counts = tokens.at(weights);
    if (counts.count(ShapedType::kDynamic))
      return workload;
    workload.items.clear();
    for (int64_t count : counts)
      workload.items.push_back({count, count == 1 ? 128.0 : 1.0});
    return workload;
  }

  /// For one product. One of any number of tokens has many where others have a single one: that is decoding.
  Workload workloadOf(lowbit::MatmulOp op) const {
    Workload workload;
    int64_t count = tokensOf(op);
    if (!ShapedType::isDynamic(count))
      workload.items = {{count, 1}};
    else if (tokens.at(cast<ShapedType>(op.getWeights().getType())).count(1))
      llvm::erase_if(workload.items, [](const Workload::Item &item) { return item.columns == 1; });
    return workload;
  }

private:
  static int64_t tokensOf(lowbit::MatmulOp op) { return cast<ShapedType>(op.getInput().getType()).getDimSize(0); }

  /// The same for all chains that read one tensor of a file.
  static std::string identityOf(Value weights) {
    std::string name = isWeightChain(weights) ? weightName(weights) : "";
    if (!name.empty() && name != "constant")
      return name;
    return "#" + std::to_string(reinterpret_cast<uintptr_t>(weights.getAsOpaquePointer()));
  }

  llvm::StringSet<> gathered;
  std::map<ShapedType, std::set<int64_t>, bool (*)(ShapedType, ShapedType)> tokens{
      [](ShapedType a, ShapedType b) { return a.getAsOpaquePointer() < b.getAsOpaquePointer(); }};
};

/// How a product is computed, and from which layout.
struct Choice {
  lowbit::Strategy strategy;
  Layout layout = Layout::Rows16;
  DotTile tile = {};
};

lowbit::Strategy strategyOf(KernelKind kind) {
  switch (kind) {
  case KernelKind::Dot:
    break;
  case KernelKind::Lut:
    return lowbit::Strategy::Lut;
  case KernelKind::Popcount:
    return lowbit::Strategy::Popcount;
  }
  return lowbit::Strategy::Dot;
}

class KernelSelector {
public:
  /// `targets`: the CPU that is compiled for, then those that share the packed weights.
  KernelSelector(ArrayRef<TargetInfo> targets, const Uses &uses, const TuningFile &tuned, TernaryPacking packing,
                 unsigned tableBits, bool printCosts)
      : target(targets.front()), uses(uses), printCosts(printCosts), tableWidth(target.tableWidth >= 128 ? 128 : 16),
        tableBits(tableBits), packing(packing) {
    for (const TargetInfo &each : targets)
      models.push_back(std::make_unique<TunedTimes>(each, tuned));
  }

  LogicalResult rewrite(lowbit::MatmulOp op) {
    Type element = cast<ShapedType>(op.getWeights().getType()).getElementType();
    Format format = *lowbit::typeToFormat(element);
    FailureOr<Choice> choice = choose(op, format);
    if (failed(choice) || failed(checkPacking(op, format, choice->strategy)))
      return failure();
    OpBuilder builder(op);
    Value result = choice->strategy == lowbit::Strategy::Dequant ? dequant(builder, op, element, format)
                                                                 : integer(builder, op, element, format, *choice);
    lowbit::RequantizeOp rounded = requantizeOf(op);
    op->getResult(0).replaceAllUsesWith(result);
    op.erase();
    if (rounded && rounded->use_empty())
      rounded.erase();
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
  FailureOr<Choice> choose(lowbit::MatmulOp op, const Format &format) const {
    lowbit::Strategy strategy = op.getStrategy();
    bool integers = op.getActivations() != lowbit::Activations::F32;
    bool hasIntegers = format.kind != FormatKind::Float && !format.planeScales;
    int64_t cols = cast<ShapedType>(op.getWeights().getType()).getDimSize(1);
    if (op.getVectors())
      return Choice{lowbit::Strategy::Dot};
    if (op.getActivations() == lowbit::Activations::Static) {
      FailureOr<bool> fits = fitsRows(op);
      if (failed(fits))
        return failure();
      integers = *fits;
    }
    bool tooLong = format.kind == FormatKind::Vsq && cols > maxVectorScaledColumns(format);
    if (strategy == lowbit::Strategy::Auto)
      return integers && hasIntegers && !tooLong ? fastest(op, format) : Choice{lowbit::Strategy::Dequant};
    if (strategy == lowbit::Strategy::Dequant)
      return Choice{strategy};
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
    return Choice{strategy, layoutFor(format, strategy)};
  }

  /// Bits of the entries of tables of planes. The low halves of 16-bit codes would be lost in rounded sums of the high.
  unsigned tableBitsFor(lowbit::MatmulOp op) const {
    return op.getActivations() == lowbit::Activations::I16 ? 16 : tableBits;
  }

  /// The layouts that weights may be packed in; all if none.
  SmallVector<Layout> allowedLayouts(Value weights, const Format &format) const {
    bool isTernary = format.kind == FormatKind::Ternary;
    if (isTernary && packing == TernaryPacking::Trits)
      return {Layout::Trits16, Layout::Trits64};
    if (uses.isGathered(weights))
      return {Layout::Rows16};
    if (isTernary && packing == TernaryPacking::Bits)
      return {Layout::Rows16, Layout::Rows64};
    return {};
  }

  /// Of the strategies for integer activations.
  Choice fastest(lowbit::MatmulOp op, const Format &format) const {
    auto type = cast<ShapedType>(op.getWeights().getType());
    ProductShape product = *integerProduct(op, tableBits);
    SmallVector<const KernelTimes *> times;
    for (const auto &model : models)
      times.push_back(model.get());
    Layout layout = chooseLayout(times, product, uses.workloadOf(type), allowedLayouts(op.getWeights(), format));
    Candidate chosen = chooseKernel(*times.front(), product, layout, uses.workloadOf(op));
    if (printCosts)
      remarkCosts(op, product, chosen);
    return {strategyOf(chosen.kind), layout, chosen.tile};
  }

  /// "ternaryg32 172x64 with 8-bit activations: dot/rows16 12.1 us (1), 340 us (128); ...; takes dot/rows16"
  void remarkCosts(lowbit::MatmulOp op, const ProductShape &product, const Candidate &chosen) const {
    std::string text = llvm::formatv("{0} with {1}-bit activations: ", product.name(), product.bits);
    for (const Candidate &candidate : listCandidates(product)) {
      SmallVector<std::string> times;
      for (const Workload::Item &item : Workload().items)
        if (auto time = models.front()->microseconds(product, candidate, item.columns))
          times.push_back(llvm::formatv("{0:f1} us ({1})", *time, item.columns));
      text += candidate.name() + " " + llvm::join(times, ", ") + "; ";
    }
    for (const Workload::Item &item : Workload().items)
      for (const Candidate &candidate : models.front()->candidates(product, item.columns))
        if (auto time = models.front()->microseconds(product, candidate, item.columns);
            time && !(candidate.tile == DotTile()))
          text += llvm::formatv("{0} {1:f1} us ({2}); ", candidate.name(), *time, item.columns);
    op.emitRemark() << text << "takes " << chosen.name();
  }

  /// Null for the usual one.
  static lowbit::TileAttr tile(MLIRContext *context, const DotPlan &plan) {
    DotPlan usual;
    usual.width = plan.width;
    return plan == usual ? lowbit::TileAttr()
                         : lowbit::TileAttr::get(context, plan.blocks, plan.columns, plan.fastU, plan.columnPairs);
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

  /// The layout for a strategy that was asked for.
  Layout layoutFor(const Format &format, lowbit::Strategy strategy) const {
    bool trits = packsTrits(format, strategy);
    if (strategy == lowbit::Strategy::Dot)
      return trits ? Layout::Trits16 : Layout::Rows16;
    return trits ? Layout::Trits64 : Layout::Rows64;
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

  /// Rows of codes for the tokens of `x`, each of which takes `perToken`.
  static OpFoldResult rowsOf(OpBuilder &builder, Location loc, Value x, int64_t perToken) {
    OpFoldResult tokens = tensor::getMixedSize(builder, loc, x, 0);
    if (perToken == 1)
      return tokens;
    if (std::optional<int64_t> count = getConstantIntValue(tokens))
      return builder.getIndexAttr(perToken * *count);
    Value factor = arith::ConstantIndexOp::create(builder, loc, perToken);
    return arith::MulIOp::create(builder, loc, cast<Value>(tokens), factor).getResult();
  }

  /// The activations before they are rounded.
  static Value sourceOf(lowbit::MatmulOp op) {
    return op.getActivations() == lowbit::Activations::Static ? requantizeOf(op).getInput() : op.getInput();
  }

  /// True if static activations are to be multiplied as integers.
  static FailureOr<bool> fitsRows(lowbit::MatmulOp op) {
    lowbit::RequantizeOp requantize = requantizeOf(op);
    if (!requantize) {
      op.emitOpError("activations = static needs an input that is the result of lowbit.requantize");
      return failure();
    }
    int64_t groups = cast<lowbit::GroupedType>(requantize.getFormat()).getGroups();
    if (groups <= kMaxStaticGroups)
      return true;
    if (lowbit::isIntegerStrategy(op.getStrategy())) {
      op.emitOpError("strategy ") << lowbit::stringifyStrategy(op.getStrategy()) << " takes activations in up to "
                                  << kMaxStaticGroups << " groups, not " << groups << "; use dequant";
      return failure();
    }
    return false;
  }

  Value integer(OpBuilder &builder, lowbit::MatmulOp op, Type element, const Format &format, const Choice &choice) {
    if (op.getVectors())
      return vectorProduct(builder, op, element, format);
    TokenRows count = rowsPerToken(op);
    bool skips = choice.strategy == lowbit::Strategy::Dot && dotSkipsGroups(choice.layout, format);
    if (count.groups == 1 || !skips)
      return rowsProduct(builder, op, element, format, choice, count, std::nullopt);
    // A product per group, which passes over the weights of all others.
    Value y;
    for (int64_t group = 0; group < count.groups; ++group) {
      Value part = rowsProduct(builder, op, element, format, choice, {1, count.digits}, group);
      Value sum = group + 1 == count.groups ? op.getOutput() : outputs(builder, op, 1);
      y = y ? linalg::AddOp::create(builder, op.getLoc(), ValueRange{y, part}, ValueRange{sum}).getResult(0) : part;
    }
    return y;
  }

  /// A value per output for `rows` rows of each token.
  static Value outputs(OpBuilder &builder, lowbit::MatmulOp op, int64_t rows) {
    return perToken(builder, op.getLoc(), rowsOf(builder, op.getLoc(), sourceOf(op), rows),
                    cast<ShapedType>(op.getWeights().getType()).getDimSize(0), builder.getF32Type());
  }

  /// The product of activations in `count` rows per token, or of the rows of a static group.
  Value rowsProduct(OpBuilder &builder, lowbit::MatmulOp op, Type element, const Format &format, const Choice &choice,
                    TokenRows count, std::optional<int64_t> only) {
    Location loc = op.getLoc();
    GroupShape groups(format, cast<ShapedType>(op.getWeights().getType()).getDimSize(1));
    // The last rows to be added, if any, give the result.
    auto rowsOrResult = [&](int64_t rows) { return rows == 1 && !only ? op.getOutput() : outputs(builder, op, rows); };
    OpFoldResult rows = rowsOf(builder, loc, sourceOf(op), count.count());
    ValueRange activations = quantized(builder, op, rows, groups, choice.strategy, only);
    Value y = rowsOrResult(count.count());
    y = product(builder, op, activations, rows, y, element, format, groups, choice, only);
    // First the digits, so that the product of a group is that of a tensor which is nothing but this group.
    if (count.digits > 1)
      y = lowbit::SumTokenRowsOp::create(builder, loc, y, rowsOrResult(count.groups), count.digits)->getResult(0);
    if (count.groups > 1)
      y = lowbit::SumTokenRowsOp::create(builder, loc, y, op.getOutput(), count.groups)->getResult(0);
    return y;
  }

  /// Columns that codes take in memory: dot kernels read several rows at once.
  static int64_t columnsOfCodes(OpFoldResult rows, const GroupShape &groups, lowbit::Strategy strategy) {
    bool several = strategy == lowbit::Strategy::Dot && getConstantIntValue(rows) != 1;
    return several ? codeColumns(groups.paddedCols()) : groups.paddedCols();
  }

  /// Codes, scales and sums of the input, in `rows` rows, for a kernel of `strategy`.
  static ValueRange quantized(OpBuilder &builder, lowbit::MatmulOp op, OpFoldResult rows, const GroupShape &groups,
                              lowbit::Strategy strategy, std::optional<int64_t> only) {
    Location loc = op.getLoc();
    Value codes = perToken(builder, loc, rows, columnsOfCodes(rows, groups, strategy), builder.getI8Type());
    Value scales = perToken(builder, loc, rows, {}, builder.getF32Type());
    Format format = *lowbit::typeToFormat(cast<ShapedType>(op.getWeights().getType()).getElementType());
    Value sums = perToken(builder, loc, rows, format.groupCount(groups.cols), builder.getI32Type());
    bool shared = vectorsPerGroup(format) > 1;
    int64_t group = shared ? packedGroup(format) : groups.size;
    std::optional<int64_t> vector = shared ? std::optional(format.group) : std::nullopt;
    if (op.getActivations() != lowbit::Activations::Static)
      return lowbit::QuantizeActivationsOp::create(builder, loc, op.getInput(), codes, scales, sums, group, vector,
                                                   lowbit::activationBits(op.getActivations()))
          ->getResults();
    lowbit::RequantizeOp rounded = requantizeOf(op);
    return lowbit::QuantizeActivationsStaticOp::create(builder, loc, rounded.getInput(), rounded.getScales(),
                                                       rounded.getZeroPoints(), codes, scales, sums,
                                                       rounded.getFormat(), group, vector, digitsOf(rounded), only)
        ->getResults();
  }

  /// The product of weights and activations that both have integer scales of vectors.
  Value vectorProduct(OpBuilder &builder, lowbit::MatmulOp op, Type element, const Format &format) {
    Location loc = op.getLoc();
    lowbit::ActivationVectorsAttr vectors = *op.getVectors();
    GroupShape groups(format, cast<ShapedType>(op.getWeights().getType()).getDimSize(1));
    OpFoldResult rows = rowsOf(builder, loc, op.getInput(), 1);
    int64_t count = format.groupCount(groups.cols);
    ActivationVectors activations = lowbit::attrToVectors(vectors, lowbit::activationBits(op.getActivations()));
    auto perVector = [&] { return perToken(builder, loc, rows, count, builder.getI32Type()); };
    auto quantize = lowbit::QuantizeActivationVectorsOp::create(
        builder, loc, op.getInput(),
        perToken(builder, loc, rows, columnsOfCodes(rows, groups, lowbit::Strategy::Dot), builder.getI8Type()),
        perVector(), perToken(builder, loc, rows, {}, builder.getF32Type()), perVector(), activations);
    return lowbit::MatmulVectorDotOp::create(
               builder, loc, quantize->getResults(), pack(builder, op.getWeights(), lowbit::PackLayout::Rows16),
               op.getOutput(), element, groups.cols, activations, tile(op.getContext(), planDot(target, format)))
        ->getResult(0);
  }

  /// The columns of a static group; null for all.
  static DenseI64ArrayAttr columnsOf(lowbit::MatmulOp op, std::optional<int64_t> group) {
    if (!group)
      return {};
    int64_t width = cast<ShapedType>(op.getInput().getType()).getDimSize(1) / rowsPerToken(op).groups;
    return DenseI64ArrayAttr::get(op.getContext(), {*group * width, (*group + 1) * width});
  }

  /// The integer product of `activations` (codes, scales, sums) in `rows` rows.
  Value product(OpBuilder &builder, lowbit::MatmulOp op, ValueRange activations, OpFoldResult rows, Value output,
                Type element, const Format &format, const GroupShape &groups, const Choice &choice,
                std::optional<int64_t> only) {
    Location loc = op.getLoc();
    DotPlan plan = choice.tile.applyTo(planDot(target, format));
    Value codes = activations[0], scales = activations[1], sums = activations[2];
    lowbit::PackLayout layout = lowbit::toPackLayout(choice.layout);
    if (choice.strategy == lowbit::Strategy::Dot)
      return lowbit::MatmulDotOp::create(builder, loc, codes, scales, sums, pack(builder, op.getWeights(), layout),
                                         output, element, groups.cols, plan.width, tile(op.getContext(), plan), layout,
                                         columnsOf(op, only))
          ->getResult(0);
    if (choice.strategy == lowbit::Strategy::Popcount) {
      // Halves of 16-bit codes are codes of 8 bits, and so are digits.
      int64_t bits = op.getActivations() == lowbit::Activations::Static
                         ? 8
                         : std::min(lowbit::activationBits(op.getActivations()), 8u);
      auto planes = lowbit::BuildPlanesOp::create(
          builder, loc, codes, perToken(builder, loc, rows, groups.paddedCols() / 8 * bits, builder.getI8Type()), bits);
      return lowbit::MatmulPopcountOp::create(builder, loc, planes->getResult(0), scales, sums,
                                              pack(builder, op.getWeights(), layout), output, element, groups.cols,
                                              bits)
          ->getResult(0);
    }
    bool trits = choice.layout == Layout::Trits64;
    int64_t padded = groups.paddedCols(), paddedGroup = groups.steps * kStep;
    bool byteTables = tableBitsFor(op) == 8;
    int64_t bytes = lowbit::lookUpTableBytes(tableWidth, padded, paddedGroup, trits, byteTables);
    auto tables = lowbit::BuildTablesOp::create(
        builder, loc, codes, perToken(builder, loc, rows, bytes, builder.getI8Type()), tableWidth,
        trits ? std::optional(paddedGroup) : std::nullopt, byteTables ? std::optional(paddedGroup) : std::nullopt);
    return lowbit::MatmulLutOp::create(builder, loc, tables->getResult(0), scales, sums,
                                       pack(builder, op.getWeights(), layout), output, element, groups.cols, tableWidth,
                                       layout, byteTables)
        ->getResult(0);
  }

  const TargetInfo &target;
  const Uses &uses;
  bool printCosts;
  int64_t tableWidth;
  unsigned tableBits; ///< of the entries of tables
  TernaryPacking packing;
  SmallVector<std::unique_ptr<KernelTimes>> models; ///< of the targets
};

struct SelectKernels : halftone::impl::LowbitSelectKernelsBase<SelectKernels> {
  using Base::Base;

  void runOnOperation() override {
    std::vector<TargetInfo> targets;
    SmallVector<StringRef> cpus{cpu};
    cpus.append(sharedWith.begin(), sharedWith.end());
    for (StringRef name : cpus) {
      llvm::Expected<TargetInfo> target = TargetInfo::get(name, triple);
      if (!target) {
        getOperation().emitError(llvm::toString(target.takeError()));
        return signalPassFailure();
      }
      targets.push_back(std::move(*target));
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
    if (unsigned bits = lutTables; bits != 8 && bits != 16) {
      getOperation().emitError("tables for look-ups have entries of 8 or 16 bits, not ") << bits;
      return signalPassFailure();
    }
    TuningFile tuned;
    if (!tuning.empty() && failed(readTuning(targets, tuned)))
      return signalPassFailure();
    Uses uses(getOperation());
    KernelSelector selector(targets, uses, tuned, *packing, lutTables, printCosts);
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

  LogicalResult readTuning(ArrayRef<TargetInfo> targets, TuningFile &tuned) {
    llvm::Expected<TuningFile> file = TuningFile::read(tuning);
    if (!file)
      return getOperation().emitError(llvm::toString(file.takeError()));
    tuned = std::move(*file);
    for (const TargetInfo &target : targets)
      if (!tuned.has(target))
        getOperation().emitWarning("tuning file '")
            << tuning << "' has no times for " << target.cpu << " with its features"
            << (tuned.cpus().empty() ? "" : " (it has some for " + tuned.cpus() + ")")
            << "; kernels are chosen by estimates";
    return success();
  }
};

} // namespace
