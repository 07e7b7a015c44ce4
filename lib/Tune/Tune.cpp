//===- Tune.cpp - Measuring the kernels of a model ------------------------===//

#include "halftone/Tune/Tune.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"

using namespace halftone;
using llvm::createStringError;
using llvm::StringRef;

/// The CPU of a compilation, if its code can be measured here.
static llvm::Expected<TargetInfo> measurableTarget(const CompileOptions &options) {
  if (StringRef(options.cpu).contains(','))
    return createStringError("--tune measures for one CPU; name one with --mcpu, not '" + options.cpu + "'");
  llvm::Expected<TargetInfo> target = TargetInfo::get(options.cpu, options.triple);
  if (!target)
    return target.takeError();
  llvm::Expected<TargetInfo> host = TargetInfo::get("native");
  if (!host)
    return host.takeError();
  bool sameKind = target->x86 == host->x86 && target->aarch64 == host->aarch64;
  for (const std::string &feature : target->requiredFeatures)
    if (!sameKind || !host->has(feature))
      return createStringError("--tune measures on this machine, which has no " +
                               (sameKind ? feature : target->triple) + " and cannot run code for " + target->cpu);
  return target;
}

llvm::Error halftone::tune(const CompileOptions &options, StringRef path,
                           const std::function<void(size_t, size_t, StringRef)> &progress) {
  llvm::Expected<TargetInfo> target = measurableTarget(options);
  if (!target)
    return target.takeError();
  TuningFile file;
  if (llvm::sys::fs::exists(path)) {
    llvm::Expected<TuningFile> earlier = TuningFile::read(path);
    if (!earlier)
      return earlier.takeError();
    file = std::move(*earlier);
  }
  if (llvm::Error error = file.write(path)) // before the work, not after it
    return error;
  llvm::Expected<std::vector<ProductShape>> products = listProducts(options);
  if (!products)
    return products.takeError();
  CostModel model(*target);
  MeasureOptions measure;
  llvm::erase_if(*products, [&](const ProductShape &product) {
    return file.has(*target, product) || llvm::all_of(measure.columns, [&](int64_t columns) {
             return plausibleCandidates(model, product, columns).size() < 2;
           });
  });
  measure.cpu = options.cpu;
  for (auto [i, product] : llvm::enumerate(*products)) {
    if (llvm::Error error = measureProduct(product, *target, measure, file))
      return error;
    if (llvm::Error error = file.write(path))
      return error;
    progress(i + 1, products->size(), product.name());
  }
  return llvm::Error::success();
}
