//===- KernelPlan.h - Which kernel for which product ------------*- C++ -*-===//
//
// The compiler's choices that depend on the CPU and are not written in the
// program. None changes a bit of a result.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_PLAN_KERNELPLAN_H
#define HALFTONE_PLAN_KERNELPLAN_H

#include "halftone/Quantize/Format.h"
#include "halftone/Target/TargetInfo.h"
#include <cstdint>

namespace halftone {

/// How a dot kernel is made.
struct DotPlan {
  int64_t width = 16;       ///< entries of the byte tables that decode BCQ: 128, or 16 for none
  int64_t blocks = 2;       ///< blocks of 16 rows side by side, with one column
  int64_t columns = 8;      ///< columns that an unpacked weight serves, with several
  int64_t fastU = 255;      ///< as TargetInfo::fastU
  bool columnPairs = false; ///< two columns are multiplied at once, by instructions on byte matrices

  bool operator==(const DotPlan &other) const {
    return width == other.width && blocks == other.blocks && columns == other.columns && fastU == other.fastU &&
           columnPairs == other.columnPairs;
  }
};

/// The plan for a format of integer weights on a CPU.
DotPlan planDot(const TargetInfo &target, const Format &format);

} // namespace halftone

#endif // HALFTONE_PLAN_KERNELPLAN_H
