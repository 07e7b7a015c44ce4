//===- GuardTest.cpp - Kernels next to memory that must not be touched ----===//
//
// Generated code is not instrumented, so its operands are laid against pages that
// cannot be read: once each ends where such a page begins, once each begins where
// one ends. An access beyond an operand ends the program. Prefetches may go there.
//
//===----------------------------------------------------------------------===//

#include "bench/CompiledKernel.h"
#include "gtest/gtest.h"
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace halftone::bench;

namespace {

/// `bytes` bytes between pages without access, at the end or at the beginning of what lies between.
class GuardedMemory {
public:
  GuardedMemory(size_t bytes, bool atEnd) {
    size_t page = size_t(sysconf(_SC_PAGESIZE)), inside = (bytes + page - 1) / page * page;
    size = inside + 2 * page;
    base = static_cast<uint8_t *>(mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(base, MAP_FAILED);
    EXPECT_EQ(mprotect(base + page, inside, PROT_READ | PROT_WRITE), 0);
    data = base + page + (atEnd ? inside - bytes : 0);
  }
  ~GuardedMemory() { munmap(base, size); }
  GuardedMemory(const GuardedMemory &) = delete;

  uint8_t *data;

private:
  uint8_t *base;
  size_t size;
};

std::vector<float> runGuarded(const CompiledKernel &kernel, const KernelSpec &spec, bool atEnd) {
  size_t inputs = size_t(spec.tokens * spec.cols), outputs = size_t(spec.tokens * spec.rows);
  GuardedMemory x(inputs * 4, atEnd), packed(size_t(kernel.packedBytes()), atEnd), y(outputs * 4, atEnd);
  for (size_t i = 0; i < inputs; ++i) {
    float value = float(int(i * 37 % 101) - 50) / 7;
    std::memcpy(x.data + 4 * i, &value, 4);
  }
  kernel.fill(packed.data, 1);
  kernel.run(nullptr, reinterpret_cast<const float *>(x.data), packed.data, reinterpret_cast<float *>(y.data));
  std::vector<float> result(outputs);
  std::memcpy(result.data(), y.data, outputs * 4);
  return result;
}

TEST(GuardTest, NothingBeyondTheOperandsIsTouched) {
  const std::pair<const char *, const char *> kinds[] = {
      {"ternaryg32", "dot"}, {"ternaryg32", "lut"}, {"bcq1g16", "dot"},   {"bcq3g24", "dot"},     {"bcq3g24", "lut"},
      {"rtn5g0", "dot"},     {"rtn8g32", "dot"},    {"vsq4v16s4", "dot"}, {"bcq2g32", "dequant"}, {"float", "dequant"}};
  // Tails of rows, columns and groups; tiles of columns and single ones.
  const KernelSpec shapes[] = {{"", "", 1, 1, 1}, {"", "", 17, 33, 1}, {"", "", 67, 130, 9}};
  for (auto [format, strategy] : kinds)
    for (KernelSpec spec : shapes) {
      spec.format = format;
      spec.strategy = strategy;
      SCOPED_TRACE(spec.format + " " + spec.strategy + " " + std::to_string(spec.rows));
      CompiledKernel kernel(spec);
      EXPECT_EQ(runGuarded(kernel, spec, /*atEnd=*/true), runGuarded(kernel, spec, /*atEnd=*/false));
    }
}

} // namespace
