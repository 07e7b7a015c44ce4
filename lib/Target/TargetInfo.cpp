//===- TargetInfo.cpp - What a target CPU can do --------------------------===//
#include "halftone/Target/TargetInfo.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <memory>
#include <mutex>

using namespace llvm;

namespace halftone {
namespace {

/// Every x86 feature that LLVM's code generator may use by itself or that our lowerings name.
constexpr StringRef x86Features[] = {"sse3",         "ssse3",
                                     "sse4.1",       "sse4.2",
                                     "sse4a",        "popcnt",
                                     "lzcnt",        "bmi",
                                     "bmi2",         "tbm",
                                     "movbe",        "f16c",
                                     "fma",          "fma4",
                                     "xop",          "avx",
                                     "avx2",         "avxvnni",
                                     "avxvnniint8",  "avxifma",
                                     "gfni",         "avx512f",
                                     "avx512bw",     "avx512vl",
                                     "avx512dq",     "avx512cd",
                                     "avx512vnni",   "avx512vbmi",
                                     "avx512vbmi2",  "avx512ifma",
                                     "avx512bf16",   "avx512fp16",
                                     "avx512bitalg", "avx512vpopcntdq",
                                     "avx10.1",      "avx10.2"};

constexpr StringRef aarch64Features[] = {"fullfp16", "dotprod", "i8mm", "bf16", "lse", "sve", "sve2"};

Error fail(const Twine &message) { return createStringError(inconvertibleErrorCode(), message); }

std::string effectiveTriple(StringRef triple) {
  return Triple::normalize(triple.empty() ? sys::getDefaultTargetTriple() : triple.str());
}

/// LLVM's table of a target; null with `error` set for a triple that this LLVM does not know.
const Target *lookup(const Triple &triple, std::string &error) {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeAllTargetInfos();
    InitializeAllTargetMCs();
  });
  return TargetRegistry::lookupTarget(triple, error);
}

std::unique_ptr<MCSubtargetInfo> subtarget(const Target &target, const Triple &triple, StringRef cpu,
                                           StringRef features) {
  return std::unique_ptr<MCSubtargetInfo>(target.createMCSubtargetInfo(triple, cpu, features));
}

/// "nearest names: a, b, c" for a name that is none of `names`.
std::string nearest(StringRef name, std::vector<std::string> names) {
  auto rank = [&](StringRef other) { return std::make_pair(name.edit_distance_insensitive(other), other); };
  llvm::sort(names, [&](StringRef a, StringRef b) { return rank(a) < rank(b); });
  names.resize(std::min<size_t>(names.size(), 4));
  return "nearest names: " + llvm::join(names, ", ");
}

/// The host's features as LLVM spells them in an attribute; sorted, so that equal hosts give equal text.
std::string hostFeatures() {
  std::vector<std::string> list;
  for (const auto &feature : sys::getHostCPUFeatures())
    list.push_back(((feature.getValue() ? "+" : "-") + feature.getKey()).str());
  llvm::sort(list, [](StringRef a, StringRef b) { return a.drop_front() < b.drop_front(); });
  return llvm::join(list, ",");
}

} // namespace

void TargetInfo::fillX86() {
  x86 = true;
  ssse3 = has("ssse3");
  avx2 = has("avx2");
  avxvnni = has("avxvnni");
  fma = has("fma");
  f16c = has("f16c");
  avx512 = has("avx512f") && has("avx512bw") && has("avx512vl") && has("avx512dq");
  vnni = avx512 && has("avx512vnni");
  vbmi = avx512 && has("avx512vbmi");
  vpopcntdq = avx512 && has("avx512vpopcntdq");
  bitalg = avx512 && has("avx512bitalg");
  tableWidth = vbmi ? 128 : 16;
  vectorBits = avx512 ? 512 : avx2 ? 256 : 128;
  fastU = vnni || avxvnni || !ssse3 ? 255 : 16;
}

void TargetInfo::fillAArch64() {
  aarch64 = true;
  neon = has("neon");
  dotprod = neon && has("dotprod");
  i8mm = neon && has("i8mm");
  fastU = dotprod && !i8mm ? 127 : 255;
}

Expected<TargetInfo> TargetInfo::get(StringRef mcpu, StringRef tripleName) {
  TargetInfo info;
  info.triple = effectiveTriple(tripleName);
  Triple triple(info.triple);
  std::string message;
  const Target *target = lookup(triple, message);
  if (!target)
    return fail("unknown target triple '" + info.triple + "': " + message);

  info.cpu = mcpu.str();
  if (mcpu.empty() || mcpu == "native") {
    if (triple.getArch() != Triple(sys::getProcessTriple()).getArch())
      return fail("cpu 'native' is this machine, which is no " + triple.getArchName() +
                  ": name a cpu, for example 'generic'");
    info.cpu = sys::getHostCPUName().str();
    info.features = hostFeatures();
  }

  // LLVM only warns about a CPU that it does not know, so ask before.
  if (!subtarget(*target, triple, "", "")->isCPUStringValid(info.cpu))
    return fail("unknown cpu '" + info.cpu + "' for " + triple.getArchName() + "; " +
                nearest(info.cpu, listCpus(info.triple)));
  for (const SubtargetFeatureKV &feature :
       subtarget(*target, triple, info.cpu, info.features)->getEnabledProcessorFeatures())
    info.enabled.insert(feature.Key);

  if (triple.getArch() == Triple::x86_64) {
    if (!info.has("64bit"))
      return fail("cpu '" + info.cpu + "' has no 64-bit mode: name a 64-bit one, for example 'x86-64'");
    info.fillX86();
  } else if (triple.isAArch64()) {
    info.fillAArch64();
  }
  for (StringRef name : info.x86 ? ArrayRef(x86Features) : ArrayRef(aarch64Features))
    if ((info.x86 || info.aarch64) && info.has(name))
      info.requiredFeatures.push_back(name.str());
  return info;
}

std::vector<std::string> TargetInfo::listCpus(StringRef tripleName) {
  Triple triple(effectiveTriple(tripleName));
  std::string message;
  const Target *target = lookup(triple, message);
  if (!target)
    return {};
  std::vector<std::string> names;
  for (const SubtargetSubTypeKV &cpu : subtarget(*target, triple, "", "")->getAllProcessorDescriptions())
    names.push_back(cpu.Key);
  return names;
}

} // namespace halftone
