//===- ActivationSites.cpp - Activations by name --------------------------===//

#include "ActivationSites.h"
#include "Product.h"
#include "Weights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace halftone;

/// True for an elementwise sum of two operands.
static bool isAddition(Operation *op) {
  if (isa<linalg::AddOp>(op))
    return true;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || generic.getNumDpsInputs() != 2 || generic.getNumDpsInits() != 1 ||
      generic.getNumParallelLoops() != generic.getNumLoops())
    return false;
  Block &body = *generic.getBody();
  auto add = dyn_cast<arith::AddFOp>(body.front());
  return add && llvm::hasNItems(body, 2) && body.getTerminator()->getOperand(0) == add.getResult() &&
         llvm::all_of(add->getOperands(), [&](Value v) {
           auto argument = dyn_cast<BlockArgument>(v);
           return argument && argument.getOwner() == &body && argument.getArgNumber() < 2;
         });
}

/// A weight, or one that is repeated for every token.
static bool isBias(Value value) {
  if (auto broadcast = value.getDefiningOp<linalg::BroadcastOp>())
    return isWeightChain(broadcast.getInput());
  return isWeightChain(value);
}

/// The result of the first addition of `value` to something that is a bias, or to something that is none.
static Value findSum(Value value, bool withBias) {
  for (OpOperand &use : value.getUses()) {
    Operation *op = use.getOwner();
    if (!isAddition(op) || use.getOperandNumber() > 1)
      continue;
    if (isBias(op->getOperand(1 - use.getOperandNumber())) == withBias)
      return op->getResult(0);
  }
  return {};
}

std::vector<ActivationSite> halftone::findActivationSites(ModuleOp module) {
  std::vector<ActivationSite> sites;
  module.walk([&](linalg::LinalgOp op) {
    std::optional<Product> product = matchProduct(op);
    if (!product)
      return;
    std::string weight = weightName(product->weights);
    sites.push_back({inputSite(weight), product->activations, op.getDpsInputOperand(0)});
    Value out = op->getResult(0);
    if (Value biased = findSum(out, /*withBias=*/true))
      out = biased;
    sites.push_back({"out:" + weight, out});
    if (Value sum = findSum(out, /*withBias=*/false))
      sites.push_back({"sum:" + weight, sum});
  });
  return sites;
}

FailureOr<ActivationPolicy> halftone::parseActivationPolicy(ModuleOp module, ArrayRef<std::string> rules) {
  llvm::Expected<ActivationPolicy> policy = ActivationPolicy::parse(rules, "activation policy");
  if (!policy)
    return module.emitError(llvm::toString(policy.takeError()));
  return std::move(*policy);
}

void halftone::warnUnused(const ActivationPolicy &policy, ModuleOp module) {
  for (const std::string &rule : policy.unused())
    module.emitWarning("the activation policy '") << rule << "' matches no activation";
}

std::optional<SiteRange> halftone::findRange(ModuleOp module, StringRef site) {
  auto all = module->getAttrOfType<DictionaryAttr>(activationRangesAttrName);
  auto range = all ? all.getAs<DictionaryAttr>(site) : DictionaryAttr();
  if (!range)
    return std::nullopt;
  auto mins = range.getAs<DenseF32ArrayAttr>("min"), maxs = range.getAs<DenseF32ArrayAttr>("max");
  if (!mins || !maxs)
    return std::nullopt;
  auto chosen = range.getAs<DenseF32ArrayAttr>("chosen");
  return SiteRange{mins, maxs, chosen && chosen.size() == 2 ? chosen.asArrayRef() : ArrayRef<float>()};
}
