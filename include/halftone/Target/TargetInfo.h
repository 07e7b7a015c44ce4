//===- TargetInfo.h - What a target CPU can do ------------------*- C++ -*-===//
//
// One description of the target CPU for everything that depends on it: the
// lowering of simd operations, the choice of kernels, code generation, and the
// list of features that a compiled model asks its host for.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_TARGET_TARGETINFO_H
#define HALFTONE_TARGET_TARGETINFO_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace halftone {

struct TargetInfo {
  std::string triple;   ///< LLVM target triple, normalized.
  std::string cpu;      ///< LLVM CPU name, never "native".
  std::string features; ///< What LLVM needs beyond the CPU name ("+avx2,-sse4a"); sorted; empty unless "native".

  bool x86 = false, aarch64 = false;
  // x86. `avx512` means F, BW, VL and DQ together.
  bool ssse3 = false, avx2 = false, avxvnni = false, fma = false, f16c = false;
  bool avx512 = false, vnni = false, vbmi = false, vpopcntdq = false, bitalg = false;
  // AArch64.
  bool neon = false, dotprod = false, i8mm = false;

  /// Entries of the byte tables that one instruction looks 64 bytes up in: 128 (AVX-512 VBMI) or 16.
  unsigned tableWidth = 16;
  /// Bits of a vector register.
  unsigned vectorBits = 128;
  /// Largest unsigned byte that four-way dot products with signed bytes take without extra work: 255 with an
  /// instruction for it, 127 where both sides are signed, 16 where pairs are added in 16 bits first (many such
  /// products fit before they must be widened); 255 where nothing helps.
  unsigned fastU = 255;
  /// Features that code for this target may execute and that not every CPU of its architecture has;
  /// LLVM's names in a fixed order. A host that lacks one must refuse the code before it runs it.
  std::vector<std::string> requiredFeatures;

  /// True where the CPU has the feature of that LLVM name.
  bool has(llvm::StringRef feature) const { return enabled.contains(feature); }

  /// Describes an LLVM CPU name ("znver5", "x86-64-v3", "neoverse-n1"), or this machine for "native" or "".
  /// An empty triple is the host's. Errors: a triple or CPU that LLVM does not know (with the
  /// nearest names), "native" for another architecture, a CPU without 64-bit mode.
  static llvm::Expected<TargetInfo> get(llvm::StringRef mcpu, llvm::StringRef triple = "");

  /// All CPU names that `get` takes for a triple (empty: the host's), sorted; empty for an unknown triple.
  static std::vector<std::string> listCpus(llvm::StringRef triple = "");

private:
  llvm::StringSet<> enabled;
  void fillX86();
  void fillAArch64();
};

} // namespace halftone

#endif // HALFTONE_TARGET_TARGETINFO_H
