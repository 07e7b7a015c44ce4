//===- KernelProgram.cpp - Products, compiled and loaded ------------------===//

#include "halftone/Tune/KernelProgram.h"
#include "dialects/Lowbit/IR/LowbitTypes.h"
#include "halftone/Driver/Compile.h"
#include "halftone/Support/AtomicFile.h"
#include "halftone/Target/Sanitizer.h"
#include "halftone/Target/TargetInfo.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>
#include <dlfcn.h>

using namespace halftone;
using llvm::createStringError;
using llvm::StringRef;

/// Bits of the activations of strategy popcount, 0 for other strategies.
static int64_t popcountBits(const KernelSpec &spec) {
  StringRef strategy = spec.strategy;
  int64_t bits = 0;
  if (strategy.consume_front("popcount"))
    strategy.getAsInteger(10, bits);
  return bits;
}
/// Strategy "dot-planes" is dot on bit planes.
static bool dotsPlanes(const KernelSpec &spec) { return spec.strategy == "dot-planes"; }
/// Strategies "dot-trits", "lut-trits" and "lut-bytes-trits" are dot and lut on five trits to a byte.
static bool packsTrits(const KernelSpec &spec) { return llvm::StringRef(spec.strategy).ends_with("-trits"); }
static bool hasByteTables(const KernelSpec &spec) { return llvm::StringRef(spec.strategy).starts_with("lut-bytes"); }
static llvm::StringRef kernelOf(const KernelSpec &spec) { return llvm::StringRef(spec.strategy).split('-').first; }

/// The format of a spec whose strategy exists.
static llvm::Expected<Format> checkedFormat(const KernelSpec &spec) {
  StringRef strategy = spec.strategy;
  int64_t bits = popcountBits(spec);
  if (strategy.starts_with("popcount") && (bits < 1 || bits > 8))
    return createStringError("strategy popcount needs the bits of activations: popcount1 to popcount8");
  if (!llvm::is_contained(
          {"dot", "lut", "dequant", "dot-planes", "dot-trits", "lut-trits", "lut-bytes", "lut-bytes-trits"},
          strategy) &&
      bits == 0)
    return createStringError("unknown strategy '" + strategy + "'");
  return parseFormat(spec.format);
}

static Layout layoutOf(const KernelSpec &spec, const Format &format) {
  if (format.kind == FormatKind::Float)
    return Layout::Float16;
  if (packsTrits(spec))
    return kernelOf(spec) == "lut" ? Layout::Trits64 : Layout::Trits16;
  return kernelOf(spec) == "lut" || popcountBits(spec) || dotsPlanes(spec) ? Layout::Rows64 : Layout::Rows16;
}

static std::string typeText(const Format &format) {
  switch (format.kind) {
  case FormatKind::Float:
    return "f32";
  case FormatKind::Bcq:
    return llvm::formatv("!lowbit.bcq<planes = {0}, group = {1}{2}{3}>", format.bits, format.group,
                         format.planeScales ? ", scale = plane" : "", format.offset ? ", offset = per_group" : "");
  case FormatKind::Binary:
    return llvm::formatv("!lowbit.binary<group = {0}>", format.group);
  case FormatKind::Ternary:
    return llvm::formatv("!lowbit.ternary<group = {0}{1}>", format.group,
                         format.scalePerSign ? ", scale = per_sign" : "");
  case FormatKind::Rtn:
    return llvm::formatv("!lowbit.int<bits = {0}, group = {1}{2}{3}{4}>", format.bits, format.group,
                         format.offset ? ", range = asymmetric" : "", format.floatScales ? ", scale = f32" : "",
                         format.perTensor ? ", scope = tensor" : "");
  case FormatKind::Vsq:
    return llvm::formatv("!lowbit.vsq<bits = {0}, vector = {1}, scale_bits = {2}, element = {3}, scale = {4}>",
                         format.bits, format.group, format.scaleBits,
                         llvm::ArrayRef<const char *>{"signed", "unsigned", "e2m1"}[size_t(format.element)],
                         llvm::ArrayRef<const char *>{"integer", "float", "e8m0", "e4m3"}[size_t(format.vectorScale)]);
  }
  return "";
}

/// The plan with the tile that the compiler chooses by its estimates. A layout that dot kernels read has no others.
static DotPlan chosenPlan(const KernelSpec &spec, const TargetInfo &target, const Format &format) {
  Workload tokens;
  tokens.items = {{spec.tokens, 1}};
  ProductShape product{format, spec.rows, spec.cols, 8};
  return chooseKernel(CostModel(target), product, layoutOf(spec, format), tokens).tile.applyTo(planDot(target, format));
}

std::string halftone::strategyName(const Candidate &candidate, const ProductShape &product) {
  bool trits = candidate.layout == Layout::Trits16 || candidate.layout == Layout::Trits64;
  switch (candidate.kind) {
  case KernelKind::Dot:
    break;
  case KernelKind::Lut:
    return std::string(product.tableBits == 8 ? "lut-bytes" : "lut") + (trits ? "-trits" : "");
  case KernelKind::Popcount:
    return "popcount" + std::to_string(std::min(product.bits, 8u));
  }
  return candidate.layout == Layout::Rows64 ? "dot-planes" : trits ? "dot-trits" : "dot";
}

std::string halftone::tileText(const DotPlan &plan) {
  return llvm::formatv("blocks = {0}, columns = {1}, fast_u = {2}{3}", plan.blocks, plan.columns, plan.fastU,
                       plan.columnPairs ? ", column_pairs = true" : "");
}

/// One matmul_dot to %r, or one per group and their sum; `operands` and `rest` are all that they share.
static std::string dotOperations(const KernelSpec &spec, const DotPlan &plan, llvm::StringRef operands,
                                 llvm::StringRef rest) {
  std::string type = llvm::formatv("tensor<{0}x{1}xf32>", spec.tokens, spec.rows), text;
  for (int64_t group = 0; group < spec.groups; ++group) {
    int64_t width = spec.cols / spec.groups;
    std::string columns =
        spec.groups == 1 ? "" : llvm::formatv(" columns = [{0}, {1}]", group * width, (group + 1) * width).str();
    std::string result = spec.groups == 1 ? "r" : "r" + std::to_string(group);
    text += llvm::formatv("  %y{0} = tensor.empty() : {1}\n", group, type);
    text += llvm::formatv("  %{0} = lowbit.matmul_dot ins({1}) outs(%y{2} : {3}) {4}, width = {5}{6}{7} "
                          "{{tile = #lowbit.tile<{8}>} -> {3}\n",
                          result, operands, group, type, rest, plan.width,
                          packsTrits(spec)   ? " layout = trits16"
                          : dotsPlanes(spec) ? " layout = rows64"
                                             : "",
                          columns, spec.tile.empty() ? tileText(plan) : spec.tile);
    if (group > 0)
      text += llvm::formatv("  %e{0} = tensor.empty() : {1}\n  %{2} = linalg.add ins(%{3}, %r{0} : {1}, {1}) "
                            "outs(%e{0} : {1}) -> {1}\n",
                            group, type, group + 1 == spec.groups ? "r" : "s" + std::to_string(group),
                            group == 1 ? "r0" : "s" + std::to_string(group - 1));
  }
  return text;
}

llvm::Expected<std::string> halftone::kernelFunction(const KernelSpec &spec, StringRef name) {
  llvm::Expected<Format> checked = checkedFormat(spec);
  if (!checked)
    return checked.takeError();
  Format format = *checked;
  GroupShape groups(format, spec.cols);
  int64_t t = spec.tokens, padded = groups.paddedCols(), count = format.groupCount(spec.cols);
  int64_t bytes = packedBytes(format, spec.rows, spec.cols, layoutOf(spec, format));
  std::string type = typeText(format);
  std::string head = llvm::formatv("func.func @{4}(%x: tensor<{0}x{1}xf32>, %w: tensor<{2}xi8>) -> "
                                   "tensor<{0}x{3}xf32> {{\n  %y = tensor.empty() : tensor<{0}x{3}xf32>\n",
                                   t, spec.cols, bytes, spec.rows, name);
  std::string tail = llvm::formatv("  return %r : tensor<{0}x{1}xf32>\n}\n", t, spec.rows);
  if (spec.strategy == "dequant")
    return head +
           llvm::formatv("  %r = lowbit.matmul_dequant ins(%x, %w : tensor<{0}x{1}xf32>, tensor<{2}xi8>) outs(%y : "
                         "tensor<{0}x{3}xf32>) format = {4} -> tensor<{0}x{3}xf32>\n",
                         t, spec.cols, bytes, spec.rows, type)
               .str() +
           tail;
  int64_t columns = t > 1 && kernelOf(spec) == "dot" ? codeColumns(padded) : padded;
  std::string codes = llvm::formatv("tensor<{0}x{1}xi8>, tensor<{0}xf32>, tensor<{0}x{2}xi32>", t, columns, count);
  std::string body = llvm::formatv(
      "  %c0 = tensor.empty() : tensor<{0}x{1}xi8>\n  %s0 = tensor.empty() : tensor<{0}xf32>\n"
      "  %g0 = tensor.empty() : tensor<{0}x{2}xi32>\n"
      "  %c, %s, %g = lowbit.quantize_activations ins(%x : tensor<{0}x{3}xf32>) outs(%c0, %s0, %g0 : {4}) group = {5}"
      "{7}, bits = {6} -> {4}\n",
      t, columns, count, spec.cols, codes, vectorsPerGroup(format) > 1 ? packedGroup(format) : groups.size,
      popcountBits(spec) ? popcountBits(spec) : 8,
      vectorsPerGroup(format) > 1 ? " vector = " + std::to_string(format.group) : "");
  std::string formatAndSize = llvm::formatv("format = {0}, in_features = {1}", type, spec.cols);
  std::string rest = llvm::formatv("outs(%y : tensor<{0}x{1}xf32>) {2}", t, spec.rows, formatAndSize);
  llvm::Expected<TargetInfo> target = TargetInfo::get(spec.cpu);
  if (!target)
    return target.takeError();
  DotPlan plan = kernelOf(spec) == "dot" ? chosenPlan(spec, *target, format) : planDot(*target, format);
  bool trits = packsTrits(spec);
  int64_t width = trits || target->tableWidth >= 128 ? 128 : 16, paddedGroup = groups.steps * kStep;
  int64_t tableBytes = lowbit::lookUpTableBytes(width, padded, paddedGroup, trits, hasByteTables(spec));
  if (kernelOf(spec) == "dot")
    return head + body +
           dotOperations(spec, plan, llvm::formatv("%c, %s, %g, %w : {0}, tensor<{1}xi8>", codes, bytes).str(),
                         formatAndSize) +
           tail;
  if (int64_t bits = popcountBits(spec))
    return head + body +
           llvm::formatv(
               "  %t0 = tensor.empty() : tensor<{0}x{1}xi8>\n"
               "  %t = lowbit.build_planes ins(%c : tensor<{0}x{2}xi8>) outs(%t0 : tensor<{0}x{1}xi8>) bits = {3} -> "
               "tensor<{0}x{1}xi8>\n"
               "  %r = lowbit.matmul_popcount ins(%t, %s, %g, %w : tensor<{0}x{1}xi8>, tensor<{0}xf32>, "
               "tensor<{0}x{4}xi32>, tensor<{5}xi8>) {6}, bits = {3} -> tensor<{0}x{7}xf32>\n",
               t, padded / 8 * bits, padded, bits, count, bytes, rest, spec.rows)
               .str() +
           tail;
  std::string kindOfBuild, kindOfProduct;
  if (trits) {
    kindOfBuild += llvm::formatv(" trit_group = {0}", paddedGroup);
    kindOfProduct += " layout = trits64";
  }
  if (hasByteTables(spec)) {
    kindOfBuild += llvm::formatv(" byte_group = {0}", paddedGroup);
    kindOfProduct += " byte_tables";
  }
  return head + body +
         llvm::formatv(
             "  %t0 = tensor.empty() : tensor<{0}x{1}xi8>\n"
             "  %t = lowbit.build_tables ins(%c : tensor<{0}x{2}xi8>) outs(%t0 : tensor<{0}x{1}xi8>) width = {3}{8} "
             "-> tensor<{0}x{1}xi8>\n"
             "  %r = lowbit.matmul_lut ins(%t, %s, %g, %w : tensor<{0}x{1}xi8>, tensor<{0}xf32>, tensor<{0}x{4}xi32>, "
             "tensor<{5}xi8>) {6}, width = {3}{9} -> tensor<{0}x{7}xf32>\n",
             t, tableBytes, padded, width, count, bytes, rest, spec.rows, kindOfBuild, kindOfProduct)
             .str() +
         tail;
}

llvm::Expected<std::unique_ptr<KernelProgram>> KernelProgram::compile(std::vector<KernelSpec> specs) {
  std::unique_ptr<KernelProgram> program(new KernelProgram());
  std::string text;
  for (auto [i, spec] : llvm::enumerate(specs)) {
    llvm::Expected<std::string> function = kernelFunction(spec, "product" + std::to_string(i));
    if (!function)
      return function.takeError();
    text += *function;
  }
  llvm::SmallString<128> temporary;
  if (std::error_code code = llvm::sys::fs::createUniqueDirectory("halftone-kernels", temporary))
    return createStringError("cannot make a temporary folder: " + code.message());
  program->folder = std::string(temporary);
  if (llvm::Error error = writeFileAtomically(program->folder + "/products.mlir", text))
    return std::move(error);
  CompileOptions options;
  options.input = program->folder + "/products.mlir";
  options.output = program->folder + "/products.so";
  options.cpu = specs.front().cpu;
  options.sanitize = sanitizerOfProcess();
  llvm::Expected<CompileReport> report = halftone::compile(options);
  if (!report)
    return report.takeError();
  program->library = dlopen(options.output.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!program->library)
    return createStringError(StringRef(dlerror()));
  for (size_t i = 0; i < specs.size(); ++i)
    program->functions.push_back(
        reinterpret_cast<Function>(dlsym(program->library, ("product" + std::to_string(i)).c_str())));
  program->specs = std::move(specs);
  return program;
}

KernelProgram::~KernelProgram() {
  if (library)
    dlclose(library);
  if (!folder.empty())
    llvm::sys::fs::remove_directories(folder);
}

int64_t KernelProgram::packedBytes(size_t kernel) const {
  Format format = llvm::cantFail(checkedFormat(specs[kernel]));
  return halftone::packedBytes(format, specs[kernel].rows, specs[kernel].cols, layoutOf(specs[kernel], format));
}

void KernelProgram::fill(size_t kernel, uint8_t *packed, uint64_t seed) const {
  const KernelSpec &spec = specs[kernel];
  Format format = llvm::cantFail(checkedFormat(spec));
  int64_t bytes = packedBytes(kernel);
  PackedShape shape(format, spec.rows, spec.cols, layoutOf(spec, format));
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  auto next = [&] { return state = state * 6364136223846793005u + 1442695040888963407u; };
  if (format.kind == FormatKind::Float) {
    for (int64_t i = 0; i < bytes / 4; ++i) {
      float value = float(int64_t(next() >> 40)) / float(1 << 24) - 0.5f;
      std::memcpy(packed + 4 * i, &value, 4);
    }
    return;
  }
  for (int64_t i = 0; i + 8 <= shape.codesBytes; i += 8) {
    uint64_t bits = next() ^ (next() >> 32);
    if (format.kind == FormatKind::Ternary && spec.strategy == "dot")
      bits &= 0x5555555555555555u; // codes 0 and 1 only: 3 is no ternary code
    std::memcpy(packed + i, &bits, 8);
  }
  const uint16_t one = 0x3c00;
  for (int64_t i = 0; i < shape.scalesBytes; i += 2)
    std::memcpy(packed + shape.scalesOffset + i, &one, 2);
  std::memset(packed + shape.multipliersOffset, 127 / std::max(1u, format.bits), shape.multipliersBytes);
}
