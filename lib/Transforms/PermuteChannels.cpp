//===- PermuteChannels.cpp - halftone-permute-channels --------------------===//

#include "ActivationSites.h"
#include "ChannelClasses.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "halftone/Quantize/Grouped.h"
#include "halftone/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace halftone {
#define GEN_PASS_DEF_HALFTONEPERMUTECHANNELS
#include "halftone/Transforms/Passes.h.inc"
} // namespace halftone

using namespace mlir;
using namespace halftone;

namespace {

/// Ranges of the sorted sites of a class, each in units of its largest, the larger ones counting.
class CombinedRange {
public:
  void add(const SiteRange &range) {
    double largest = 0;
    for (auto [low, high] : llvm::zip_equal(range.mins, range.maxs))
      largest = std::max(largest, double(high) - double(low));
    sizes.resize(range.mins.size(), 0.0f);
    for (size_t i = 0; i < sizes.size() && largest > 0; ++i)
      sizes[i] = std::max(sizes[i], float((double(range.maxs[i]) - double(range.mins[i])) / largest));
  }
  std::vector<int64_t> order() const { return rangeOrder(std::vector<float>(sizes.size(), 0.0f), sizes); }

private:
  std::vector<float> sizes;
};

struct PermuteChannels : halftone::impl::HalftonePermuteChannelsBase<PermuteChannels> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<ActivationPolicy> policy =
        parseActivationPolicy(module, std::vector<std::string>(this->policy.begin(), this->policy.end()));
    if (failed(policy))
      return signalPassFailure();
    std::vector<ActivationSite> sites = findActivationSites(module);
    ChannelClasses classes(module);
    llvm::MapVector<ChannelClasses::Class *, CombinedRange> sorted;
    for (const ActivationSite &site : sites) {
      std::optional<ActivationKind> kind = policy->find(site.name);
      std::optional<SiteRange> range = findRange(module, site.name);
      // Without a range requantization reports the site.
      if (!kind || !kind->sorted || !range || range->mins.size() != range->maxs.size() ||
          int64_t(range->mins.size()) != cast<ShapedType>(site.value.getType()).getDimSize(1))
        continue;
      ChannelClasses::Class *channels = classes.find(site.value);
      if (Operation *blocker = channels ? channels->blocker : site.value.getDefiningOp()) {
        emitWarning(blocker->getLoc()) << "the channels of activation '" << site.name << "' keep their order, because '"
                                       << blocker->getName() << "' depends on it";
        continue;
      }
      if (channels)
        sorted[channels].add(*range);
    }
    llvm::StringSet<> permuted;
    for (auto &[channels, range] : sorted) {
      std::vector<int64_t> order = range.order();
      permuteWeights(*channels, order);
      for (const ActivationSite &site : sites)
        if (classes.find(site.value) == channels && permuted.insert(site.name).second)
          permuteRange(site.name, order);
    }
  }

private:
  static void permuteWeights(const ChannelClasses::Class &channels, ArrayRef<int64_t> order) {
    for (auto [use, dim] : channels.weights) {
      OpBuilder builder(use->getOwner());
      use->set(lowbit::PermuteOp::create(builder, use->get().getLoc(), use->get().getType(), use->get(), dim, order));
    }
  }

  void permuteRange(StringRef site, ArrayRef<int64_t> order) {
    ModuleOp module = getOperation();
    std::optional<SiteRange> range = findRange(module, site);
    if (!range || range->mins.size() != order.size() || range->maxs.size() != order.size())
      return;
    SmallVector<float> mins, maxs;
    for (int64_t from : order) {
      mins.push_back(range->mins[from]);
      maxs.push_back(range->maxs[from]);
    }
    Builder b(module.getContext());
    NamedAttrList all(module->getAttrOfType<DictionaryAttr>(activationRangesAttrName));
    NamedAttrList permuted(cast<DictionaryAttr>(all.get(site)));
    permuted.set("min", b.getDenseF32ArrayAttr(mins));
    permuted.set("max", b.getDenseF32ArrayAttr(maxs));
    all.set(site, permuted.getDictionary(module.getContext()));
    module->setAttr(activationRangesAttrName, all.getDictionary(module.getContext()));
  }
};

} // namespace
