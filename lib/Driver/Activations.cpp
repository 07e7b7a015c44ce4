//===- Activations.cpp - Precision of activations -------------------------===//

#include "Activations.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Quantize/ActivationPolicy.h"
#include "halftone/Quantize/ActivationVectors.h"
#include "halftone/Support/JsonShape.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

using namespace mlir;
using namespace halftone;

/// The numbers of `range[key]` as floats.
static llvm::Expected<std::vector<float>> readNumbers(const llvm::json::Object &range, StringRef key,
                                                      const llvm::Twine &where) {
  const llvm::json::Array *array = range.getArray(key);
  if (!array)
    return llvm::createStringError(where + ": '" + key + "' is missing or no list of numbers");
  std::vector<float> numbers;
  for (const llvm::json::Value &value : *array) {
    std::optional<double> number = value.getAsNumber();
    if (!number || !std::isfinite(float(*number)))
      return llvm::createStringError(where + ": '" + key + "' must hold finite numbers");
    numbers.push_back(float(*number));
  }
  return numbers;
}

llvm::Expected<OutlierReport> halftone::readActivationRanges(ModuleOp module, StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return llvm::createStringError("'" + path + "': " + buffer.getError().message());
  if (scanJson((*buffer)->getBuffer()).depth > 16) // the parser recurses
    return llvm::createStringError("'" + path + "': the brackets are nested too deep for ranges of activations");
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse((*buffer)->getBuffer());
  if (!parsed)
    return llvm::createStringError("'" + path + "': " + llvm::toString(parsed.takeError()));
  const llvm::json::Object *sites = parsed->getAsObject();
  if (!sites)
    return llvm::createStringError("'" + path + "' must hold an object of activations with their ranges");
  Builder b(module.getContext());
  NamedAttrList ranges;
  OutlierReport outliers;
  for (const auto &[site, value] : *sites) {
    std::string where = "'" + path.str() + "': activation '" + site.str() + "'";
    const llvm::json::Object *range = value.getAsObject();
    if (!range)
      return llvm::createStringError(where + " must be an object with 'min' and 'max'");
    llvm::Expected<std::vector<float>> mins = readNumbers(*range, "min", where);
    if (!mins)
      return mins.takeError();
    llvm::Expected<std::vector<float>> maxs = readNumbers(*range, "max", where);
    if (!maxs)
      return maxs.takeError();
    if (site.str().empty())
      return llvm::createStringError("'" + path + "': an activation has no name");
    if (mins->size() != maxs->size())
      return llvm::createStringError(where + " has " + llvm::Twine(mins->size()) + " minima and " +
                                     llvm::Twine(maxs->size()) + " maxima");
    std::optional<double> mean = range->getNumber("mean"), deviation = range->getNumber("deviation");
    if (mean && deviation)
      if (std::vector<OutlierDimension> found = findOutliers(*mins, *maxs, *mean, *deviation); !found.empty())
        outliers[site.str()] = std::move(found);
    ranges.append(site.str(), b.getDictionaryAttr({b.getNamedAttr("max", b.getDenseF32ArrayAttr(*maxs)),
                                                   b.getNamedAttr("min", b.getDenseF32ArrayAttr(*mins))}));
  }
  module->setAttr("lowbit.activation_ranges", ranges.getDictionary(module.getContext()));
  return outliers;
}

void halftone::setActivationRanges(ModuleOp module, const CompileOptions &options) {
  ActivationPolicy policy = llvm::cantFail(ActivationPolicy::parse(options.activationPolicy, ""));
  ActivationRange choice = llvm::cantFail(parseActivationRange(options.activationRange));
  Builder b(module.getContext());
  NamedAttrList ranges;
  for (const ActivationStatistics &statistics : options.activationStatistics) {
    std::optional<ActivationKind> kind = policy.find(statistics.name);
    if (!kind || kind->kind != ActivationKind::Static)
      continue;
    NamedAttrList range;
    range.append("max", b.getDenseF32ArrayAttr(statistics.maxs));
    range.append("min", b.getDenseF32ArrayAttr(statistics.mins));
    // Groups have smallest and largest values of their own.
    if (choice.kind != ActivationRange::MinMax && kind->groups == 1) {
      FloatRange chosen = chooseRange(statistics, choice, kind->bits);
      range.append("chosen", b.getDenseF32ArrayAttr({chosen.low, chosen.high}));
    }
    ranges.append(statistics.name, range.getDictionary(module.getContext()));
  }
  if (!ranges.empty())
    module->setAttr("lowbit.activation_ranges", ranges.getDictionary(module.getContext()));
}

static constexpr const char *kindsName = "lowbit.activation_kinds";

std::map<std::string, int64_t> halftone::countActivations(ModuleOp module) {
  std::map<std::string, int64_t> counts;
  if (auto noted = module->getAttrOfType<DictionaryAttr>(kindsName)) {
    for (NamedAttribute kind : noted)
      if (auto count = dyn_cast<IntegerAttr>(kind.getValue()))
        counts[kind.getName().str()] = count.getInt();
    return counts;
  }
  auto note = [&](ActivationKind::Class kind, unsigned bits, int64_t groups = 1) {
    ++counts[ActivationKind{kind, bits, groups, /*sorted=*/false, {}}.name()];
  };
  auto visit = [&](Operation *op) {
    if (auto quantize = dyn_cast<lowbit::QuantizeActivationsOp>(op))
      note(ActivationKind::PerToken, unsigned(quantize.getBits()));
    else if (auto vectors = dyn_cast<lowbit::QuantizeActivationVectorsOp>(op))
      ++counts[vectors.getVectors().name()];
    else if (auto tokens = dyn_cast<lowbit::RequantizeTokensOp>(op))
      note(ActivationKind::PerToken, unsigned(tokens.getBits()));
    else if (isa<lowbit::RequantizeOp, lowbit::QuantizeActivationsStaticOp>(op)) {
      auto format = cast<lowbit::GroupedType>(op->getAttrOfType<TypeAttr>("format").getValue());
      auto part = dyn_cast<lowbit::QuantizeActivationsStaticOp>(op);
      if (!part || part.getOnly().value_or(0) == 0) // one of several for the groups of an activation
        note(ActivationKind::Static, format.getBits(), format.getGroups());
    } else if (auto product = dyn_cast<lowbit::MatmulDequantOp>(op))
      if (!product.getInput().getDefiningOp<lowbit::RequantizeOp>())
        note(ActivationKind::Float, 32);
  };
  bool isModel = module->hasAttr("halftone.model");
  for (auto function : module.getOps<func::FuncOp>())
    if (!isModel || function.getSymName() != "decode") // the activations of `prefill` again
      function.walk(visit);
  return counts;
}

void halftone::noteActivations(ModuleOp module) {
  Builder b(module.getContext());
  NamedAttrList kinds;
  for (const auto &[kind, count] : countActivations(module))
    kinds.append(kind, b.getI64IntegerAttr(count));
  module->setAttr(kindsName, kinds.getDictionary(module.getContext()));
}
