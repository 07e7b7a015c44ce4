//===- PlanBench.cpp - How good the cost model's choices are --------------===//
//
//   plan-bench [--file TIMES.json] [--only REGEX] [--markdown]
//
// Measures every kernel of every product of the grid on this machine (those that the
// tuning file has not yet, which it is added to, product by product, so that a run may
// be cut short and taken up again) and compares: the time of the workload, 128 products
// with one column and one with 128, by the plan of the cost model, by the best plan, and
// by dot products throughout. REGEX chooses products by names like "bcq3g128 4096x4096 i8".
// The last line is how many of them lose more than 10% and how much at most; nothing is
// judged by the exit code.
//
//===----------------------------------------------------------------------===//

#include "halftone/Tune/Tune.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

using namespace halftone;

namespace {

struct Options {
  std::string file, only;
  bool markdown = false;
};

[[noreturn]] void fail(const llvm::Twine &message) {
  llvm::errs() << "plan-bench: " << message << '\n';
  std::exit(1);
}

Options parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef name = argv[i];
    bool hasValue = i + 1 < argc;
    if (name == "--markdown")
      options.markdown = true;
    else if (name == "--file" && hasValue)
      options.file = argv[++i];
    else if (name == "--only" && hasValue)
      options.only = argv[++i];
    else
      fail("usage: plan-bench [--file TIMES.json] [--only REGEX] [--markdown]");
  }
  return options;
}

std::string nameOf(const ProductShape &product) {
  std::string activations = product.bits == 8 ? "i8" : "b" + std::to_string(product.bits);
  return llvm::formatv("{0} {1}x{2} {3}", product.format.name(), product.rows, product.cols, activations);
}

std::vector<ProductShape> grid() {
  std::vector<std::pair<const char *, unsigned>> kinds = {
      {"ternaryg128", 8}, {"bcq1g128", 8}, {"bcq2g128", 8},  {"bcq3g128", 8},   {"bcq4g128", 8},
      {"bcq3g32", 8},     {"rtn4g128", 8}, {"vsq4v16s6", 8}, {"rtn8g0", 8},     {"bcq1g128", 1},
      {"bcq1g128", 2},    {"bcq2g128", 2}, {"bcq1g128", 4},  {"ternaryg128", 2}};
  std::vector<ProductShape> products;
  for (auto [rows, cols] :
       std::vector<std::pair<int64_t, int64_t>>{{4096, 4096}, {11008, 4096}, {2048, 2048}, {768, 768}, {1000, 333}})
    for (auto [format, bits] : kinds)
      products.push_back({llvm::cantFail(parseFormat(format)), rows, cols, bits});
  return products;
}

/// Microseconds of the usual workload on a layout, each part by the kernel that `choice` finds fastest; none where one
/// of these was not worth measuring.
std::optional<double> workloadTime(const KernelTimes &measured, const KernelTimes &choice, const ProductShape &product,
                                   Layout layout) {
  double total = 0;
  for (const Workload::Item &item : Workload().items) {
    Workload part;
    part.items = {item};
    Candidate kernel = chooseKernel(choice, product, layout, part);
    std::optional<double> time = measured.microseconds(product, kernel, item.columns);
    if (!time)
      return std::nullopt;
    total += item.count * *time;
  }
  return total;
}

struct Row {
  ProductShape product;
  Layout chosen, best;
  std::optional<double> model, dot;
  double least;

  std::string ratio(std::optional<double> time) const {
    return time ? llvm::formatv("{0:f2}", *time / least).str() : "-";
  }
};

Row compare(const ProductShape &product, const TargetInfo &target, const TuningFile &file) {
  CostModel model(target);
  TunedTimes measured(target, file);
  Row row{product, chooseLayout({&model}, product, Workload()), chooseLayout({&measured}, product, Workload()), {}, {},
          0};
  row.model = workloadTime(measured, model, product, row.chosen);
  row.least = workloadTime(measured, measured, product, row.best).value();
  row.dot = workloadTime(measured, measured, product, Layout::Rows16);
  return row;
}

void print(const Row &row, bool markdown) {
  const char *format = markdown ? "| {0} | {1} | {2} | {3:f0} | {4} | {5} |\n"
                                : "{0,-28} model {1,-8} best {2,-8} {3,10:f0} us  model/best {4}  dot/best {5}\n";
  llvm::outs() << llvm::formatv(format, nameOf(row.product), layoutName(row.chosen), layoutName(row.best), row.least,
                                row.ratio(row.model), row.ratio(row.dot));
  llvm::outs().flush();
}

} // namespace

int main(int argc, char **argv) {
  Options options = parse(argc, argv);
  TargetInfo target = llvm::cantFail(TargetInfo::get("native"));
  TuningFile file;
  if (!options.file.empty() && llvm::sys::fs::exists(options.file)) {
    llvm::Expected<TuningFile> earlier = TuningFile::read(options.file);
    if (!earlier)
      fail(llvm::toString(earlier.takeError()));
    file = std::move(*earlier);
  }
  if (options.markdown)
    llvm::outs() << "| product | model | best | us, best | model / best | dot / best |\n|---|---|---|---|---|---|\n";
  double worst = 1;
  size_t count = 0, beyond = 0;
  for (const ProductShape &product : grid()) {
    if (!options.only.empty() && !llvm::Regex(options.only).match(nameOf(product)))
      continue;
    if (!file.has(target, product)) {
      if (llvm::Error error = measureProduct(product, target, MeasureOptions(), file))
        fail(llvm::toString(std::move(error)));
      if (llvm::Error error = options.file.empty() ? llvm::Error::success() : file.write(options.file))
        fail(llvm::toString(std::move(error)));
    }
    Row row = compare(product, target, file);
    print(row, options.markdown);
    // What the model chooses is among what is worth measuring.
    worst = std::max(worst, row.model.value() / row.least);
    beyond += *row.model > 1.1 * row.least;
    ++count;
  }
  llvm::outs() << llvm::formatv("{0}{1} of {2} products lose more than 10%; the most is {3:f0}%\n",
                                options.markdown ? "\n" : "", beyond, count, 100 * (worst - 1));
  return 0;
}
