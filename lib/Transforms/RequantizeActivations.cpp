//===- RequantizeActivations.cpp - lowbit-requantize-activations ----------===//

#include "ActivationSites.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Quantize/Grouped.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace halftone {
#define GEN_PASS_DEF_LOWBITREQUANTIZEACTIVATIONS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

struct RequantizeActivations : halftone::impl::LowbitRequantizeActivationsBase<RequantizeActivations> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<ActivationPolicy> policy =
        parseActivationPolicy(module, std::vector<std::string>(this->policy.begin(), this->policy.end()));
    if (failed(policy))
      return signalPassFailure();
    std::vector<std::pair<ActivationSite, ActivationKind>> work;
    for (ActivationSite &site : findActivationSites(module))
      if (std::optional<ActivationKind> kind = policy->find(site.name))
        work.emplace_back(site, *kind);
    // A value may have several names; the last rule for the first of them counts.
    llvm::DenseSet<Value> done;
    for (auto &[site, kind] : work) {
      if (kind.kind == ActivationKind::Vectors && !site.use) {
        emitError(site.value.getLoc()) << "activation '" << site.name << "' cannot be " << kind.name()
                                       << ": only inputs of products have scales of vectors, as in:W";
        return signalPassFailure();
      }
      if (kind.kind == ActivationKind::Float || kind.kind == ActivationKind::Vectors ||
          (site.use && kind.kind == ActivationKind::PerToken) || (!site.use && !done.insert(site.value).second))
        continue; // the product itself rounds its input per token
      if (failed(requantize(site, kind)))
        return signalPassFailure();
    }
    warnUnused(*policy, module);
  }

private:
  LogicalResult requantize(const ActivationSite &site, const ActivationKind &kind) {
    // A use that was rewritten for another name of its value shows the new value.
    Value value = site.use ? site.use->get() : site.value;
    auto type = cast<RankedTensorType>(value.getType());
    Location loc = value.getLoc();
    OpBuilder builder(&getContext());
    if (site.use)
      builder.setInsertionPoint(site.use->getOwner());
    else
      builder.setInsertionPointAfterValue(value);
    if (type.isDynamicDim(1))
      return emitError(loc) << "activation '" << site.name << "' has no static width: " << type;
    FailureOr<GroupedScales> scales = scalesOf(site, kind, type.getDimSize(1), loc);
    if (kind.kind == ActivationKind::Static && failed(scales))
      return failure();
    Value empty =
        tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, value), type.getElementType());
    Operation *op = kind.kind == ActivationKind::PerToken
                        ? lowbit::RequantizeTokensOp::create(builder, loc, value, empty, kind.bits)
                        : createStatic(builder, loc, value, empty, *scales);
    if (site.use)
      site.use->set(op->getResult(0));
    else
      value.replaceUsesWithIf(op->getResult(0), [&](OpOperand &use) {
        return use.getOwner() != op && !isa<tensor::DimOp>(use.getOwner());
      });
    return success();
  }

  FailureOr<GroupedScales> scalesOf(const ActivationSite &site, const ActivationKind &kind, int64_t size,
                                    Location loc) {
    if (kind.kind != ActivationKind::Static)
      return failure();
    std::optional<SiteRange> range = findRange(getOperation(), site.name);
    if (!range)
      return emitError(loc) << "activation '" << site.name << "' has no range in " << activationRangesAttrName
                            << ", which " << kind.name() << " needs; i8 and i16 find it at run time";
    if (int64_t(range->mins.size()) != size)
      return emitError(loc) << "the range of activation '" << site.name << "' has " << range->mins.size()
                            << " dimensions, the activation has " << size;
    std::vector<float> mins = range->mins, maxs = range->maxs;
    if (kind.groups == 1 && !range->chosen.empty()) {
      llvm::fill(mins, range->chosen[0]);
      llvm::fill(maxs, range->chosen[1]);
    }
    llvm::Expected<GroupedScales> scales = groupedScales(mins, maxs, kind.groups, kind.bits, site.name);
    if (!scales)
      return emitError(loc) << llvm::toString(scales.takeError());
    return *scales;
  }

  static Operation *createStatic(OpBuilder &builder, Location loc, Value value, Value empty,
                                 const GroupedScales &scales) {
    SmallVector<float> steps, zeros;
    for (const AffineScale &group : scales.groups) {
      steps.push_back(group.scale);
      zeros.push_back(float(group.zeroPoint));
    }
    auto constant = [&](ArrayRef<float> values) -> Value {
      auto type = RankedTensorType::get({int64_t(values.size())}, builder.getF32Type());
      return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, values));
    };
    auto format = lowbit::GroupedType::get(builder.getContext(), scales.bits, int64_t(scales.groups.size()));
    return lowbit::RequantizeOp::create(builder, loc, value, constant(steps), constant(zeros), empty, format);
  }
};

} // namespace
