//===- TargetInfoTest.cpp - CPU names and what they stand for -------------===//
#include "halftone/Target/TargetInfo.h"

#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

using halftone::TargetInfo;

namespace {

constexpr const char *x86Triple = "x86_64-unknown-linux-gnu";
constexpr const char *armTriple = "aarch64-unknown-linux-gnu";

TargetInfo get(llvm::StringRef cpu, llvm::StringRef triple = x86Triple) {
  return llvm::cantFail(TargetInfo::get(cpu, triple));
}

std::string errorOf(llvm::StringRef cpu, llvm::StringRef triple = x86Triple) {
  auto info = TargetInfo::get(cpu, triple);
  if (info)
    return "";
  return llvm::toString(info.takeError());
}

bool requires_(const TargetInfo &info, llvm::StringRef feature) {
  return llvm::is_contained(info.requiredFeatures, feature);
}

TEST(TargetInfo, PlainX86HasNothing) {
  TargetInfo info = get("x86-64");
  EXPECT_TRUE(info.x86);
  EXPECT_FALSE(info.ssse3 || info.avx2 || info.fma || info.avx512 || info.vnni || info.vbmi);
  EXPECT_EQ(info.tableWidth, 16u);
  EXPECT_EQ(info.vectorBits, 128u);
  EXPECT_TRUE(info.requiredFeatures.empty());
  EXPECT_EQ(info.features, "");
}

TEST(TargetInfo, LevelsOfX86) {
  TargetInfo v3 = get("x86-64-v3");
  EXPECT_TRUE(v3.ssse3 && v3.avx2 && v3.fma && v3.f16c);
  EXPECT_FALSE(v3.avx512 || v3.avxvnni || v3.vnni);
  EXPECT_TRUE(requires_(v3, "avx2") && requires_(v3, "bmi2") && requires_(v3, "popcnt"));
  EXPECT_FALSE(requires_(v3, "avx512f"));
  TargetInfo v4 = get("x86-64-v4");
  EXPECT_TRUE(v4.avx512);
  EXPECT_FALSE(v4.vnni || v4.vbmi);
  EXPECT_EQ(v4.vectorBits, 512u);
}

TEST(TargetInfo, NamedCpus) {
  TargetInfo zen5 = get("znver5");
  EXPECT_TRUE(zen5.vnni && zen5.vbmi && zen5.vpopcntdq && zen5.bitalg && zen5.avxvnni);
  EXPECT_EQ(zen5.tableWidth, 128u);
  EXPECT_TRUE(requires_(zen5, "avx512vbmi") && requires_(zen5, "gfni"));
  TargetInfo cascade = get("cascadelake");
  EXPECT_TRUE(cascade.vnni);
  EXPECT_FALSE(cascade.vbmi);
  EXPECT_EQ(cascade.tableWidth, 16u);
  TargetInfo alder = get("alderlake");
  EXPECT_TRUE(alder.avxvnni && alder.avx2);
  EXPECT_FALSE(alder.avx512 || alder.vnni);
  // Has AVX512F, but neither BW nor VL.
  EXPECT_TRUE(get("knl").has("avx512f"));
  EXPECT_FALSE(get("knl").avx512);
}

TEST(TargetInfo, AArch64) {
  TargetInfo n1 = get("neoverse-n1", armTriple);
  EXPECT_TRUE(n1.aarch64 && n1.neon && n1.dotprod);
  EXPECT_FALSE(n1.i8mm || n1.x86);
  EXPECT_TRUE(requires_(n1, "dotprod"));
  EXPECT_TRUE(get("neoverse-v1", armTriple).i8mm);
  EXPECT_FALSE(get("cortex-a53", armTriple).dotprod);
}

TEST(TargetInfo, NativeIsAConcreteCpu) {
  TargetInfo info = llvm::cantFail(TargetInfo::get("native"));
  EXPECT_NE(info.cpu, "native");
  EXPECT_FALSE(info.cpu.empty());
  EXPECT_NE(info.features.find('+'), std::string::npos);
  // Its name and features together say the same when given to LLVM twice.
  EXPECT_EQ(info.features, llvm::cantFail(TargetInfo::get("")).features);
}

TEST(TargetInfo, UnknownNamesAreErrors) {
  EXPECT_EQ(errorOf("znver55").rfind("unknown cpu 'znver55' for x86_64; nearest names: znver5,", 0), 0u)
      << errorOf("znver55");
  EXPECT_NE(errorOf("X86-64-V3").find("nearest names: x86-64-v3"), std::string::npos);
  EXPECT_NE(errorOf("znver5", armTriple).find("unknown cpu 'znver5' for aarch64"), std::string::npos);
  EXPECT_NE(errorOf("i386").find("has no 64-bit mode"), std::string::npos);
  EXPECT_NE(errorOf("native", "riscv64-unknown-linux-gnu").find("'native' is this machine"), std::string::npos);
  EXPECT_NE(errorOf("generic", "pdp11").find("unknown target triple"), std::string::npos);
}

TEST(TargetInfo, ListsCpus) {
  auto cpus = TargetInfo::listCpus(x86Triple);
  EXPECT_TRUE(llvm::is_contained(cpus, "x86-64-v3"));
  EXPECT_TRUE(llvm::is_sorted(cpus));
  EXPECT_TRUE(TargetInfo::listCpus("pdp11").empty());
}

} // namespace
