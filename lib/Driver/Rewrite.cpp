//===- Rewrite.cpp - Exact rewrites of float models -----------------------===//

#include "Rewrite.h"
#include "halftone/Transforms/Passes.h"
#include "lib/Transforms/Rewrites.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace halftone;

void halftone::addRewrites(OpPassManager &pm, ModuleOp module, const CompileOptions &options) {
  // A helper that is called twice has two inputs.
  pm.addPass(createInlinerPass());
  if (options.rotate) {
    HalftoneRotateOptions rotate;
    rotate.seed = *options.rotate;
    pm.addPass(createHalftoneRotate(rotate));
  }
  if (options.equalize) {
    HalftoneEqualizeOptions equalize;
    equalize.alpha = options.equalize->alpha;
    equalize.beta = options.equalize->beta;
    pm.addPass(createHalftoneEqualize(equalize));
    Builder builder(module.getContext());
    SmallVector<NamedAttribute> magnitudes;
    for (const auto &[name, values] : options.channelMagnitudes)
      magnitudes.push_back(builder.getNamedAttr(name, builder.getDenseF32ArrayAttr(values)));
    if (!magnitudes.empty())
      module->setAttr(kChannelMagnitudesAttrName, builder.getDictionaryAttr(magnitudes));
  }
  // What was copied is dead.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}
