//===- Measure.cpp - Times of a product's kernels -------------------------===//

#include "halftone/Tune/KernelProgram.h"
#include "halftone/Tune/Tune.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cstring>
#include <ctime>
#include <sys/mman.h>

using namespace halftone;

namespace {

/// Copies of one packed matrix, in huge pages where the system allows it.
class Copies {
public:
  Copies(int64_t bytes, int64_t least)
      : stride((bytes + 4095) / 4096 * 4096), count(std::max<int64_t>(1, (least + stride - 1) / stride)) {
    void *mapped = mmap(nullptr, stride * count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
      return;
    madvise(mapped, stride * count, MADV_HUGEPAGE);
    data = static_cast<uint8_t *>(mapped);
  }
  ~Copies() {
    if (data)
      munmap(data, stride * count);
  }
  Copies(const Copies &) = delete;

  explicit operator bool() const { return data; }
  uint8_t *first() { return data; }
  void repeat() {
    for (int64_t i = 1; i < count; ++i)
      std::memcpy(data + i * stride, data, stride);
  }
  const uint8_t *next() { return data + at++ % count * stride; }

private:
  int64_t stride, count, at = 0;
  uint8_t *data = nullptr;
};

/// Microseconds of processor time of this thread: other programs do not count, as long as they leave memory alone.
double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e6 * double(time.tv_sec) + 1e-3 * double(time.tv_nsec);
}

/// A kernel with its memory and what was measured.
struct Contender {
  Contender(const KernelProgram &program, size_t kernel, int64_t coldBytes)
      : program(program), kernel(kernel), copies(program.packedBytes(kernel), coldBytes),
        x(program.spec(kernel).tokens * program.spec(kernel).cols),
        y(program.spec(kernel).tokens * program.spec(kernel).rows) {
    if (!copies)
      return;
    program.fill(kernel, copies.first(), 1);
    copies.repeat();
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(int(i * 2654435761u >> 16) % 2001 - 1000) / 1000.0f;
  }

  /// One turn: at least one product, and as many as `least` microseconds hold.
  void turn(double least) {
    double start = now(), elapsed = 0;
    int64_t products = 0;
    do {
      program.run(kernel, nullptr, x.data(), copies.next(), y.data());
      ++products;
      elapsed = now() - start;
    } while (elapsed < least);
    times.push_back(elapsed / double(products));
  }

  double median() {
    llvm::sort(times);
    return times[times.size() / 2];
  }

  const KernelProgram &program;
  size_t kernel;
  Copies copies;
  std::vector<float> x, y;
  std::vector<double> times;
};

/// The kernel of a candidate. All rows of codes that a token takes are made as those of 8-bit activations are.
KernelSpec specOf(const ProductShape &product, const Candidate &candidate, const TargetInfo &target,
                  const std::string &cpu, int64_t columns) {
  int64_t rows = product.bits > 8 ? 2 : product.digits; // 16 bits are two columns of 8
  bool skips = skipsGroups(product, candidate);
  return {product.format.name(),
          strategyName(candidate, product),
          product.rows,
          product.cols,
          columns * rows * (skips ? 1 : product.groups),
          cpu,
          tileText(candidate.tile.applyTo(planDot(target, product.format))),
          skips ? product.groups : 1};
}

} // namespace

llvm::Error halftone::measureProduct(const ProductShape &product, const TargetInfo &target,
                                     const MeasureOptions &options, TuningFile &file) {
  CostModel model(target);
  std::vector<KernelSpec> specs;
  std::vector<llvm::SmallVector<Candidate>> candidates; // per number of columns
  for (int64_t columns : options.columns) {
    candidates.push_back(plausibleCandidates(model, product, columns));
    for (const Candidate &candidate : candidates.back())
      specs.push_back(specOf(product, candidate, target, options.cpu, columns));
  }
  llvm::Expected<std::unique_ptr<KernelProgram>> program = KernelProgram::compile(std::move(specs));
  if (!program)
    return program.takeError();
  size_t next = 0;
  for (auto [group, columns] : llvm::enumerate(options.columns)) {
    std::vector<std::unique_ptr<Contender>> contenders;
    for (size_t i = 0; i < candidates[group].size(); ++i) {
      contenders.push_back(std::make_unique<Contender>(**program, next++, columns == 1 ? options.coldBytes : 0));
      if (!contenders.back()->copies)
        return llvm::createStringError("out of memory for copies of the weights to measure");
    }
    for (int round = 0; round <= options.rounds; ++round)
      for (auto &contender : contenders) {
        contender->turn(round == 0 ? 0 : options.leastMicroseconds); // the first wakes code and pages up
        if (round == 0)
          contender->times.clear();
      }
    for (auto [candidate, contender] : llvm::zip_equal(candidates[group], contenders))
      file.record(target, product, candidate, columns, contender->median());
  }
  return llvm::Error::success();
}
