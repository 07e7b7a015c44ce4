//===- CompiledCases.cpp - Many small products in one shared object -------===//

#include "CompiledCases.h"
#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "dialects/Lowbit/IR/LowbitTypes.h"
#include "halftone/Driver/Compile.h"
#include "halftone/Pack/Layout.h"
#include "halftone/Plan/CostModel.h"
#include "halftone/Support/SafeTensors.h"
#include "halftone/Target/Sanitizer.h"
#include "halftone/Target/TargetInfo.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"
#include "llvm/TargetParser/Host.h"
#include "gtest/gtest.h"
#include <cmath>
#include <dlfcn.h>

using namespace halftone;
using namespace halftone::test;

using ProductFunction = int32_t (*)(const halftone_exec *, const void *, float *);
using DynamicProductFunction = int32_t (*)(const halftone_exec *, const void *, float *, int64_t);

std::string Case::text() const {
  std::string activations = isInteger() && bits != 8 ? " b" + std::to_string(bits) : "";
  if (vectors)
    activations = " " + vectors->name();
  if (fixed)
    activations = " static" + std::to_string(fixed->bits) + "k" + std::to_string(fixed->groups.size());
  return llvm::formatv("{0} {1}x{2} {3}{4}{5}", format, rows, cols, strategy, activations,
                       oneToken ? ", one token" : "")
      .str();
}

Case test::makeCase(const std::string &format, int64_t rows, int64_t cols, const std::string &strategy, unsigned seed) {
  Case c{format, rows, cols, strategy, false, std::vector<float>(rows * cols), {}, 8};
  std::mt19937 random(seed + unsigned(rows * 1000 + cols));
  std::normal_distribution<float> normal(0.0f, 0.05f);
  for (float &w : c.weights)
    w = normal(random);
  // Groups of zeros, and single rows of another magnitude, must not disturb their neighbours.
  for (int64_t k = 0; k < cols; ++k) {
    if (rows > 2)
      c.weights[2 * cols + k] = 0;
    c.weights[(rows - 1) * cols + k] *= 1000.0f;
  }
  Format parsed = llvm::cantFail(parseFormat(format));
  if (parsed.kind != FormatKind::Float)
    c.matrix = llvm::cantFail(quantize(c.weights, rows, cols, parsed, "w", 1));
  return c;
}

/// Look-ups or dot products of stage 2: what they read and how it is spelled.
struct KernelText {
  Layout layout;
  int64_t tableBytes;         ///< of a token
  std::string build, product; ///< after build_tables' width, and after the product's
};

static KernelText kernelText(const Case &c, const GroupShape &groups) {
  int64_t paddedGroup = groups.steps * kStep, padded = groups.paddedCols();
  if (c.hasPairs())
    return {Layout::Rows16, 0, "",
            " {tile = #lowbit.tile<columns = " + c.strategy.substr(9) + ", column_pairs = true>}"};
  bool bytes = c.hasByteTables(), trits = c.hasTrits();
  if (c.hasPlanes())
    return {Layout::Rows64, 0, "", " layout = rows64"};
  if (c.strategy == "dot-trits")
    return {Layout::Trits16, 0, "", " layout = trits16"};
  int64_t width = c.strategy == "lut-bytes16" ? 16 : 128;
  KernelText text{trits ? Layout::Trits64 : Layout::Rows64,
                  lowbit::lookUpTableBytes(width, padded, paddedGroup, trits, bytes),
                  llvm::formatv("width = {0}", width), llvm::formatv(", width = {0}", width)};
  if (trits) {
    text.build += llvm::formatv(" trit_group = {0}", paddedGroup);
    text.product += " layout = trits64";
  }
  if (bytes) {
    text.build += llvm::formatv(" byte_group = {0}", paddedGroup);
    text.product += " byte_tables";
  }
  return text;
}

/// The operations of stage 2 that multiply %x by weights %q; the result is %y.
static std::string plannedOperations(const Case &c, llvm::StringRef element) {
  Format format = llvm::cantFail(parseFormat(c.format));
  GroupShape groups(format, c.cols);
  KernelText kernel = kernelText(c, groups);
  bool isLut = kernel.tableBytes > 0;
  std::string t = c.oneToken ? "1" : "?", n = c.oneToken ? "" : "%n";
  std::string codes = llvm::formatv("tensor<{0}x{1}xi8>", t, groups.paddedCols());
  int64_t sums = format.groupCount(c.cols);
  std::string rest = llvm::formatv("tensor<{0}xf32>, tensor<{0}x{1}xi32>", t, sums);
  std::string group = vectorsPerGroup(format) > 1
                          ? llvm::formatv("{0} vector = {1}", packedGroup(format), format.group).str()
                          : std::to_string(groups.size);
  std::string packed = llvm::formatv("tensor<{0}xi8>", packedBytes(format, c.rows, c.cols, kernel.layout));
  std::string tables = llvm::formatv("tensor<{0}x{1}xi8>", t, kernel.tableBytes);
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::formatv("  %p = lowbit.pack %q layout({0}) : tensor<{1}x{2}x{3}> -> {4}\n", layoutName(kernel.layout),
                      c.rows, c.cols, element, packed);
  os << llvm::formatv("  %c0e = tensor.empty({0}) : {1}\n  %s0 = tensor.empty({0}) : tensor<{2}xf32>\n", n, codes, t);
  os << llvm::formatv("  %g0 = tensor.empty({0}) : tensor<{1}x{2}xi32>\n", n, t, sums);
  os << llvm::formatv("  %c, %s, %g = lowbit.quantize_activations ins(%x : tensor<{0}x{1}xf32>) outs(%c0e, %s0, %g0 : "
                      "{2}, {3}) group = {4} -> {2}, {3}\n",
                      t, c.cols, codes, rest, group);
  if (isLut)
    os << llvm::formatv("  %t0 = tensor.empty({0}) : {1}\n  %t = lowbit.build_tables ins(%c : {2}) outs(%t0 : {1}) "
                        "{3} -> {1}\n",
                        n, tables, codes, kernel.build);
  os << llvm::formatv("  %y = lowbit.matmul_{0} ins(%{1}, %s, %g, %p : {2}, {3}, {4}) outs(%e : tensor<{5}x{6}xf32>) "
                      "format = {7}, in_features = {8}{9}",
                      isLut ? "lut" : "dot", isLut ? "t" : "c", isLut ? tables : codes, rest, packed, t, c.rows,
                      element, c.cols, kernel.product);
  os << llvm::formatv(" -> tensor<{0}x{1}xf32>\n", t, c.rows);
  return text;
}

/// `activations = ...` of a product.
static std::string activationsText(const Case &c) {
  if (c.vectors)
    return llvm::formatv("activations = b{0} vectors = <vector = {1}, scale_bits = {2}, product_bits = {3}{4}{5}>",
                         c.vectors->bits, c.vectors->vector, c.vectors->scaleBits, c.vectors->productBits,
                         c.vectors->isUnsigned ? ", element = unsigned" : "",
                         c.vectors->floatScales ? ", scale = float" : "");
  if (!c.isInteger())
    return "activations = f32";
  if (c.wide)
    return "activations = i16";
  if (c.fixed)
    return "activations = static";
  return "activations = " + (c.bits == 8 && c.strategy != "popcount" ? "i8" : "b" + std::to_string(c.bits));
}

/// The operation that rounds %x to %r by known scales.
static std::string requantizeText(const GroupedScales &scales, llvm::StringRef input, llvm::StringRef tokens) {
  std::string steps, zeros;
  for (const AffineScale &group : scales.groups) {
    steps += llvm::formatv("{0}{1:x8}", steps.empty() ? "" : ", ", llvm::bit_cast<uint32_t>(group.scale));
    zeros += llvm::formatv("{0}{1}.0", zeros.empty() ? "" : ", ", group.zeroPoint);
  }
  std::string type = llvm::formatv("tensor<{0}xf32>", scales.groups.size());
  return llvm::formatv("  %s = arith.constant dense<[{0}]> : {2}\n  %z = arith.constant dense<[{1}]> : {2}\n"
                       "  %re = tensor.empty({3}) : {4}\n"
                       "  %r = lowbit.requantize ins(%x, %s, %z : {4}, {2}, {2}) outs(%re : {4}) "
                       "format = !lowbit.grouped<bits = {5}, groups = {6}> -> {4}\n",
                       steps, zeros, type, tokens, input, scales.bits, scales.groups.size());
}

/// The function of a case, of stage 1 or with kernels of stage 2.
static std::string functionText(const Case &c, size_t index, mlir::MLIRContext &context) {
  std::string element;
  llvm::raw_string_ostream(element) << lowbit::formatToType(&context, llvm::cantFail(parseFormat(c.format)));
  std::string tokens = c.oneToken ? "1" : "?", weight = llvm::formatv("tensor<{0}x{1}x{2}>", c.rows, c.cols, element);
  bool isGather = c.strategy == "gather";
  std::string input = isGather ? llvm::formatv("tensor<{0}xi32>", tokens).str()
                               : llvm::formatv("tensor<{0}x{1}xf32>", tokens, c.cols).str();
  std::string output = llvm::formatv("tensor<{0}x{1}xf32>", tokens, isGather ? c.cols : c.rows);
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::formatv("func.func @f{0}(%x: {1}) -> {2} {{\n", index, input, output);
  os << llvm::formatv("  %w = lowbit.external \"w{0}\" : tensor<{1}x{2}xf32>\n", index, c.rows, c.cols);
  if (!c.isFloat())
    os << llvm::formatv("  %q = lowbit.quantize %w : tensor<{0}x{1}xf32> -> {2}\n", c.rows, c.cols, weight);
  os << "  %c0 = arith.constant 0 : index\n";
  if (!c.oneToken)
    os << llvm::formatv("  %n = tensor.dim %x, %c0 : {0}\n", input);
  os << llvm::formatv("  %e = tensor.empty({0}) : {1}\n", c.oneToken ? "" : "%n", output);
  if (c.hasByteTables() || c.hasPairs() || c.hasTrits() || c.hasPlanes()) {
    os << plannedOperations(c, element) << llvm::formatv("  return %y : {0}\n}\n", output);
    return text;
  }
  if (c.fixed)
    os << requantizeText(*c.fixed, input, c.oneToken ? "" : "%n");
  os << llvm::formatv("  %y = lowbit.{0} ins(%{1}, {2} : {3}, {4}) outs(%e : {5}) ", isGather ? "gather" : "matmul",
                      c.fixed ? "r" : "x", c.isFloat() ? "%w" : "%q", input, weight, output);
  if (!isGather)
    os << activationsText(c) << llvm::formatv(" strategy = {0} ", c.strategy);
  os << llvm::formatv("-> {0}\n  return %y : {0}\n}\n", output);
  return text;
}

static llvm::Error writeInputs(const std::vector<Case> &cases, llvm::StringRef module, llvm::StringRef weights) {
  mlir::MLIRContext context;
  context.loadDialect<lowbit::LowbitDialect>();
  std::string text = "module attributes {lowbit.externals = \"w.safetensors\"} {\n";
  std::vector<TensorToWrite> tensors;
  for (auto [index, c] : llvm::enumerate(cases)) {
    text += functionText(c, index, context);
    auto write = [&c = c](llvm::raw_ostream &os) {
      os.write(reinterpret_cast<const char *>(c.weights.data()), c.weights.size() * sizeof(float));
      return llvm::Error::success();
    };
    tensors.push_back({"w" + std::to_string(index), ElementKind::F32, {c.rows, c.cols}, write});
  }
  std::error_code ec;
  llvm::raw_fd_ostream(module, ec) << text << "}\n";
  return ec ? llvm::errorCodeToError(ec) : writeSafeTensors(weights, tensors);
}

CompiledCases::CompiledCases(std::vector<Case> cases, const std::string &cpu) : list(std::move(cases)) { load(cpu); }

/// The CPU that a test means: "native" is what HALFTONE_TEST_CPU says, where it is set.
static std::string meantCpu(const std::string &cpu) {
  const char *other = std::getenv("HALFTONE_TEST_CPU");
  return cpu == "native" && other ? other : cpu;
}

/// Where the object made of these files for `cpu` is kept: in the folder HALFTONE_TEST_OBJECTS; empty: nowhere.
static std::string keptObject(const std::string &module, const std::string &weights, const std::string &cpu) {
  const char *folder = std::getenv("HALFTONE_TEST_OBJECTS");
  auto text = llvm::MemoryBuffer::getFile(module), data = llvm::MemoryBuffer::getFile(weights);
  if (!folder || !text || !data)
    return "";
  uint64_t hash = llvm::xxh3_64bits((*text)->getBuffer()) ^ llvm::xxh3_64bits((*data)->getBuffer()) * 3;
  return llvm::formatv("{0}/{1}-{2:x}.so", folder, cpu, hash);
}

void CompiledCases::load(const std::string &name) {
  const std::string cpu = meantCpu(name);
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("halftone-kernels", folder));
  auto path = [&](const char *name) { return (folder + "/" + name).str(); };
  llvm::Error error = writeInputs(list, path("m.mlir"), path("w.safetensors"));
  std::string kept = keptObject(path("m.mlir"), path("w.safetensors"), cpu),
              object = kept.empty() ? path("m.so") : kept;
  if (!error && !llvm::sys::fs::exists(object)) {
    CompileOptions options;
    options.input = path("m.mlir");
    options.output = object;
    options.cpu = cpu;
    options.threads = 1;
    options.sanitize = sanitizerOfProcess();
    error = compile(options).takeError();
  }
  if (!error && canRun(cpu))
    library = dlopen(object.c_str(), RTLD_NOW | RTLD_LOCAL);
  (void)llvm::sys::fs::remove_directories(folder);
  if (error)
    FAIL() << llvm::toString(std::move(error));
  if (!canRun(cpu))
    FAIL() << "compiled for " << cpu << ", which this CPU cannot run";
  ASSERT_NE(library, nullptr) << dlerror();
  for (size_t i = 0; i < list.size(); ++i) {
    functions.push_back(dlsym(library, ("f" + std::to_string(i)).c_str()));
    ASSERT_NE(functions.back(), nullptr) << list[i].text();
  }
}

CompiledCases::~CompiledCases() {
  if (library)
    dlclose(library);
}

std::vector<float> CompiledCases::call(size_t index, const void *input, int64_t tokens, int64_t outputs,
                                       const halftone_exec *exec) const {
  const size_t guard = runsWithAddressSanitizer() ? 0 : 32; // it has guards of its own
  constexpr float untouched = 12345.5f;
  size_t size = size_t(tokens * outputs);
  std::vector<float> y(size + 2 * guard, untouched);
  float *out = y.data() + guard;
  int32_t status = list[index].oneToken
                       ? reinterpret_cast<ProductFunction>(functions[index])(exec, input, out)
                       : reinterpret_cast<DynamicProductFunction>(functions[index])(exec, input, out, tokens);
  EXPECT_EQ(status, 0) << list[index].text();
  for (size_t i = 0; i < guard; ++i)
    EXPECT_TRUE(y[i] == untouched && y[guard + size + i] == untouched)
        << list[index].text() << ", " << tokens << " tokens: memory beside the result was written";
  return std::vector<float>(y.begin() + guard, y.begin() + guard + size);
}

std::vector<float> CompiledCases::multiply(size_t index, const std::vector<float> &x, int64_t tokens,
                                           const halftone_exec *exec) const {
  std::vector<float> exact(x); // without the room to grow that AddressSanitizer would not mind
  return call(index, exact.data(), tokens, list[index].rows, exec);
}

std::vector<float> CompiledCases::gather(size_t index, const std::vector<int32_t> &ids,
                                         const halftone_exec *exec) const {
  std::vector<int32_t> exact(ids);
  return call(index, exact.data(), int64_t(ids.size()), list[index].cols, exec);
}

bool test::canRun(const std::string &cpu) {
  if (cpu == "native")
    return true;
  llvm::Expected<TargetInfo> target = TargetInfo::get(cpu);
  if (!target) {
    llvm::consumeError(target.takeError());
    return false;
  }
  llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
  return llvm::all_of(target->requiredFeatures, [&](const std::string &feature) { return host.lookup(feature); });
}

std::vector<float> test::makeActivations(int64_t tokens, int64_t cols, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x;
  for (int64_t token = 0; token < tokens; ++token) {
    int64_t outlier = int64_t(random() % uint64_t(cols));
    for (int64_t k = 0; k < cols; ++k) {
      float v = normal(random);
      switch ((token + seed) % 7) {
      case 1:
        v = random() % 2 ? 3.0f : -3.0f;
        break;
      case 2:
        v = 0;
        break;
      case 3:
        v *= 1e30f;
        break;
      case 4:
        v *= 1e-41f; // denormals
        break;
      case 5:
        v = k == outlier ? -1e4f : v;
        break;
      default:
        break;
      }
      x.push_back(v);
    }
  }
  return x;
}
