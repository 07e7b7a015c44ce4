//===- CpuModel.h - How fast a target CPU is --------------------*- C++ -*-===//
//
// What TargetInfo says a CPU can do, this says at what rate: numbers for the cost
// model that chooses between kernels. They come from a table of CPU names, never
// from the machine that compiles, so that equal command lines give equal programs.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_TARGET_CPUMODEL_H
#define HALFTONE_TARGET_CPUMODEL_H

#include "halftone/Target/TargetInfo.h"
#include <cstdint>

namespace halftone {

/// Rates of one core. Instructions are those on vector registers of TargetInfo::vectorBits.
struct CpuModel {
  double clock = 3;      ///< GHz that vector code sustains
  double operations = 2; ///< vector instructions per cycle that kernels sustain, loads included
  double dots = 2;       ///< byte dot products or multiply-adds of pairs per cycle
  double lookUps = 1;    ///< byte shuffles per cycle
  double level2 = 32;    ///< bytes per cycle from the second cache
  double memory = 12;    ///< GB/s that one core reads from memory
  int64_t level1Bytes = 32 << 10;
  int64_t level2Bytes = 512 << 10;
  int64_t level3Bytes = 8 << 20; ///< what one core may use of it

  // Instructions on full registers; follow from the features.
  double registers = 1;   ///< registers that hold the 64 bytes of a kernel's vector
  double smallDot = 9;    ///< to multiply-add bytes of which the unsigned one is small, `chained` apart
  double wideDot = 9;     ///< the same for unsigned bytes up to 255
  double matrixDot = 0;   ///< to multiply-add bytes of two columns and 8 elements at once; 0 where nothing does
  double chainedDot = 0;  ///< more, for every chain of small dot products; 0 where nothing is chained
  double lookUp = 1;      ///< to look up in a table of 16 bytes
  double wideLookUp = 0;  ///< in one of 128 bytes; 0: too many to be of use
  double countBits = 14;  ///< to add the bits that bytes share with one byte
  bool maskedAdd = false; ///< a masked addition is two instructions instead of four
};

/// The model of a CPU; one that is not in the table gets that of its vector width.
CpuModel describeCpu(const TargetInfo &target);

} // namespace halftone

#endif // HALFTONE_TARGET_CPUMODEL_H
