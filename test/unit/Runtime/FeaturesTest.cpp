//===- FeaturesTest.cpp - CPU features by LLVM's names ---------------------===//
#include "src/core/internal.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace {

struct Hide {
  explicit Hide(const char *names) { setenv("HALFTONE_HIDE_CPU_FEATURES", names, 1); }
  ~Hide() { unsetenv("HALFTONE_HIDE_CPU_FEATURES"); }
};

/// The kernel's list of this CPU's features.
std::set<std::string> kernelFlags() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, 5, "flags") != 0 && line.compare(0, 8, "Features") != 0)
      continue;
    std::istringstream words(line.substr(line.find(':') + 1));
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

} // namespace

#if defined(__x86_64__)
TEST(Features, AgreesWithTheKernel) {
  const std::set<std::string> flags = kernelFlags();
  if (flags.empty())
    GTEST_SKIP() << "no /proc/cpuinfo";
  const char *const names[][2] = {{"avx2", "avx2"},
                                  {"fma", "fma"},
                                  {"f16c", "f16c"},
                                  {"bmi", "bmi1"},
                                  {"bmi2", "bmi2"},
                                  {"ssse3", "ssse3"},
                                  {"sse4.1", "sse4_1"},
                                  {"popcnt", "popcnt"},
                                  {"avx512f", "avx512f"},
                                  {"avx512bw", "avx512bw"},
                                  {"avx512vl", "avx512vl"},
                                  {"avx512dq", "avx512dq"},
                                  {"avx512vnni", "avx512_vnni"},
                                  {"avx512vbmi", "avx512vbmi"},
                                  {"avx512vpopcntdq", "avx512_vpopcntdq"},
                                  {"avx512fp16", "avx512_fp16"},
                                  {"avxvnni", "avx_vnni"},
                                  {"clflushopt", "clflushopt"},
                                  {"amx-tile", "amx_tile"}};
  for (auto &[llvm, kernel] : names)
    EXPECT_EQ(halftone_cpu_has(llvm), int(flags.count(kernel))) << llvm;
}

// The names that a compiled model may need (lib/Target/TargetInfo.cpp).
TEST(Features, NamesThatTheCompilerWritesAreKnown) {
  for (const char *name : {"sse3",         "ssse3",
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
                           "avx10.1",      "avx10.2"})
    EXPECT_GE(halftone_cpu_has(name), 0) << name;
}

TEST(Features, EveryX8664HasSse2) {
  EXPECT_EQ(halftone_cpu_has("sse2"), 1);
  EXPECT_EQ(halftone_check_features("sse2,64bit"), HALFTONE_OK);
}

TEST(Features, HiddenOnesAreMissing) {
  Hide hide("avx512vbmi, sse2,");
  EXPECT_EQ(halftone_cpu_has("sse2"), 0);
  EXPECT_EQ(halftone_cpu_has("avx512vbmi"), 0);
  EXPECT_EQ(halftone_check_features("avx512vbmi,64bit,sse2"), HALFTONE_WRONG_CPU);
  EXPECT_STREQ(halftone_last_error(),
               "the model needs avx512vbmi, sse2, which this CPU does not have; recompile it on this machine with "
               "--mcpu=native, or for many machines with --mcpu=x86-64-v3 or x86-64");
}

// Those that libcpuinfo does not know and CPUID is asked for.
TEST(Features, HidingWorksForEveryName) {
  int hidden = 0;
  for (const char *name : {"fsgsbase", "clflushopt", "xsaveopt", "xsavec", "invpcid", "avxvnni"}) {
    if (halftone_cpu_has(name) != 1)
      continue;
    Hide hide(name);
    EXPECT_EQ(halftone_cpu_has(name), 0) << name;
    ++hidden;
  }
  if (hidden == 0)
    GTEST_SKIP() << "this CPU has none of them";
}

TEST(Features, HidingIsByWholeNames) {
  Hide hide("sse,avx5");
  EXPECT_EQ(halftone_cpu_has("sse2"), 1);
}
#endif

TEST(Features, UnknownNamesAreRefused) {
  EXPECT_EQ(halftone_cpu_has("avx1024"), -1);
  EXPECT_EQ(halftone_cpu_has(""), -1);
  EXPECT_EQ(halftone_cpu_has(nullptr), -1);
  EXPECT_EQ(halftone_check_features("avx1024"), HALFTONE_WRONG_CPU);
  EXPECT_NE(std::string(halftone_last_error()).find("'avx1024', which this runtime does not know"), std::string::npos);
}

TEST(Features, LongListsDoNotOverflow) {
  std::string names = "avx1024" + std::string(5000, 'x');
  EXPECT_EQ(halftone_check_features(names.c_str()), HALFTONE_WRONG_CPU);
}

TEST(Features, EmptyListIsFine) {
  EXPECT_EQ(halftone_check_features(""), HALFTONE_OK);
  EXPECT_EQ(halftone_check_features(" , ,"), HALFTONE_OK);
}

TEST(Features, ThisMachineHasAName) {
  EXPECT_NE(std::string(halftone_cpu_name()), "");
  EXPECT_GE(halftone_cpu_count(), 1);
}
