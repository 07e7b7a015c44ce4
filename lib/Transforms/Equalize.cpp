//===- Equalize.cpp - halftone-equalize -----------------------------------===//

#include "Rewrites.h"
#include "Weights.h"
#include "dialects/Nn/IR/NnOps.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONEEQUALIZE
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// A value whose channels can be divided by anything, and multiplied again in the products that read it.
struct Site {
  Value value;
  std::vector<Product> readers;
  /// What is divided, and by its dimension of the channels: vectors of a norm, or the weights of a product.
  std::vector<OpOperand *> divided;
  lowbit::Axis axis = lowbit::Axis::Columns;
  /// Each channel is `repeat` channels of the value, in blocks; see lowbit.equalizer.
  int64_t repeat = 1, block = 1;

  int64_t channels() const { return cast<RankedTensorType>(value.getType()).getDimSize(1) / repeat; }
};

/// Takes the weights of the product that gives `value`.
bool divideProduct(Site &site, Value value) {
  std::optional<Product> product = soleProduct(value);
  if (!product)
    return false;
  site.divided = {&weightsOf(*product)};
  site.axis = outputAxis(*product);
  return true;
}

/// How the channels of a value can be divided, if they can.
bool findDivided(Site &site) {
  Operation *op = site.value.getDefiningOp();
  if (auto norm = dyn_cast_or_null<nn::RmsNormOp>(op))
    site.divided = {&norm.getGainMutable()};
  else if (auto norm = dyn_cast_or_null<nn::LayerNormOp>(op))
    site.divided = {&norm.getGainMutable(), &norm.getBiasMutable()};
  else if (auto gated = dyn_cast_or_null<nn::GatedActivationOp>(op))
    return gated.getUp() != gated.getGate() && divideProduct(site, gated.getUp());
  else if (auto attention = dyn_cast_or_null<nn::AttentionOp>(op)) {
    site.block = attention.getHeadSize();
    site.repeat = int64_t(attention.getHeads()) / attention.getKvHeads();
    return attention.getValue() != attention.getKey() && divideProduct(site, attention.getValue());
  } else
    return false;
  return llvm::all_of(site.divided, [](OpOperand *operand) { return isWeightChain(operand->get()); });
}

struct Equalize : halftone::impl::HalftoneEqualizeBase<Equalize> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    for (double exponent : {double(alpha), double(beta)})
      if (!(exponent >= 0 && exponent <= 1)) {
        module.emitError("alpha and beta of an equalization must be in 0..1");
        return signalPassFailure();
      }
    auto given = module->getAttrOfType<DictionaryAttr>(kChannelMagnitudesAttrName);
    llvm::SetVector<Value> inputs;
    for (const Product &product : findProducts(module))
      inputs.insert(product.activations);
    for (Value value : inputs) {
      Site site;
      site.value = value;
      site.readers = soleReaders(value);
      if (!site.readers.empty() && findDivided(site) && failed(rewrite(site, given)))
        return signalPassFailure();
    }
    module->removeAttr(kChannelMagnitudesAttrName);
  }

private:
  /// The measured magnitudes of the site's channels, null if there are none.
  FailureOr<Value> measured(OpBuilder &builder, const Site &site, DictionaryAttr given) const {
    std::string name = weightName(weightsOf(site.readers.front()).get());
    Attribute found = given ? given.get(name) : Attribute();
    if (!found)
      return Value();
    auto values = dyn_cast<DenseF32ArrayAttr>(found);
    int64_t width = site.channels() * site.repeat;
    if (!values || int64_t(values.size()) != width)
      return LogicalResult(site.readers.front().op->emitError()
                           << "the magnitudes of the inputs of '" << name << "' in " << kChannelMagnitudesAttrName
                           << " are not " << width << " floats");
    std::vector<float> largest(site.channels());
    for (int64_t i = 0; i < width; ++i) {
      float &channel = largest[i / (site.repeat * site.block) * site.block + i % site.block];
      channel = std::max(channel, std::abs(values[i]));
    }
    auto type = RankedTensorType::get({site.channels()}, builder.getF32Type());
    return arith::ConstantOp::create(builder, site.value.getLoc(), DenseElementsAttr::get(type, ArrayRef(largest)))
        .getResult();
  }

  LogicalResult rewrite(Site &site, DictionaryAttr given) {
    // Weights stand beside their products, behind what is divided: copies stand before both.
    OpBuilder builder(site.value.getContext());
    builder.setInsertionPointToStart(site.value.getParentBlock());
    Location loc = site.value.getLoc();
    FailureOr<Value> magnitudes = measured(builder, site, given);
    if (failed(magnitudes))
      return failure();
    // All readers have their weights the same way round, or the scales are of the first alone.
    lowbit::Axis axis = inputAxis(site.readers.front());
    SmallVector<Value> weights;
    for (const Product &reader : site.readers)
      if (inputAxis(reader) == axis)
        weights.push_back(copyWeightChain(builder, weightsOf(reader).get()));
    Value divided = site.divided.front()->get();
    Value sizes = *magnitudes ? *magnitudes : copyWeightChain(builder, divided);
    if (!*magnitudes && site.axis == lowbit::Axis::Columns && cast<RankedTensorType>(sizes.getType()).getRank() == 2)
      return success(); // channels in columns: nothing to read their magnitudes from
    auto type = RankedTensorType::get({site.channels()}, builder.getF32Type());
    Value scales =
        lowbit::EqualizerOp::create(builder, loc, type, sizes, weights, axis, llvm::APFloat(double(alpha)),
                                    llvm::APFloat(double(beta)), site.repeat, site.repeat > 1 ? site.block : 1);
    for (OpOperand *operand : site.divided) {
      Value copy = copyWeightChain(builder, operand->get());
      operand->set(lowbit::ScaleOp::create(builder, loc, copy.getType(), copy, scales, site.axis, /*inverse=*/true,
                                           /*repeat=*/1, /*block=*/1));
    }
    for (const Product &reader : site.readers) {
      OpOperand &operand = weightsOf(reader);
      Value copy = copyWeightChain(builder, operand.get());
      operand.set(lowbit::ScaleOp::create(builder, loc, copy.getType(), copy, scales, inputAxis(reader),
                                          /*inverse=*/false, site.repeat, site.repeat > 1 ? site.block : 1));
    }
    return success();
  }
};

} // namespace
