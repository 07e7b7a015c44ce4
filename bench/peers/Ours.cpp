//===- Ours.cpp - This compiler's products as contenders ------------------===//

#include "Ours.h"
#include "bench/Bandwidth.h"
#include "bench/CompiledKernel.h"
extern "C" {
#include "src/core/internal.h"
}
#include <atomic>
#include <cstring>
#include <sys/mman.h>

using namespace halftone::bench;

namespace {

/// Copies of one matrix, page by page, in huge pages where the system allows it.
struct Memory {
  Memory(int64_t bytes, int64_t copies) : stride((bytes + 4095) / 4096 * 4096), size(stride * copies) {
    void *mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
      std::abort();
    madvise(mapped, size, MADV_HUGEPAGE);
    data = static_cast<uint8_t *>(mapped);
  }
  ~Memory() { munmap(data, size); }
  Memory(const Memory &) = delete;

  /// All copies become the first.
  void repeat() {
    for (int64_t at = stride; at < size; at += stride)
      std::memcpy(data + at, data, stride);
  }

  int64_t stride, size;
  uint8_t *data = nullptr;
};

/// Times `product(copy)` for all copies, a few together.
template <typename F>
void timeCopies(const Memory &memory, int threads, int64_t together, std::vector<double> &times, F product) {
  for (int64_t at = 0; at < memory.size; at += memory.stride * together) {
    double start = clockMicroseconds(threads);
    for (int64_t i = 0; i < together; ++i)
      product(memory.data + at + i * memory.stride);
    times.push_back((clockMicroseconds(threads) - start) / together);
  }
}

class OurProduct : public Contender {
public:
  OurProduct(const KernelSpec &spec, const Problem &problem)
      : spec(spec), problem(problem), kernel(spec), memory(kernel.packedBytes(), problem.copies(kernel.packedBytes())),
        x(problem.tokens * problem.cols), y(problem.tokens * problem.rows) {
    kernel.fill(memory.data, 1);
    memory.repeat();
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(int(i * 2654435761u >> 16) % 2001 - 1000) / 1000.0f;
  }

  std::string name() const override { return spec.format + "/" + spec.strategy; }
  int64_t bytes() const override { return kernel.packedBytes(); }
  void begin(int count) override {
    threads = count;
    exec = {halftone_pool_create(threads), halftone_pool_run};
    kernel.run(&exec, x.data(), memory.data, y.data());
  }
  void end() override { halftone_pool_free(static_cast<halftone_pool *>(exec.pool)); }
  void pass(std::vector<double> &microseconds) override {
    timeCopies(memory, threads, problem.perSample(), microseconds,
               [&](const uint8_t *copy) { kernel.run(&exec, x.data(), copy, y.data()); });
  }

private:
  KernelSpec spec;
  Problem problem;
  CompiledKernel kernel;
  Memory memory;
  std::vector<float> x, y;
  halftone_exec exec{};
  int threads = 1;
};

class PlainRead : public Contender {
public:
  PlainRead(int64_t bytes, const Problem &problem)
      : copyBytes(bytes), problem(problem), memory(bytes, problem.copies(bytes)) {
    std::memset(memory.data, 1, memory.size);
  }

  std::string name() const override { return "read"; }
  int64_t bytes() const override { return copyBytes; }
  void begin(int count) override {
    threads = count;
    pool = halftone_pool_create(threads);
  }
  void end() override { halftone_pool_free(pool); }
  void pass(std::vector<double> &microseconds) override {
    timeCopies(memory, threads, problem.perSample(), microseconds, [&](const uint8_t *copy) {
      work = copy;
      halftone_pool_run(pool, readBlocks, this, copyBytes / kBlock);
    });
  }

private:
  static constexpr int64_t kBlock = 4096;
  static void readBlocks(void *self, int64_t begin, int64_t end) {
    PlainRead &read = *static_cast<PlainRead *>(self);
    read.checksum += streamRead(read.work + begin * kBlock, (end - begin) * kBlock);
  }

  int64_t copyBytes;
  Problem problem;
  Memory memory;
  halftone_pool *pool = nullptr;
  const uint8_t *work = nullptr;
  int threads = 1;
  std::atomic<uint64_t> checksum{0};
};

} // namespace

std::unique_ptr<Contender> halftone::bench::ourProduct(const std::string &format, const std::string &strategy,
                                                       const Problem &problem) {
  KernelSpec spec{format, strategy, problem.rows, problem.cols, problem.tokens};
  return std::make_unique<OurProduct>(spec, problem);
}

std::unique_ptr<Contender> halftone::bench::plainRead(int64_t bytes, const Problem &problem) {
  return std::make_unique<PlainRead>(bytes, problem);
}
