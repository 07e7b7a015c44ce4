//===- CpuModel.cpp - How fast a target CPU is ----------------------------===//
#include "halftone/Target/CpuModel.h"

#include "llvm/ADT/StringRef.h"

using namespace llvm;

namespace halftone {
namespace {

/// A row of the table. The clock, the caches and the ports are those of the makers' manuals; `operations` is what
/// generated kernels reach (measured on Zen 4 and Zen 5, scaled by the number of vector ports elsewhere), `memory` what
/// one core of a server or desktop part of the family usually reads.
struct Row {
  StringLiteral name; ///< LLVM's, or the beginning of several
  double clock, operations, dots, lookUps, level2, memory;
  int64_t level1KiB, level2KiB, level3KiB;
};

constexpr Row rows[] = {
    // AMD. Zen 4 splits operations on 512 bits in two; see halveWide().
    {"znver5", 3.8, 2.5, 2, 2, 64, 42, 48, 1024, 32768},
    {"znver4", 3.7, 2.5, 2, 2, 32, 28, 32, 1024, 32768},
    {"znver3", 3.5, 2.4, 2, 2, 32, 24, 32, 512, 32768},
    {"znver2", 3.3, 2.3, 1, 2, 32, 20, 32, 512, 16384},
    {"znver1", 3.2, 1.2, 1, 1, 32, 16, 32, 512, 8192},
    // Intel, servers: two ports for 512 bits, one of them shuffles.
    {"graniterapids", 3.2, 1.7, 2, 1, 48, 14, 48, 2048, 4096},
    {"emeraldrapids", 3.1, 1.7, 2, 1, 48, 13, 48, 2048, 4096},
    {"sapphirerapids", 3.0, 1.7, 2, 1, 48, 12, 48, 2048, 2048},
    {"icelake-server", 2.9, 1.7, 2, 1, 48, 12, 48, 1280, 1536},
    {"cascadelake", 2.8, 1.6, 2, 1, 48, 12, 32, 1024, 1408},
    {"skylake-avx512", 2.8, 1.6, 2, 1, 48, 12, 32, 1024, 1408},
    // Intel, 256 bits: three vector ports, one of them shuffles (two since Ice Lake).
    {"alderlake", 4.5, 2.3, 2, 2, 48, 30, 48, 1280, 8192},
    {"raptorlake", 4.8, 2.3, 2, 2, 48, 32, 48, 2048, 8192},
    {"arrowlake", 5.0, 2.4, 2, 2, 48, 36, 48, 3072, 8192},
    {"skylake", 3.8, 2.2, 2, 1, 32, 16, 32, 256, 2048},
    {"broadwell", 3.4, 2.1, 1, 1, 32, 12, 32, 256, 2048},
    {"haswell", 3.3, 2.1, 1, 1, 32, 12, 32, 256, 2048},
    // Arm, registers of 128 bits.
    {"neoverse-v2", 3.2, 3.2, 4, 2, 48, 30, 64, 1024, 2048},
    {"neoverse-v1", 2.6, 3.2, 4, 2, 32, 20, 64, 1024, 1024},
    {"neoverse-n2", 2.8, 1.8, 2, 2, 32, 18, 64, 1024, 1024},
    {"neoverse-n1", 2.6, 1.8, 2, 2, 32, 14, 64, 1024, 1024},
    {"apple-", 3.2, 3.4, 4, 4, 64, 60, 128, 4096, 8192},
    {"cortex-a7", 2.2, 1.7, 2, 1, 32, 10, 64, 256, 1024},
    // Whatever CPU has these instructions.
    {"x86-64-v4", 3.0, 1.7, 2, 1, 48, 12, 32, 1024, 2048},
    {"x86-64-v3", 3.4, 2.3, 2, 1, 32, 16, 32, 512, 4096},
};
constexpr Row wide{"", 3.0, 1.7, 2, 1, 48, 12, 32, 1024, 2048};
constexpr Row middle{"", 3.4, 2.3, 2, 1, 32, 16, 32, 512, 4096};
constexpr Row narrow{"", 3.0, 2, 2, 1, 32, 10, 32, 256, 2048};

const Row &rowOf(const TargetInfo &target) {
  for (const Row &row : rows)
    if (StringRef(target.cpu).starts_with(row.name))
      return row;
  return target.vectorBits == 512 ? wide : target.vectorBits == 256 ? middle : narrow;
}

void countInstructions(CpuModel &model, const TargetInfo &target) {
  model.registers = 512.0 / target.vectorBits;
  model.maskedAdd = target.avx512;
  if (target.vnni || target.avxvnni || target.i8mm) {
    model.smallDot = model.wideDot = 1;
    // vpdpbusd on 256 bits where it has no 512.
    if (target.avx512 && !target.vnni && target.avxvnni)
      model.smallDot = model.wideDot = 2;
    model.matrixDot = target.i8mm ? 1 : 0;
  } else if (target.dotprod) {
    model.smallDot = 1;
    model.wideDot = 4;
  } else if (target.ssse3) {
    // pmaddubsw, an addition in 16 bits; pmaddwd and another one at the end of a chain.
    model.smallDot = 2;
    model.chainedDot = 2;
  } else if (target.aarch64) {
    model.smallDot = model.wideDot = 16;
  }
  if (target.ssse3 || target.neon)
    model.lookUp = 1;
  else
    model.lookUp = 64 * 4 / model.registers; // byte by byte, in memory
  if (target.vbmi)
    model.wideLookUp = 1;
  if (target.bitalg || target.neon)
    model.countBits = 4;
  else if (target.ssse3)
    model.countBits = 8;
}

} // namespace

CpuModel describeCpu(const TargetInfo &target) {
  const Row &row = rowOf(target);
  CpuModel model;
  model.clock = row.clock;
  model.operations = row.operations;
  model.dots = row.dots;
  model.lookUps = row.lookUps;
  model.level2 = row.level2;
  model.memory = row.memory;
  model.level1Bytes = row.level1KiB << 10;
  model.level2Bytes = row.level2KiB << 10;
  model.level3Bytes = row.level3KiB << 10;
  countInstructions(model, target);
  if (row.name == "znver4" && target.vectorBits == 512) { // two passes through units of 256 bits
    model.operations /= 1.8;
    model.dots /= 2;
    model.lookUps /= 2;
  }
  return model;
}

} // namespace halftone
