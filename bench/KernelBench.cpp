//===- KernelBench.cpp - Generated kernels beside the machine's limits ----===//
//
//   kernel-bench [--benchmark_filter=...] [--benchmark_format=json] [Google Benchmark's flags]
//
// The environment may name a CPU (HALFTONE_BENCH_CPU) and a tile of dot kernels (HALFTONE_BENCH_TILE, for example
// "blocks = 1, columns = 4, fast_u = 16"). Names are format/strategy/rowsxcols/tokens/threads/memory. `cold` rotates
// copies of the weights that together exceed the caches, `warm` uses one. One iteration is one product, activation
// quantization and table building included. Counters: GB/s of packed weights, weights per second, GOPS (2 operations
// per weight and token), and two limits measured in this run: `of_read` is the share of the bandwidth at which the same
// copies can be read, `of_dot` the share of the target's peak of byte dot products.
//
//===----------------------------------------------------------------------===//

#include "Bandwidth.h"
#include "CompiledKernel.h"
#include "DotPeak.h"
extern "C" {
#include "src/core/internal.h"
}
#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdlib>
#include <map>
#include <sys/mman.h>
#include <thread>

using namespace halftone::bench;

namespace {

constexpr size_t kColdBytes = size_t(320) << 20;

/// Memory in huge pages where the system allows it.
class Copies {
public:
  Copies(const CompiledKernel &kernel, bool cold)
      : stride((kernel.packedBytes() + 4095) / 4096 * 4096), count(cold ? kColdBytes / stride + 1 : 1) {
    size = stride * count;
    data = static_cast<uint8_t *>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (data == MAP_FAILED)
      std::abort();
    madvise(data, size, MADV_HUGEPAGE);
    kernel.fill(data, 1);
    for (size_t i = 1; i < count; ++i)
      std::copy(data, data + stride, data + i * stride);
  }
  ~Copies() { munmap(data, size); }
  const uint8_t *next() { return data + (at++ % count) * stride; }

  size_t stride, count, size, at = 0;
  uint8_t *data;
};

/// Bytes per second at which `threads` threads read all copies, the best of three passes.
double readBandwidth(const Copies &copies, int threads) {
  double best = 0;
  size_t part = copies.size / threads / 4096 * 4096;
  int passes = copies.count == 1 ? 200 : 1;
  for (int repeat = 0; repeat < 3; ++repeat) {
    auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> pool;
    auto work = [&](int t) {
      for (int pass = 0; pass < passes; ++pass)
        benchmark::DoNotOptimize(streamRead(copies.data + t * part, part));
    };
    for (int t = 1; t < threads; ++t)
      pool.emplace_back(work, t);
    work(0);
    for (std::thread &thread : pool)
      thread.join();
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, double(part) * threads * passes / seconds.count());
  }
  return best;
}

/// Operations per second, once for each number of threads.
double dotPeak(const std::string &cpu, int threads) {
  static DotPeak peak(cpu);
  static std::map<int, double> measured;
  auto [place, isNew] = measured.try_emplace(threads, 0);
  if (isNew)
    place->second = peak.measure(threads);
  return place->second;
}

void runKernel(benchmark::State &state, KernelSpec spec, int threads, bool cold) {
  CompiledKernel kernel(spec);
  Copies copies(kernel, cold);
  std::vector<float> x(spec.tokens * spec.cols), y(spec.tokens * spec.rows);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(int(i * 2654435761u >> 16) % 2001 - 1000) / 1000.0f;
  halftone_pool *pool = halftone_pool_create(threads);
  halftone_exec exec{pool, halftone_pool_run};
  double bandwidth = readBandwidth(copies, threads), peak = dotPeak(spec.cpu, threads);
  for (auto _ : state)
    kernel.run(&exec, x.data(), copies.next(), y.data());
  halftone_pool_free(pool);
  double weights = double(spec.rows) * spec.cols, bytes = kernel.packedBytes();
  using benchmark::Counter;
  Counter::Flags perIteration = Counter::kIsIterationInvariantRate;
  state.counters["weights/s"] = Counter(weights, perIteration);
  state.counters["GB/s"] = Counter(bytes / 1e9, perIteration);
  state.counters["GOPS"] = Counter(2e-9 * weights * spec.tokens, perIteration);
  state.counters["of_dot"] = Counter(2 * weights * spec.tokens / peak, perIteration);
  state.counters["dot_GOPS"] = peak / 1e9;
  state.counters["of_read"] = Counter(bytes / bandwidth, perIteration);
  state.counters["read_GB/s"] = bandwidth / 1e9;
}

void add(const std::string &format, const std::string &strategy, int64_t rows, int64_t cols, int64_t tokens,
         int threads, bool cold, const std::string &cpu) {
  const char *tile = std::getenv("HALFTONE_BENCH_TILE");
  KernelSpec spec{format, strategy, rows, cols, tokens, cpu, tile ? tile : ""};
  std::string name = format + "/" + strategy + "/" + std::to_string(rows) + "x" + std::to_string(cols) + "/" +
                     std::to_string(tokens) + "/" + std::to_string(threads) + (cold ? "/cold" : "/warm");
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State &state) { runKernel(state, spec, threads, cold); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

} // namespace

int main(int argc, char **argv) {
  const char *cpu = std::getenv("HALFTONE_BENCH_CPU");
  std::string target = cpu ? cpu : "native";
  const std::pair<int64_t, int64_t> shapes[] = {{4096, 4096}, {11008, 4096}, {2048, 2048}, {768, 768}, {1000, 333}};
  const std::pair<const char *, const char *> kinds[] = {{"ternaryg128", "dot"},
                                                         {"ternaryg128", "lut"},
                                                         {"bcq1g128", "dot"},
                                                         {"bcq1g128", "lut"},
                                                         {"bcq1g128", "dot-planes"},
                                                         {"bcq2g128", "dot"},
                                                         {"bcq2g128", "lut"},
                                                         {"bcq2g128", "dot-planes"},
                                                         {"bcq3g128", "dot"},
                                                         {"bcq3g128", "lut"},
                                                         {"bcq3g128", "dot-planes"},
                                                         {"bcq4g128", "dot"},
                                                         {"rtn4g128", "dot"},
                                                         {"vsq4v16s6", "dot"},
                                                         {"rtn8g0", "dot"},
                                                         {"bcq3g128", "dequant"},
                                                         {"float", "dequant"},
                                                         {"bcq1g128", "popcount1"},
                                                         {"bcq1g128", "popcount2"},
                                                         {"bcq1g128", "popcount4"},
                                                         {"bcq1g128", "popcount8"},
                                                         {"ternaryg128", "popcount1"},
                                                         {"ternaryg128", "popcount2"},
                                                         {"ternaryg128", "popcount4"},
                                                         {"bcq2g128", "popcount1"},
                                                         {"bcq2g128", "popcount2"},
                                                         {"bcq1g0", "popcount1"},
                                                         {"bcq1g0", "dot"},
                                                         {"ternaryg128", "dot-trits"},
                                                         {"ternaryg128", "lut-trits"},
                                                         {"ternaryg128", "lut-bytes"},
                                                         {"ternaryg128", "lut-bytes-trits"},
                                                         {"ternaryg128a", "dot"}};
  for (auto [format, strategy] : kinds)
    for (auto [rows, cols] : shapes)
      for (int64_t tokens : {1, 8, 32, 128, 512})
        for (int threads : {1, 2})
          for (bool cold : {true, false})
            add(format, strategy, rows, cols, tokens, threads, cold, target);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
