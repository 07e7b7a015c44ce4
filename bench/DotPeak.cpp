//===- DotPeak.cpp - The machine's peak of byte dot products --------------===//

#include "DotPeak.h"
#include "halftone/Driver/Compile.h"
#include "halftone/Support/AtomicFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <chrono>
#include <dlfcn.h>
#include <thread>

using namespace halftone;
using namespace halftone::bench;

namespace {

/// Turns of a loop, chains of sums in it, and bytes of a vector. Four chains of 64 bytes are eight registers of 32.
constexpr int64_t kTurns = 4000000, kChains = 4, kBytes = 64;
/// Vectors that the loop reads, one after the other: they stay in the first-level cache.
constexpr int64_t kVectors = 64;

} // namespace

/// @peak<n> of simd.dot4 or simd.dot2.
static std::string loopText(size_t number, bool inWords) {
  std::string sums = inWords ? "vector<16xi32>" : "vector<32xi16>", names, types, init, body, stores;
  for (int64_t i = 0; i < kChains; ++i) {
    names += llvm::formatv("{0}%a{1} = %zeros", i ? ", " : "", i);
    types += (i ? ", " : "") + sums;
    init += llvm::formatv("{0}%b{1}", i ? ", " : "", i);
    body += llvm::formatv("    %p{0} = arith.addi %start, %o{0} : index\n"
                          "    %s{0} = vector.load %x[%p{0}] : memref<{1}xi8>, vector<64xi8>\n"
                          "    %b{0} = simd.{2} %a{0}, %u, %s{0} {{max_u = 2 : i32} : {3}, vector<64xi8>, "
                          "vector<64xi8>\n",
                          i, kVectors * kBytes, inWords ? "dot4" : "dot2", sums);
    stores += llvm::formatv("  %w{0} = vector.bitcast %r#{0} : {1} to vector<16xi32>\n"
                            "  vector.store %w{0}, %y[%c{0}] : memref<{2}xi32>, vector<16xi32>\n",
                            i, sums, 16 * kChains);
  }
  std::string constants;
  for (int64_t i = 0; i < kChains; ++i)
    constants += llvm::formatv("  %o{0} = arith.constant {1} : index\n  %c{0} = arith.constant {2} : index\n", i,
                               i * kBytes, i * 16);
  return llvm::formatv("func.func @peak{0}(%x: memref<{1}xi8>, %y: memref<{2}xi32>) {{\n"
                       "  %zeros = arith.constant dense<0> : {3}\n  %zero = arith.constant 0 : index\n"
                       "  %one = arith.constant 1 : index\n  %turns = arith.constant {4} : index\n"
                       "  %round = arith.constant {5} : index\n  %width = arith.constant {6} : index\n{7}"
                       "  %u = vector.load %x[%zero] : memref<{1}xi8>, vector<64xi8>\n"
                       "  %r:{8} = scf.for %i = %zero to %turns step %one iter_args({9}) -> ({10}) {{\n"
                       "    %turn = arith.remui %i, %round : index\n    %start = arith.muli %turn, %width : index\n"
                       "{11}    scf.yield {12} : {10}\n  }\n{13}  return\n}\n",
                       number, kVectors * kBytes, 16 * kChains, sums, kTurns, kVectors / kChains, kChains * kBytes,
                       constants, kChains, names, types, body, init, stores);
}

[[noreturn]] static void fail(const llvm::Twine &message) {
  llvm::errs() << "peak of dot products: " << message << '\n';
  std::exit(1);
}

DotPeak::DotPeak(const std::string &cpu) {
  llvm::SmallString<128> temporary;
  if (std::error_code code = llvm::sys::fs::createUniqueDirectory("halftone-peak", temporary))
    fail("cannot make a temporary folder: " + code.message());
  folder = std::string(temporary);
  CompileOptions options;
  options.input = folder + "/peak.mlir";
  options.output = folder + "/peak.so";
  options.cpu = cpu;
  if (llvm::Error error = writeFileAtomically(options.input, loopText(0, true) + loopText(1, false)))
    fail(llvm::toString(std::move(error)));
  if (auto report = halftone::compile(options); !report)
    fail(llvm::toString(report.takeError()));
  library = dlopen(options.output.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail(dlerror());
  for (const char *name : {"peak0", "peak1"})
    loops.push_back(reinterpret_cast<Function>(dlsym(library, name)));
}

DotPeak::~DotPeak() {
  dlclose(library);
  llvm::sys::fs::remove_directories(folder);
}

double DotPeak::measure(int threads) const {
  using namespace std::chrono;
  double best = 0;
  for (Function loop : loops)
    for (int repeat = 0; repeat < 8; ++repeat) {
      auto work = [loop] {
        // As kernels' operands are: a load of a vector that crosses lines of the cache takes twice the time.
        alignas(kBytes) int8_t bytes[kVectors * kBytes];
        alignas(kBytes) int32_t sums[16 * kChains];
        std::fill(std::begin(bytes), std::end(bytes), int8_t(1));
        loop(nullptr, bytes, sums);
      };
      std::vector<std::thread> others;
      auto start = steady_clock::now();
      for (int i = 1; i < threads; ++i)
        others.emplace_back(work);
      work();
      for (std::thread &each : others)
        each.join();
      double seconds = duration<double>(steady_clock::now() - start).count();
      best = std::max(best, 2.0 * threads * kTurns * kChains * kBytes / seconds);
    }
  return best;
}
