//===- Observe.cpp - Programs that show their values ----------------------===//

#include "Observe.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"
#include "halftone/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace halftone;

void halftone::addObservers(OpPassManager &pm, const ObservedValues &values) {
  // A helper that is called twice would be one site with two weights.
  pm.addPass(createInlinerPass());
  HalftoneInsertObserversOptions options;
  options.inputs = values.inputs;
  options.outputs = values.outputs;
  options.residuals = values.residuals;
  options.sums = values.sums;
  pm.addPass(createHalftoneInsertObservers(options));
}

static ObservedValue toObservedValue(nn::ObservedValue kind) {
  switch (kind) {
  case nn::ObservedValue::Input:
    return ObservedValue::Input;
  case nn::ObservedValue::Output:
    return ObservedValue::Output;
  case nn::ObservedValue::Residual:
    return ObservedValue::Residual;
  case nn::ObservedValue::Sum:
    return ObservedValue::Sum;
  }
  llvm_unreachable("covered switch");
}

/// The place of a global whose bytes are floats of a tensor; none for other globals.
static std::optional<WeightPlace> placeOf(lowbit::GlobalOp global) {
  Operation *op = global.getYielded().getDefiningOp();
  WeightPlace place;
  place.offset = global.getOffset().value_or(0);
  auto pack = dyn_cast<lowbit::PackOp>(op);
  place.interleaved = pack != nullptr;
  Value floats = pack ? pack.getSource() : global.getYielded();
  auto type = cast<RankedTensorType>(floats.getType());
  if (!type.getElementType().isF32())
    return std::nullopt;
  place.shape.assign(type.getShape().begin(), type.getShape().end());
  for (op = floats.getDefiningOp(); op->getNumOperands() > 0; op = op->getOperand(0).getDefiningOp())
    continue;
  auto external = dyn_cast<lowbit::ExternalOp>(op);
  if (!external)
    return std::nullopt;
  place.name = external.getTensorName().str();
  return place;
}

void halftone::recordObserved(ModuleOp module, CompileReport &report) {
  module.walk([&](nn::ObserveOp op) {
    size_t number = op.getSite();
    if (report.sites.size() <= number)
      report.sites.resize(number + 1);
    ObservedSite &site = report.sites[number];
    site.value = toObservedValue(op.getKind());
    site.cols = cast<ShapedType>(op.getValues().getType()).getDimSize(1);
    site.inHead = op->getParentOfType<func::FuncOp>().getSymName() == "head";
    site.weights.clear();
    for (StringRef name : op.getWeights().getAsValueRange<StringAttr>())
      site.weights.push_back(name.str());
  });
  for (auto global : module.getOps<lowbit::GlobalOp>())
    if (std::optional<WeightPlace> place = placeOf(global))
      report.places.push_back(std::move(*place));
}
