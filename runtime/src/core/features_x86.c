/*===- features_x86.c - Features of x86-64 by libcpuinfo and CPUID ---------===*/
#include "internal.h"

#include <cpuid.h>
#include <cpuinfo.h>
#include <stdbool.h>
#include <string.h>

typedef struct feature {
  const char *name;
  bool (*present)(void);
} feature;

/* Register state that the operating system must save for a feature to be usable (bits of XCR0). */
enum { STATE_NONE = 0, STATE_YMM = 0x6, STATE_ZMM = 0xe6, STATE_AMX = 0x60000 };
enum cpuid_register { EAX, EBX, ECX, EDX };

/** Features that libcpuinfo has no question for: CPUID leaf, subleaf, register, bit. */
typedef struct cpuid_feature {
  const char *name;
  uint32_t leaf, subleaf;
  enum cpuid_register reg;
  uint32_t bit, state;
} cpuid_feature;

static const cpuid_feature cpuid_features[] = {
    {"amx-bf16", 7, 0, EDX, 22, STATE_AMX},
    {"amx-int8", 7, 0, EDX, 25, STATE_AMX},
    {"amx-tile", 7, 0, EDX, 24, STATE_AMX},
    {"avx512fp16", 7, 0, EDX, 23, STATE_ZMM},
    {"avxifma", 7, 1, EAX, 23, STATE_YMM},
    {"avxneconvert", 7, 1, EDX, 5, STATE_YMM},
    {"avxvnni", 7, 1, EAX, 4, STATE_YMM},
    {"avxvnniint16", 7, 1, EDX, 10, STATE_YMM},
    {"avxvnniint8", 7, 1, EDX, 4, STATE_YMM},
    {"cldemote", 7, 0, ECX, 25, STATE_NONE},
    {"clflushopt", 7, 0, EBX, 23, STATE_NONE},
    {"fsgsbase", 7, 0, EBX, 0, STATE_NONE},
    {"invpcid", 7, 0, EBX, 10, STATE_NONE},
    {"movdir64b", 7, 0, ECX, 28, STATE_NONE},
    {"movdiri", 7, 0, ECX, 27, STATE_NONE},
    {"pku", 7, 0, ECX, 4, STATE_NONE},
    {"prefetchi", 7, 1, EDX, 14, STATE_NONE},
    {"ptwrite", 20, 0, EBX, 4, STATE_NONE},
    {"rdpru", 0x80000008, 0, EBX, 4, STATE_NONE},
    {"serialize", 7, 0, EDX, 14, STATE_NONE},
    {"shstk", 7, 0, ECX, 7, STATE_NONE},
    {"waitpkg", 7, 0, ECX, 5, STATE_NONE},
    {"wbnoinvd", 0x80000008, 0, EBX, 9, STATE_NONE},
    {"xsavec", 13, 1, EAX, 1, STATE_NONE},
    {"xsaveopt", 13, 1, EAX, 0, STATE_NONE},
    {"xsaves", 13, 1, EAX, 3, STATE_NONE},
};

static bool always(void) { return true; }

static const feature known_features[] = {
    {"64bit", always},
    {"adx", cpuinfo_has_x86_adx},
    {"aes", cpuinfo_has_x86_aes},
    {"avx", cpuinfo_has_x86_avx},
    {"avx2", cpuinfo_has_x86_avx2},
    {"avx512bf16", cpuinfo_has_x86_avx512bf16},
    {"avx512bitalg", cpuinfo_has_x86_avx512bitalg},
    {"avx512bw", cpuinfo_has_x86_avx512bw},
    {"avx512cd", cpuinfo_has_x86_avx512cd},
    {"avx512dq", cpuinfo_has_x86_avx512dq},
    {"avx512f", cpuinfo_has_x86_avx512f},
    {"avx512ifma", cpuinfo_has_x86_avx512ifma},
    {"avx512vbmi", cpuinfo_has_x86_avx512vbmi},
    {"avx512vbmi2", cpuinfo_has_x86_avx512vbmi2},
    {"avx512vl", cpuinfo_has_x86_avx512vl},
    {"avx512vnni", cpuinfo_has_x86_avx512vnni},
    {"avx512vp2intersect", cpuinfo_has_x86_avx512vp2intersect},
    {"avx512vpopcntdq", cpuinfo_has_x86_avx512vpopcntdq},
    {"bmi", cpuinfo_has_x86_bmi},
    {"bmi2", cpuinfo_has_x86_bmi2},
    {"clwb", cpuinfo_has_x86_clwb},
    {"clzero", cpuinfo_has_x86_clzero},
    {"cmov", always},
    {"crc32", cpuinfo_has_x86_sse4_2},
    {"cx16", cpuinfo_has_x86_cmpxchg16b},
    {"cx8", always},
    {"f16c", cpuinfo_has_x86_f16c},
    {"fma", cpuinfo_has_x86_fma3},
    {"fma4", cpuinfo_has_x86_fma4},
    {"fxsr", always},
    {"gfni", cpuinfo_has_x86_gfni},
    {"lzcnt", cpuinfo_has_x86_lzcnt},
    {"mmx", always},
    {"movbe", cpuinfo_has_x86_movbe},
    {"mwaitx", cpuinfo_has_x86_mwaitx},
    {"pclmul", cpuinfo_has_x86_pclmulqdq},
    {"popcnt", cpuinfo_has_x86_popcnt},
    {"prfchw", cpuinfo_has_x86_prefetchw},
    {"rdpid", cpuinfo_has_x86_rdpid},
    {"rdrnd", cpuinfo_has_x86_rdrand},
    {"rdseed", cpuinfo_has_x86_rdseed},
    {"sahf", cpuinfo_has_x86_lahf_sahf},
    {"sha", cpuinfo_has_x86_sha},
    {"sse", always},
    {"sse2", always},
    {"sse3", cpuinfo_has_x86_sse3},
    {"sse4.1", cpuinfo_has_x86_sse4_1},
    {"sse4.2", cpuinfo_has_x86_sse4_2},
    {"sse4a", cpuinfo_has_x86_sse4a},
    {"ssse3", cpuinfo_has_x86_ssse3},
    {"tbm", cpuinfo_has_x86_tbm},
    {"vaes", cpuinfo_has_x86_vaes},
    {"vpclmulqdq", cpuinfo_has_x86_vpclmulqdq},
    {"x87", always},
    {"xop", cpuinfo_has_x86_xop},
    {"xsave", cpuinfo_has_x86_xsave},
};

/** Register state that the operating system saves. */
static uint64_t saved_state(void) {
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE))
    return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

/** Version of AVX10, 0 for none: leaf 7, subleaf 1 says whether leaf 0x24 has it. */
static unsigned avx10_version(void) {
  unsigned r[4];
  if (!__get_cpuid_count(7, 1, &r[EAX], &r[EBX], &r[ECX], &r[EDX]) || !(r[EDX] >> 19 & 1) ||
      (saved_state() & STATE_ZMM) != STATE_ZMM || !__get_cpuid_count(0x24, 0, &r[EAX], &r[EBX], &r[ECX], &r[EDX]))
    return 0;
  return r[EBX] & 0xff;
}

/** 1, 0, or -1 if the table has no such name. */
static int ask_cpuid(const char *name) {
  if (strcmp(name, "avx10.1") == 0)
    return avx10_version() >= 1;
  if (strcmp(name, "avx10.2") == 0)
    return avx10_version() >= 2;
  for (size_t i = 0; i < sizeof cpuid_features / sizeof *cpuid_features; ++i) {
    const cpuid_feature *f = &cpuid_features[i];
    if (strcmp(f->name, name) != 0)
      continue;
    unsigned r[4];
    if (!__get_cpuid_count(f->leaf, f->subleaf, &r[EAX], &r[EBX], &r[ECX], &r[EDX]))
      return 0;
    return (r[f->reg] >> f->bit & 1) && (saved_state() & f->state) == f->state;
  }
  return -1;
}

int halftone_ask_cpu(const char *name) {
  bool initialized = cpuinfo_initialize();
  for (size_t i = 0; i < sizeof known_features / sizeof *known_features; ++i)
    if (strcmp(known_features[i].name, name) == 0)
      return initialized && known_features[i].present();
  return ask_cpuid(name);
}

const char *halftone_cpu_name(void) {
  if (!cpuinfo_initialize() || cpuinfo_get_packages_count() == 0)
    return "unknown";
  const char *name = cpuinfo_get_package(0)->name;
  return *name ? name : "unknown";
}
