/*===- features_aarch64.c - Features of AArch64, as Linux tells them -------===*/
#include "internal.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

/* Bits of AT_HWCAP and AT_HWCAP2: numbers, because the C library's header may be older than the CPU. */
static const struct {
  const char *name;
  unsigned long list;
  unsigned bit;
} known_features[] = {
    {"aes", AT_HWCAP, 3},      {"bf16", AT_HWCAP2, 14},   {"complxnum", AT_HWCAP, 14}, {"crc", AT_HWCAP, 7},
    {"dotprod", AT_HWCAP, 20}, {"fp-armv8", AT_HWCAP, 0}, {"fullfp16", AT_HWCAP, 10},  {"i8mm", AT_HWCAP2, 13},
    {"jsconv", AT_HWCAP, 13},  {"lse", AT_HWCAP, 8},      {"neon", AT_HWCAP, 1},       {"rcpc", AT_HWCAP, 15},
    {"rdm", AT_HWCAP, 12},     {"sha2", AT_HWCAP, 6},     {"sve", AT_HWCAP, 22},       {"sve2", AT_HWCAP2, 1},
};

int halftone_ask_cpu(const char *name) {
  for (size_t i = 0; i < sizeof known_features / sizeof *known_features; ++i)
    if (strcmp(known_features[i].name, name) == 0)
      return (int)(getauxval(known_features[i].list) >> known_features[i].bit & 1);
  return -1;
}

/* Linux answers reads of the main identification register where it says so. */
enum { HWCAP_IDENTIFICATION = 11 };

const char *halftone_cpu_name(void) {
  static const struct {
    uint32_t part;
    const char *name;
  } arm[] = {
      {0xd03, "Arm Cortex-A53"},  {0xd05, "Arm Cortex-A55"},  {0xd07, "Arm Cortex-A57"},
      {0xd08, "Arm Cortex-A72"},  {0xd0b, "Arm Cortex-A76"},  {0xd0c, "Arm Neoverse N1"},
      {0xd40, "Arm Neoverse V1"}, {0xd49, "Arm Neoverse N2"}, {0xd4f, "Arm Neoverse V2"},
  };
  if (!(getauxval(AT_HWCAP) >> HWCAP_IDENTIFICATION & 1))
    return "AArch64";
  uint64_t identification;
  __asm__("mrs %0, MIDR_EL1" : "=r"(identification));
  for (size_t i = 0; i < sizeof arm / sizeof *arm; ++i)
    if ((identification >> 24 & 0xff) == 0x41 && (identification >> 4 & 0xfff) == arm[i].part)
      return arm[i].name;
  return "AArch64";
}
