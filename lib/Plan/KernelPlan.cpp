//===- KernelPlan.cpp - Which kernel for which product --------------------===//

#include "halftone/Plan/KernelPlan.h"

using namespace halftone;

DotPlan halftone::planDot(const TargetInfo &target, const Format &format) {
  DotPlan plan;
  plan.fastU = target.fastU;
  plan.width = target.tableWidth >= 128 ? 128 : 16;
  // One masked addition is less work than a table of 128 entries: 98 against 129 us for 4096 x 4096 from memory on
  // Zen 5.
  if (format.kind == FormatKind::Bcq && format.bits == 1)
    plan.width = 16;
  plan.columnPairs = target.i8mm;
  // The sums of 16 rows and 8 columns take all 32 registers of 128 bits. That pays only where a weight takes many
  // instructions to unpack: 0.109 against 0.101 instructions per multiply-add for ternary weights with products of
  // byte matrices, but 0.185 against 0.262 for two planes.
  if (target.aarch64 && format.kind != FormatKind::Bcq)
    plan.columns = 4;
  if (target.fastU <= 16) {
    // Sums in 16 bits and in 32 bits of 16 rows and 4 columns take the 16 registers of 256 bits. With one column, two
    // blocks would not fit: 390 against 264 us for ternary weights.
    plan.blocks = 1;
    plan.columns = target.vectorBits >= 256 ? 4 : 2;
  } else if (format.kind == FormatKind::Ternary && !format.scalePerSign) {
    // A sum for each place in the byte is enough to hide the latency of the dot product.
    plan.blocks = 1;
  }
  return plan;
}
