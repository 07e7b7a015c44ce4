//===- Rotate.cpp - halftone-rotate ---------------------------------------===//

#include "Rewrites.h"
#include "Weights.h"
#include "dialects/Nn/IR/NnOps.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONEROTATE
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// The residual stream of a model: all that must be rotated for its values to be.
struct Stream {
  llvm::SetVector<Value> values;
  SmallVector<OpOperand *> tables; ///< of embeddings
  std::vector<Product> writers;    ///< whose outputs are added to the stream
  SmallVector<nn::RmsNormOp> norms;
  std::vector<std::pair<nn::RmsNormOp, Product>> readers; ///< of the norms
};

class StreamFinder {
public:
  explicit StreamFinder(ModuleOp module) : module(module) {}

  FailureOr<Stream> find() {
    module.walk([&](nn::EmbedOp embed) {
      if (embed->getNumResults() && isWeightChain(embed.getTable())) {
        stream.tables.push_back(&embed.getTableMutable());
        stream.values.insert(embed->getResult(0));
      }
    });
    if (stream.values.empty())
      return LogicalResult(
          module.emitError("there is no nn.embed of a constant table, where a residual stream begins"));
    for (size_t i = 0; i < stream.values.size(); ++i)
      if (failed(followUses(stream.values[i])))
        return failure();
    for (linalg::AddOp add : sums)
      for (Value input : add.getInputs())
        if (!stream.values.contains(input) && failed(takeWriter(add, input)))
          return failure();
    for (nn::RmsNormOp norm : stream.norms)
      if (failed(takeReaders(norm, norm->getResult(0))))
        return failure();
    return std::move(stream);
  }

private:
  static LogicalResult refuse(Operation *op) {
    return op->emitError() << "the residual stream cannot be rotated, because '" << op->getName() << "' depends on it";
  }

  LogicalResult followUses(Value value) {
    for (OpOperand &use : value.getUses()) {
      Operation *op = use.getOwner();
      auto add = dyn_cast<linalg::AddOp>(op);
      auto norm = dyn_cast<nn::RmsNormOp>(op);
      if (isa<tensor::DimOp>(op))
        continue;
      if (add && add->getNumResults() && use.getOperandNumber() < 2) {
        sums.insert(add);
        stream.values.insert(add.getResult(0));
      } else if (norm && norm->getNumResults() && use.getOperandNumber() == 0 && isWeightChain(norm.getGain())) {
        if (!llvm::is_contained(stream.norms, norm))
          stream.norms.push_back(norm);
      } else {
        return refuse(op);
      }
    }
    return success();
  }

  LogicalResult takeWriter(linalg::AddOp add, Value input) {
    std::optional<Product> product = soleProduct(input);
    if (!product)
      return add.emitError("the residual stream cannot be rotated: something else than a product with constant weights "
                           "is added to it");
    stream.writers.push_back(*product);
    return success();
  }

  /// The products that read a norm; where a model's body returns it, those that read the head's argument.
  LogicalResult takeReaders(nn::RmsNormOp norm, Value value) {
    for (OpOperand &use : value.getUses()) {
      Operation *op = use.getOwner();
      if (isa<tensor::DimOp>(op))
        continue;
      auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
      std::optional<Product> product = linalgOp ? matchProduct(linalgOp) : std::nullopt;
      if (product && use.getOperandNumber() == 0) {
        stream.readers.emplace_back(norm, *product);
        continue;
      }
      auto function = op->getParentOfType<func::FuncOp>();
      auto head = module.lookupSymbol<func::FuncOp>("head");
      bool goesOn = isa<func::ReturnOp>(op) && module->hasAttr("halftone.model") && function.getSymName() == "body" &&
                    head && !head.isExternal() && head.getNumArguments() == 1;
      if (!goesOn)
        return refuse(op);
      if (failed(takeReaders(norm, head.getArgument(0))))
        return failure();
    }
    return success();
  }

  ModuleOp module;
  Stream stream;
  llvm::SetVector<linalg::AddOp> sums;
};

struct Rotate : halftone::impl::HalftoneRotateBase<Rotate> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<Stream> stream = StreamFinder(getOperation()).find();
    if (failed(stream))
      return signalPassFailure();
    for (OpOperand *table : stream->tables)
      rotate(*table, lowbit::Axis::Columns, seed);
    for (const Product &writer : stream->writers)
      rotate(weightsOf(writer), outputAxis(writer), seed);
    for (auto [norm, reader] : stream->readers) {
      OpOperand &weights = weightsOf(reader);
      OpBuilder builder(reader.op);
      Value gain = copyWeightChain(builder, norm.getGain());
      weights.set(lowbit::ScaleOp::create(builder, reader.op.getLoc(), weights.get().getType(), weights.get(), gain,
                                          inputAxis(reader), /*inverse=*/false, /*repeat=*/1, /*block=*/1));
      rotate(weights, inputAxis(reader), seed);
    }
    for (nn::RmsNormOp norm : stream->norms)
      dropGain(norm);
    if (heads)
      getOperation().walk([&](nn::AttentionOp op) { rotateHeads(op); });
  }

private:
  static void rotate(OpOperand &weights, lowbit::Axis axis, int64_t seed, int64_t block = 0) {
    OpBuilder builder(weights.getOwner());
    weights.set(lowbit::RotateOp::create(builder, weights.getOwner()->getLoc(), weights.get().getType(), weights.get(),
                                         axis, seed, block));
  }

  /// Gains of one, under the name of those that went into the weights.
  static void dropGain(nn::RmsNormOp norm) {
    OpBuilder builder(norm);
    auto type = cast<RankedTensorType>(norm.getGain().getType());
    auto name = NameLoc::get(builder.getStringAttr(weightName(norm.getGain())));
    norm.getGainMutable().set(
        arith::ConstantOp::create(builder, name, DenseElementsAttr::get(type, builder.getF32FloatAttr(1.0f))));
  }

  /// Values of the heads, from the weights that make them to those that read what attention makes of them.
  void rotateHeads(nn::AttentionOp op) {
    if (op->getNumResults() == 0 || op.getValue() == op.getKey())
      return;
    std::optional<Product> values = soleProduct(op.getValue());
    std::vector<Product> readers = soleReaders(op->getResult(0));
    if (!values || readers.empty())
      return;
    rotate(weightsOf(*values), outputAxis(*values), seed + 1, op.getHeadSize());
    for (const Product &reader : readers)
      rotate(weightsOf(reader), inputAxis(reader), seed + 1, op.getHeadSize());
  }
};

} // namespace
