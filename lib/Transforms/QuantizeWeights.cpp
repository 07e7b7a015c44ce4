//===- QuantizeWeights.cpp - lowbit-quantize-weights ----------------------===//

#include "ActivationSites.h"
#include "Product.h"
#include "Weights.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"
#include "halftone/Quantize/ActivationVectors.h"
#include "halftone/Quantize/WeightRange.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/Regex.h"
#include <memory>

namespace halftone {
#define GEN_PASS_DEF_LOWBITQUANTIZEWEIGHTS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// `value` with its number of columns known.
Value withColumns(OpBuilder &builder, Value value, int64_t columns) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.isDynamicDim(1))
    return value;
  auto known = RankedTensorType::get({type.getDimSize(0), columns}, type.getElementType());
  return tensor::CastOp::create(builder, value.getLoc(), known, value);
}

/// What tells weights apart: the name of an external, the value of a constant at the root of the chain.
Attribute weightIdentity(Value weights) {
  Operation *op = weights.getDefiningOp();
  while (op->getNumOperands() > 0)
    op = op->getOperand(0).getDefiningOp();
  if (auto external = dyn_cast<lowbit::ExternalOp>(op))
    return external.getTensorNameAttr();
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return constant.getValue();
  return {};
}

/// True if a chain changes the numbers of its tensor: two uses of the tensor are then different weights.
bool changesNumbers(Value weights) {
  for (Operation *op = weights.getDefiningOp(); op->getNumOperands() > 0; op = op->getOperand(0).getDefiningOp())
    if (isa<lowbit::ScaleOp, lowbit::RotateOp>(op))
      return true;
  return false;
}

/// An uninitialized tensor of the shape of `like`.
Value emptyLike(OpBuilder &builder, Location loc, Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, like);
  return tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
}

/// The weights with rows as output channels: through a transposition that cancels with one that is there.
Value withOutputRows(OpBuilder &builder, const Product &product) {
  if (product.rowsAreOutputs)
    return product.weights;
  if (auto transpose = product.weights.getDefiningOp<linalg::TransposeOp>())
    return transpose.getInput();
  Location loc = product.weights.getLoc();
  auto type = cast<RankedTensorType>(product.weights.getType());
  Value empty = tensor::EmptyOp::create(builder, loc, ArrayRef<int64_t>{type.getDimSize(1), type.getDimSize(0)},
                                        type.getElementType());
  return linalg::TransposeOp::create(builder, loc, product.weights, empty, ArrayRef<int64_t>{1, 0})->getResult(0);
}

struct QuantizeWeights : halftone::impl::LowbitQuantizeWeightsBase<QuantizeWeights> {
  using Base::Base;

  struct Rule {
    std::string text;
    std::shared_ptr<llvm::Regex> regex; ///< shared, since passes are copied
    Format format;
    bool used = false;
  };

  void runOnOperation() override {
    if (failed(readOptions()))
      return signalPassFailure();
    ModuleOp module = getOperation();
    SmallVector<Operation *> ops;
    module.walk([&](Operation *op) {
      if (isa<linalg::LinalgOp, nn::EmbedOp>(op))
        ops.push_back(op);
    });
    embeddings.clear();
    for (Operation *op : ops)
      if (auto embed = dyn_cast<nn::EmbedOp>(op); embed && isWeightChain(embed.getTable()))
        embeddings[weightIdentity(embed.getTable())] |= changesNumbers(embed.getTable());
    for (Operation *op : ops) {
      if (auto embed = dyn_cast<nn::EmbedOp>(op))
        rewriteEmbed(embed);
      else if (auto product = matchProduct(cast<linalg::LinalgOp>(op)); product && failed(rewriteProduct(*product)))
        return signalPassFailure();
    }
    for (const Rule &rule : rules)
      if (!rule.used)
        module.emitWarning("the tensor format '") << rule.text << "' matches no weight tensor";
    if (!rangeIsUsed)
      module.emitWarning("the weight range '") << weightRange << "' has no effect: no weights become uniform integers";
  }

private:
  LogicalResult readOptions() {
    auto read = [&](StringRef name, Format &into) {
      llvm::Expected<Format> parsed = parseFormat(name);
      if (!parsed)
        return LogicalResult(getOperation().emitError(llvm::toString(parsed.takeError())));
      into = *parsed;
      return success();
    };
    if (failed(read(format, defaultFormat)) || failed(read(embeddingFormat, embedding)))
      return failure();
    automaticHead = headFormat == "auto";
    if (!automaticHead && failed(read(headFormat, head)))
      return failure();
    rules.clear();
    for (const std::string &text : tensorFormats) {
      auto [regex, name] = StringRef(text).rsplit('=');
      Rule rule{text, std::make_shared<llvm::Regex>(regex), {}};
      std::string error;
      if (!StringRef(text).contains('='))
        return getOperation().emitError("tensor format '") << text << "' is not of the form regex=format";
      if (!rule.regex->isValid(error))
        return getOperation().emitError("tensor format '") << text << "': invalid regular expression: " << error;
      if (failed(read(name, rule.format)))
        return failure();
      rules.push_back(std::move(rule));
    }
    if (failed(readActivations()))
      return failure();
    llvm::Expected<WeightRange> range = parseWeightRange(weightRange);
    if (!range)
      return getOperation().emitError(llvm::toString(range.takeError()));
    rangeIsUsed = range->kind == WeightRange::MinMax;
    std::optional<lowbit::Strategy> s = lowbit::symbolizeStrategy(strategy);
    if (!s)
      return getOperation().emitError("unknown strategy '") << strategy << "', expected " << lowbit::kStrategyNames;
    if (lowbit::isIntegerStrategy(*s) && activationKind == lowbit::Activations::F32)
      return getOperation().emitError("strategy ")
             << strategy << " works on integer activations; add activations=i8 or use dequant";
    if (vectors && *s != lowbit::Strategy::Auto && *s != lowbit::Strategy::Dot)
      return getOperation().emitError("strategy ")
             << strategy << " has no kernel for activations " << activations << "; use dot";
    strategyKind = *s;
    FailureOr<ActivationPolicy> parsed = parseActivationPolicy(
        getOperation(), std::vector<std::string>(activationPolicy.begin(), activationPolicy.end()));
    if (failed(parsed))
      return failure();
    inputPolicy = std::move(*parsed);
    return success();
  }

  LogicalResult readActivations() {
    vectors = {};
    if (namesActivationVectors(activations)) {
      llvm::Expected<ActivationVectors> parsed = parseActivationVectors(activations);
      if (!parsed)
        return getOperation().emitError(llvm::toString(parsed.takeError()));
      activationKind = lowbit::activationsOfBits(parsed->bits);
      vectors = lowbit::vectorsToAttr(&getContext(), *parsed);
      return success();
    }
    std::optional<lowbit::Activations> kind = lowbit::activationsByName(activations);
    if (!kind)
      return getOperation().emitError("unknown activations '")
             << activations << "', expected " << lowbit::kActivationNames;
    activationKind = *kind;
    return success();
  }

  /// What a weight is for.
  enum class Role { Weight, Embedding, Head, TiedHead };

  /// The format of a role. Under `auto` a head that is the embedding table shares its packed copy; one of its own,
  /// which is read whole for every token, gets 8 bits: they cost next to no quality.
  Format formatOf(Role role) const {
    if (role == Role::Weight)
      return defaultFormat;
    if (role == Role::Embedding || (role == Role::TiedHead && automaticHead))
      return embedding;
    if (!automaticHead)
      return head;
    Format eightBits;
    eightBits.kind = FormatKind::Rtn;
    eightBits.bits = 8;
    return defaultFormat.kind == FormatKind::Float ? defaultFormat : eightBits;
  }

  /// The format that the policy gives a tensor.
  Format choose(StringRef name, Role role) {
    Format chosen = formatOf(role);
    for (Rule &rule : rules)
      if (rule.regex->match(name)) {
        rule.used = true;
        chosen = rule.format;
      }
    return chosen;
  }

  /// A lowbit.quantize of `weights`, or the weights themselves for the float format. Weights that are quantized
  /// already stay as they are.
  Value quantized(OpBuilder &builder, Value weights, const Format &format) {
    if (auto dequantize = weights.getDefiningOp<lowbit::DequantizeOp>())
      return dequantize.getSource();
    if (format.kind == FormatKind::Float)
      return weights;
    bool isUniform = format.kind == FormatKind::Rtn;
    rangeIsUsed |= isUniform;
    return lowbit::QuantizeOp::create(builder, weights.getLoc(), weights, format,
                                      isUniform ? StringRef(weightRange) : "minmax");
  }

  void rewriteEmbed(nn::EmbedOp op) {
    if (!isWeightChain(op.getTable()))
      return;
    OpBuilder builder(op);
    Format chosen = choose(weightName(op.getTable()), Role::Embedding);
    Value table = quantized(builder, op.getTable(), chosen);
    auto gather = lowbit::GatherOp::create(builder, op.getLoc(), op.getIds(), table, op.getOutput());
    op->replaceAllUsesWith(gather->getResults());
    op.erase();
  }

  /// The precision of activations of a role. The head decides between words: it keeps 8 bits, as networks with binary
  /// activations do with their last layer (XNOR-Net, arXiv 1603.05279).
  lowbit::Activations activationsOf(Role role) const {
    bool isHead = role == Role::Head || role == Role::TiedHead;
    unsigned bits = lowbit::activationBits(activationKind);
    return isHead && bits > 0 && bits <= 8 ? lowbit::Activations::I8 : activationKind;
  }

  /// How the product with a weight takes its input.
  lowbit::Activations activationsOf(StringRef weight, Role role, Value input) {
    std::optional<ActivationKind> kind = inputPolicy.find(inputSite(weight));
    if (!kind)
      return activationsOf(role);
    if (kind->kind == ActivationKind::Static && input.getDefiningOp<lowbit::RequantizeOp>())
      return lowbit::Activations::Static;
    if (kind->kind == ActivationKind::Vectors)
      return lowbit::activationsOfBits(kind->bits);
    if (kind->kind != ActivationKind::PerToken)
      return lowbit::Activations::F32;
    return kind->bits == 16 ? lowbit::Activations::I16 : lowbit::Activations::I8;
  }

  /// The scales of vectors of a product's activations, or null. The head has none unless the policy gives it some.
  FailureOr<lowbit::ActivationVectorsAttr> vectorsOf(Operation *op, StringRef weight, Role role, Type element) {
    bool isHead = role == Role::Head || role == Role::TiedHead;
    std::optional<ActivationKind> kind = inputPolicy.find(inputSite(weight));
    bool isNamed = kind && kind->kind == ActivationKind::Vectors;
    if (!isNamed && (!vectors || kind || element.isF32() || isHead))
      return lowbit::ActivationVectorsAttr();
    lowbit::ActivationVectorsAttr chosen = isNamed ? lowbit::vectorsToAttr(op->getContext(), kind->vectors) : vectors;
    std::string name = isNamed ? kind->name() : activations.getValue();
    if (strategyKind != lowbit::Strategy::Auto && strategyKind != lowbit::Strategy::Dot) {
      op->emitError("strategy ") << strategy << " has no kernel for activations " << name << "; use dot";
      return failure();
    }
    Format format = *lowbit::typeToFormat(element);
    if (matchVectors(format, chosen.getVector()))
      return chosen;
    op->emitError("activations ") << name << " need weights in a format vsq<bits>v" << chosen.getVector()
                                  << "s<scale bits>, but " << (weight.empty() ? "these weights" : weight) << " is in "
                                  << format.name();
    return failure();
  }

  LogicalResult rewriteProduct(Product product) {
    OpBuilder builder(product.op);
    Location loc = product.op.getLoc();
    std::string name = weightName(product.weights);
    auto table = embeddings.find(weightIdentity(product.weights));
    Role role = table != embeddings.end()
                    ? (table->second || changesNumbers(product.weights) ? Role::Head : Role::TiedHead)
                : name == "lm_head.weight" ? Role::Head
                                           : Role::Weight;
    Value weights = quantized(builder, withOutputRows(builder, product), choose(name, role));
    auto shape = cast<RankedTensorType>(weights.getType()).getShape();
    Value empty = withColumns(builder, emptyLike(builder, loc, product.init), shape[0]);
    // A product with unquantized weights has nothing but the float kernel.
    Type element = cast<RankedTensorType>(weights.getType()).getElementType();
    bool isFloat = element.isF32();
    FailureOr<lowbit::ActivationVectorsAttr> scales = vectorsOf(product.op, name, role, element);
    if (failed(scales))
      return failure();
    lowbit::Activations kind = isFloat ? lowbit::Activations::F32 : activationsOf(name, role, product.activations);
    bool forcesIntegers = lowbit::isIntegerStrategy(strategyKind);
    lowbit::Strategy chosen =
        isFloat || (forcesIntegers && kind == lowbit::Activations::F32) ? lowbit::Strategy::Auto : strategyKind;
    auto matmul = lowbit::MatmulOp::create(builder, loc, withColumns(builder, product.activations, shape[1]), weights,
                                           empty, kind, chosen, *scales);
    Value result = matmul->getResult(0);
    if (result.getType() != product.init.getType())
      result = tensor::CastOp::create(builder, loc, product.init.getType(), result);
    if (!isZeroOrEmpty(product.init)) {
      Value sum = emptyLike(builder, loc, product.init);
      result = linalg::AddOp::create(builder, loc, ValueRange{result, product.init}, ValueRange{sum}).getResult(0);
    }
    product.op->getResult(0).replaceAllUsesWith(result);
    product.op->erase();
    return success();
  }

  Format defaultFormat, embedding, head;
  bool automaticHead = false, rangeIsUsed = false;
  std::vector<Rule> rules;
  ActivationPolicy inputPolicy;
  lowbit::Activations activationKind = lowbit::Activations::F32;
  lowbit::ActivationVectorsAttr vectors; ///< of `activationKind`, or null
  lowbit::Strategy strategyKind = lowbit::Strategy::Auto;
  /// Identities of the tables of nn.embed, and whether their numbers are changed there.
  llvm::DenseMap<Attribute, bool> embeddings;
};

} // namespace
