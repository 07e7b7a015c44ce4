//===- ChannelClasses.cpp - Activations that share their channels ---------===//

#include "ChannelClasses.h"
#include "Weights.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace halftone;

/// An activation: floats [tokens][d] that are no weight.
static bool isActivation(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 2 && type.getElementType().isF32() && !isWeightChain(value);
}

/// Values that are the same in any order of their channels, whoever uses them: nothing yet, or one number.
static bool isUniform(Value value) {
  Operation *op = value.getDefiningOp();
  return op && isa<tensor::EmptyOp, linalg::FillOp>(op);
}

/// The functions of a model that hand the residual stream to its head.
static bool isBody(func::FuncOp function) {
  return llvm::is_contained({"body", "decode", "prefill"}, function.getSymName());
}

/// The argument of a model's head that is the residual stream; null if there is no such model.
static Value findHeadInput(ModuleOp module) {
  auto head = module.lookupSymbol<func::FuncOp>("head");
  if (!module->hasAttr("halftone.model") || !head || head.isExternal() || head.getNumArguments() != 1)
    return {};
  bool hasBody = false;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!isBody(function))
      continue;
    hasBody = true;
    if (function.isExternal() || function.getNumResults() != 1)
      return {};
  }
  return hasBody ? Value(head.getArgument(0)) : Value();
}

ChannelClasses::ChannelClasses(ModuleOp module) : headInput(findHeadInput(module)) {
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    for (Value argument : function.getArguments())
      if (argument != headInput)
        block(argument, function);
    function.walk([&](Operation *op) {
      if (op != function)
        visit(op);
    });
  }
  gather();
}

ChannelClasses::Class *ChannelClasses::find(Value value) {
  if (!isActivation(value))
    return nullptr;
  void *leader = values.getOrInsertLeaderValue(value.getAsOpaquePointer());
  std::unique_ptr<Class> &found = classes[leader];
  if (!found)
    found = std::make_unique<Class>();
  return found.get();
}

void ChannelClasses::gather() {
  for (auto [operand, dim, result] : taken)
    find(result)->weights.emplace_back(operand, dim);
  for (auto [value, op] : blocked)
    if (Class *channels = find(value); channels && !channels->blocker)
      channels->blocker = op;
}

void ChannelClasses::join(Value a, Value b) {
  if (!isUniform(a) && !isUniform(b))
    values.unionSets(a.getAsOpaquePointer(), b.getAsOpaquePointer());
}

void ChannelClasses::take(OpOperand &operand, int64_t dim, Value result) {
  if (isWeightChain(operand.get()) && isActivation(result))
    taken.emplace_back(&operand, dim, result);
  else
    block(result, operand.getOwner());
}

void ChannelClasses::joinOrTake(OpOperand &operand, Value result) {
  if (isUniform(operand.get()))
    return;
  if (isWeightChain(operand.get()))
    return take(operand, 1, result);
  join(operand.get(), result);
}

void ChannelClasses::block(Value value, Operation *op) {
  if (isActivation(value) && !isUniform(value))
    blocked.emplace_back(value, op);
}

void ChannelClasses::blockAll(Operation *op) {
  for (Value value : op->getOperands())
    block(value, op);
  for (Value value : op->getResults())
    block(value, op);
}

Value ChannelClasses::handedToHead(Operation *op) const {
  if (!headInput || !isa<func::ReturnOp>(op) || !isBody(op->getParentOfType<func::FuncOp>()))
    return {};
  Value stream = op->getOperand(0);
  auto width = [](Value v) { return cast<ShapedType>(v.getType()).getDimSize(1); };
  return isActivation(stream) && isActivation(headInput) && width(stream) == width(headInput) ? stream : Value();
}

void ChannelClasses::visitProduct(const Product &product) {
  linalg::LinalgOp op = product.op;
  Value result = op->getResult(0);
  OpOperand &weights = *op.getDpsInputOperand(1);
  take(weights, product.rowsAreOutputs ? 1 : 0, product.activations);
  take(weights, product.rowsAreOutputs ? 0 : 1, result);
  joinOrTake(*op.getDpsInitOperand(0), result);
}

/// Operations whose element [t][d] depends on the elements [t][d] and the entries d of its operands.
bool ChannelClasses::visitElementwise(linalg::LinalgOp op) {
  if (op->getNumResults() != 1 || !isActivation(op->getResult(0)) || op.getNumParallelLoops() != 2 ||
      op.getNumLoops() != 2 || op.hasIndexSemantics() ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return false;
  Value result = op->getResult(0);
  SmallVector<std::pair<OpOperand *, bool>> rowsOrVectors;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    bool isVector = map.getNumResults() == 1 && map.isProjectedPermutation() && map.getDimPosition(0) == 1;
    bool isPerToken = map.getNumResults() == 0 ||
                      (map.getNumResults() == 1 && map.isProjectedPermutation() && map.getDimPosition(0) == 0);
    if (!map.isIdentity() && !isVector && !isPerToken)
      return false;
    if (!isPerToken)
      rowsOrVectors.emplace_back(&operand, isVector);
  }
  for (auto [operand, isVector] : rowsOrVectors) {
    if (isVector)
      take(*operand, 0, result);
    else
      joinOrTake(*operand, result);
  }
  return true;
}

void ChannelClasses::visitNorm(Value input, Value result, ArrayRef<OpOperand *> vectors) {
  join(input, result);
  for (OpOperand *vector : vectors)
    take(*vector, 0, result);
}

void ChannelClasses::visit(Operation *op) {
  if (isWeightChain(op) || isa<tensor::EmptyOp, tensor::DimOp, linalg::FillOp>(op) ||
      op->getBlock()->getParentOp() == nullptr)
    return;
  // The body of a linalg operation works on single numbers.
  if (isa<linalg::LinalgOp>(op->getParentOp()))
    return;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    if (std::optional<Product> product = matchProduct(linalgOp))
      return visitProduct(*product);
    if (visitElementwise(linalgOp))
      return;
  }
  if (auto embed = dyn_cast<nn::EmbedOp>(op); embed && embed->getNumResults())
    return take(embed.getTableMutable(), 1, embed->getResult(0));
  if (auto norm = dyn_cast<nn::RmsNormOp>(op); norm && norm->getNumResults())
    return visitNorm(norm.getInput(), norm->getResult(0), {&norm.getGainMutable()});
  if (auto norm = dyn_cast<nn::LayerNormOp>(op); norm && norm->getNumResults())
    return visitNorm(norm.getInput(), norm->getResult(0), {&norm.getGainMutable(), &norm.getBiasMutable()});
  if (isa<nn::GeluOp, nn::GatedActivationOp, lowbit::RequantizeTokensOp>(op) && op->getNumResults()) {
    for (OpOperand &operand : op->getOpOperands().drop_back())
      joinOrTake(operand, op->getResult(0));
    return;
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op); cast && isActivation(cast.getSource()))
    return join(cast.getSource(), cast.getResult());
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    if (isActivation(slice.getSource()) && slice.getType().getRank() == 2 && slice.getStaticOffsets()[1] == 0 &&
        slice.getStaticStrides()[1] == 1 && slice.getStaticSizes()[1] == slice.getSourceType().getDimSize(1))
      return join(slice.getSource(), slice.getResult());
  if (Value stream = handedToHead(op))
    return join(stream, headInput);
  blockAll(op);
}
