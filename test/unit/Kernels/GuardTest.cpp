//===- GuardTest.cpp - Kernels next to memory that must not be touched ----===//
//
// The operands are laid against pages that cannot be read: once each ends where
// such a page begins, once each begins where one ends. An access beyond an operand
// ends the program. Prefetches may go there. In a process with AddressSanitizer
// the code is instrumented, and the operands are memory of their size on the heap.
//
//===----------------------------------------------------------------------===//

#include "bench/CompiledKernel.h"
#include "halftone/Driver/Compile.h"
#include "halftone/Support/AtomicFile.h"
#include "halftone/Target/Sanitizer.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

using namespace halftone;
using namespace halftone::bench;

namespace {

/// `bytes` bytes between pages without access, at the end or at the beginning of what lies between; or on the heap.
class GuardedMemory {
public:
  GuardedMemory(size_t bytes, bool atEnd) {
    if (runsWithAddressSanitizer()) {
      heap = std::make_unique<uint8_t[]>(bytes);
      data = heap.get();
      return;
    }
    size_t page = size_t(sysconf(_SC_PAGESIZE)), inside = (bytes + page - 1) / page * page;
    size = inside + 2 * page;
    base = static_cast<uint8_t *>(mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(base, MAP_FAILED);
    EXPECT_EQ(mprotect(base + page, inside, PROT_READ | PROT_WRITE), 0);
    data = base + page + (atEnd ? inside - bytes : 0);
  }
  ~GuardedMemory() {
    if (!heap)
      munmap(base, size);
  }
  GuardedMemory(const GuardedMemory &) = delete;

  uint8_t *data;

private:
  std::unique_ptr<uint8_t[]> heap;
  uint8_t *base;
  size_t size;
};

/// Bytes that an operand is too short by.
struct Missing {
  size_t x = 0, packed = 0, y = 0;
};

std::vector<float> runGuarded(const CompiledKernel &kernel, const KernelSpec &spec, bool atEnd, Missing missing = {}) {
  size_t inputs = size_t(spec.tokens * spec.cols), outputs = size_t(spec.tokens * spec.rows);
  GuardedMemory x(inputs * 4 - missing.x, atEnd), packed(size_t(kernel.packedBytes()) - missing.packed, atEnd);
  GuardedMemory y(outputs * 4 - missing.y, atEnd);
  for (size_t i = 0; i < inputs - (missing.x > 0); ++i) {
    float value = float(int(i * 37 % 101) - 50) / 7;
    std::memcpy(x.data + 4 * i, &value, 4);
  }
  if (missing.packed == 0)
    kernel.fill(packed.data, 1);
  kernel.run(nullptr, reinterpret_cast<const float *>(x.data), packed.data, reinterpret_cast<float *>(y.data));
  std::vector<float> result(outputs);
  std::memcpy(result.data(), y.data, outputs * 4);
  return result;
}

/// The guards work: operands that are too short end the program. The very end of packed weights may be padding that
/// nobody reads, but the last 256 bytes are not.
void expectDeath(const CompiledKernel &kernel, const KernelSpec &spec) {
  const char *report = runsWithAddressSanitizer() ? "AddressSanitizer: heap-" : "";
  EXPECT_DEATH(runGuarded(kernel, spec, true, {1, 0, 0}), report);
  EXPECT_DEATH(runGuarded(kernel, spec, true, {0, 256, 0}), report);
  EXPECT_DEATH(runGuarded(kernel, spec, true, {0, 0, 1}), report);
}

/// Formats and strategies.
const std::pair<const char *, const char *> kinds[] = {{"ternaryg32", "dot"},       {"ternaryg32", "lut"},
                                                       {"bcq1g16", "dot"},          {"bcq3g24", "dot"},
                                                       {"bcq3g24", "lut"},          {"rtn5g0", "dot"},
                                                       {"rtn8g32", "dot"},          {"bcq3g24", "popcount2"},
                                                       {"ternaryg32", "dot-trits"}, {"ternaryg32", "lut-trits"},
                                                       {"vsq4v16s4", "dot"},        {"bcq2g32", "dequant"},
                                                       {"float", "dequant"},        {"ternaryg32", "lut-bytes-trits"}};

TEST(GuardTest, NothingBeyondTheOperandsIsTouched) {
  // Tails of rows, columns and groups; tiles of columns and single ones.
  const KernelSpec shapes[] = {{"", "", 1, 1, 1}, {"", "", 17, 33, 1}, {"", "", 67, 130, 9}};
  for (auto [format, strategy] : kinds)
    for (KernelSpec spec : shapes) {
      spec.format = format;
      spec.strategy = strategy;
      SCOPED_TRACE(spec.format + " " + spec.strategy + " " + std::to_string(spec.rows));
      CompiledKernel kernel(spec);
      EXPECT_EQ(runGuarded(kernel, spec, /*atEnd=*/true), runGuarded(kernel, spec, /*atEnd=*/false));
      if (spec.rows == 17)
        expectDeath(kernel, spec);
    }
}

/// A C function of a compiled module, and the sizes of its arguments in bytes; 0 is an integer that is passed as it is.
struct Function {
  std::string name, body; ///< `body`: parameters, results and operations in MLIR
  std::vector<size_t> arguments;
  int64_t integer = 0;
  size_t row = 0, written = 0; ///< bytes of a row of the result, and how many of them are written; 0: all
};

/// The kernels of the operations between products, and of products with all their operands in the open: 5 tokens, 70
/// elements in groups of 32, that is 96 padded ones in 3 groups; 70 rows.
std::vector<Function> operationFunctions() {
  const char *x = "tensor<5x70xf32>", *codes = "tensor<5x96xi8>";
  auto empty = [](const char *name, const std::string &type) {
    return std::string("  %") + name + " = tensor.empty() : " + type + "\n";
  };
  auto ends = [](const std::string &type) { return " -> " + type + "\n  return %r : " + type + "\n"; };
  std::string y = empty("y", x);
  std::vector<Function> list;
  list.push_back({"norm",
                  llvm::formatv("(%x: {0}, %g: tensor<70xf32>) -> {0} {{\n{1}  %r = nn.rms_norm ins(%x, %g : "
                                "{0}, tensor<70xf32>) outs(%y : {0}) epsilon = 1.0e-05{2}",
                                x, y, ends(x)),
                  {1400, 280, 1400}});
  list.push_back({"gate",
                  llvm::formatv("(%x: {0}, %u: {0}) -> {0} {{\n{1}  %r = nn.gated_activation ins(%x, %u : {0}, "
                                "{0}) outs(%y : {0}) kind = silu{2}",
                                x, y, ends(x)),
                  {1400, 1400, 1400}});
  list.push_back({"rope",
                  llvm::formatv("(%x: {0}, %t: tensor<32x10xf32>, %p: index) -> {0} {{\n{1}  %r = nn.rope "
                                "ins(%x, %t, %p : {0}, tensor<32x10xf32>) outs(%y : {0}){2}",
                                x, y, ends(x)),
                  {1400, 1280, 0, 1400},
                  27});
  list.push_back({"attention",
                  llvm::formatv("(%q: {0}, %k: tensor<5x10xf32>, %p: index, %keys: memref<1x1x10x32xf32>, %values: "
                                "memref<1x1x32x10xf32>) -> {0} {{\n{1}  %r = nn.attention ins(%q, %k, %k, %p : {0}, "
                                "tensor<5x10xf32>, tensor<5x10xf32>) cache(%keys, %values : memref<1x1x10x32xf32>, "
                                "memref<1x1x32x10xf32>) outs(%y : {0}) layer = 0, heads = 7{2}",
                                "tensor<5x70xf32>", y, ends(x)),
                  {1400, 200, 0, 1280, 1280, 1400},
                  27});
  // 5 sums of 3 groups, or of 9 vectors of 8 elements, the last of which has 6.
  struct {
    const char *name, *attributes;
    int64_t sums;
  } const quantizations[] = {{"quantize1", "group = 32, bits = 1", 3},
                             {"quantize4", "group = 32, bits = 4", 3},
                             {"quantize8", "group = 32", 3},
                             {"quantize_vectors", "group = 32 vector = 8", 9}};
  for (auto &each : quantizations) {
    std::string type = llvm::formatv("tensor<5x{0}xi32>", each.sums);
    list.push_back({each.name,
                    llvm::formatv("(%x: {0}) -> ({1}, tensor<5xf32>, {2}) {{\n{3}{4}{5}  %r:3 = "
                                  "lowbit.quantize_activations ins(%x : {0}) outs(%c, %s, %g : {1}, tensor<5xf32>, "
                                  "{2}) {6} -> {1}, tensor<5xf32>, {2}\n  return %r#0, %r#1, %r#2 : {1}, "
                                  "tensor<5xf32>, {2}\n",
                                  x, codes, type, empty("c", codes), empty("s", "tensor<5xf32>"), empty("g", type),
                                  each.attributes),
                    {1400, 480, 20, size_t(20 * each.sums)}});
  }
  for (int width : {16, 128}) {
    std::string tables = "tensor<5x" + std::to_string(12 * (width == 16 ? 64 : 256)) + "xi8>";
    list.push_back(
        {"tables" + std::to_string(width),
         llvm::formatv("(%c: {0}) -> {1} {{\n{2}  %r = lowbit.build_tables ins(%c : {0}) outs(%y : {1}) width "
                       "= {3}{4}",
                       codes, tables, empty("y", tables), width, ends(tables)),
         {480, size_t(60 * (width == 16 ? 64 : 256))}});
  }
  // 7 slices of five in each group, a byte per group, and what is missing to a multiple of 64.
  const char *tables = "tensor<5x2752xi8>";
  list.push_back({"tables_of_trits",
                  llvm::formatv("(%c: {0}) -> {1} {{\n{2}  %r = lowbit.build_tables ins(%c : {0}) outs(%y : {1}) width "
                                "= 128 trit_group = 32 byte_group = 32{3}",
                                codes, tables, empty("y", tables), ends(tables)),
                  {480, 5 * 2752},
                  0,
                  2752,
                  21 * 128 + 3});
  list.push_back({"planes",
                  llvm::formatv("(%c: {0}) -> tensor<5x36xi8> {{\n{1}  %r = lowbit.build_planes ins(%c : {0}) "
                                "outs(%y : tensor<5x36xi8>) bits = 3{2}",
                                codes, empty("y", "tensor<5x36xi8>"), ends("tensor<5x36xi8>")),
                  {480, 180}});
  return list;
}

/// A product whose activations are arguments too, and a look-up of rows.
void addProducts(std::vector<Function> &list, const std::string &format, const std::string &type) {
  Format parsed = llvm::cantFail(parseFormat(format));
  auto add = [&](const char *op, Layout layout, int64_t perToken, const std::string &attributes) {
    size_t packed = size_t(packedBytes(parsed, 70, 70, layout));
    list.push_back(
        {op + std::to_string(list.size()),
         llvm::formatv("(%c: tensor<5x{0}xi8>, %s: tensor<5xf32>, %g: tensor<5x3xi32>, %w: tensor<{1}xi8>) -> "
                       "tensor<5x70xf32> {{\n  %y = tensor.empty() : tensor<5x70xf32>\n  %r = "
                       "lowbit.matmul_{2} ins(%c, %s, %g, %w : tensor<5x{0}xi8>, tensor<5xf32>, "
                       "tensor<5x3xi32>, tensor<{1}xi8>) outs(%y : tensor<5x70xf32>) format = {3}, "
                       "in_features = 70{4} -> tensor<5x70xf32>\n  return %r : tensor<5x70xf32>\n",
                       perToken, packed, op, type, attributes),
         {size_t(5 * perToken), 20, 60, packed, 1400}});
  };
  add("dot", Layout::Rows16, 96, "");
  add("lut", Layout::Rows64, 12 * 64, ", width = 16");
  add("popcount", Layout::Rows64, 12 * 3, ", bits = 3");
  size_t packed = size_t(packedBytes(parsed, 70, 70, Layout::Rows16));
  list.push_back(
      {"gather" + std::to_string(list.size()),
       llvm::formatv("(%i: tensor<5xi32>, %w: tensor<{0}xi8>) -> tensor<5x70xf32> {{\n  %y = tensor.empty() : "
                     "tensor<5x70xf32>\n  %r = lowbit.gather_packed ins(%i, %w : tensor<5xi32>, tensor<{0}xi8>) "
                     "outs(%y : tensor<5x70xf32>) format = {1}, rows = 70 -> tensor<5x70xf32>\n  return %r : "
                     "tensor<5x70xf32>\n",
                     packed, type),
       {20, packed, 1400}});
}

/// Calls a function whose parameters are pointers and 64-bit integers.
int32_t callWith(void *function, const std::vector<uintptr_t> &a) {
  auto at = [&](size_t i) { return i < a.size() ? a[i] : 0; };
  using Any = int32_t (*)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
  return reinterpret_cast<Any>(function)(0, at(0), at(1), at(2), at(3), at(4), at(5)); // no pool
}

/// All memory that the function can see after a call, with every argument against an unreadable page.
std::vector<uint8_t> callGuarded(void *address, const Function &function, bool atEnd) {
  std::vector<std::unique_ptr<GuardedMemory>> memory;
  std::vector<uintptr_t> arguments;
  for (size_t bytes : function.arguments) {
    if (bytes == 0) {
      arguments.push_back(uintptr_t(function.integer));
      continue;
    }
    memory.push_back(std::make_unique<GuardedMemory>(bytes, atEnd));
    uint8_t *data = memory.back()->data;
    arguments.push_back(uintptr_t(data));
    bool isIds = function.name.find("gather") == 0 && memory.size() == 1;
    for (size_t i = 0; i < bytes; i += bytes % 4 ? 1 : 4) {
      int32_t id = i == 0 ? 69 : int32_t(i % 70);
      float value = float(int(i * 37 % 101) - 50) / 7;
      std::memcpy(data + i, isIds ? static_cast<void *>(&id) : &value, bytes % 4 ? 1 : 4);
    }
  }
  EXPECT_EQ(callWith(address, arguments), 0) << function.name;
  std::vector<uint8_t> result;
  size_t next = 0;
  for (size_t bytes : function.arguments)
    if (bytes > 0) {
      const uint8_t *data = memory[next++]->data;
      bool isPart = function.row > 0 && next == memory.size();
      size_t row = isPart ? function.row : bytes, written = isPart ? function.written : bytes;
      for (size_t at = 0; at < bytes; at += row)
        result.insert(result.end(), data + at, data + at + written);
    }
  return result;
}

TEST(GuardTest, NothingBeyondTheBuffersOfAModelIsTouched) {
  std::vector<Function> functions = operationFunctions();
  addProducts(functions, "bcq2g32", "!lowbit.bcq<planes = 2, group = 32>");
  addProducts(functions, "ternaryg32", "!lowbit.ternary<group = 32>");
  std::string text;
  for (const Function &function : functions)
    text += "func.func @" + function.name + function.body + "}\n";
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("halftone-guard", folder));
  CompileOptions options;
  options.input = (folder + "/f.mlir").str();
  options.output = (folder + "/f.so").str();
  options.sanitize = sanitizerOfProcess();
  ASSERT_FALSE(bool(writeFileAtomically(options.input, text)));
  llvm::Expected<CompileReport> report = compile(options);
  ASSERT_TRUE(bool(report)) << llvm::toString(report.takeError());
  void *library = dlopen(options.output.c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(library) << dlerror();
  for (const Function &function : functions) {
    SCOPED_TRACE(function.name);
    void *address = dlsym(library, function.name.c_str());
    ASSERT_TRUE(address);
    std::vector<uint8_t> end = callGuarded(address, function, /*atEnd=*/true),
                         start = callGuarded(address, function, /*atEnd=*/false);
    ASSERT_EQ(end.size(), start.size());
    EXPECT_EQ(std::mismatch(end.begin(), end.end(), start.begin()).first - end.begin(), ptrdiff_t(end.size()))
        << "the first byte that differs";
  }
  dlclose(library);
  llvm::sys::fs::remove_directories(folder);
}

} // namespace
