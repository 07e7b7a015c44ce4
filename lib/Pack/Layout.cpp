//===- Layout.cpp - Packed storage of weights -----------------------------===//

#include "halftone/Pack/Layout.h"
#include "llvm/Support/MathExtras.h"

using namespace halftone;

llvm::SmallVector<CodeField> halftone::codeFields(const Format &format) {
  llvm::SmallVector<CodeField> fields;
  switch (format.kind) {
  case FormatKind::Float:
    break;
  case FormatKind::Ternary:
    fields.push_back({2, 0});
    break;
  case FormatKind::Bcq:
  case FormatKind::Rtn:
    for (unsigned width = 1, shift = 0; width <= 8; width *= 2)
      if (format.bits & width) {
        fields.push_back({width, shift});
        shift += width;
      }
    break;
  }
  return fields;
}

unsigned halftone::codeBits(const Format &format) {
  unsigned bits = 0;
  for (CodeField field : codeFields(format))
    bits += field.width;
  return bits;
}

unsigned halftone::planeCount(const Format &format) {
  return format.kind == FormatKind::Ternary ? 2 : format.kind == FormatKind::Float ? 0 : format.bits;
}

unsigned halftone::scalesPerGroup(const Format &format) {
  if (format.kind == FormatKind::Float)
    return 0;
  return format.kind == FormatKind::Bcq && format.planeScales ? format.bits : 1;
}

unsigned halftone::multipliersPerGroup(const Format &format) {
  return format.kind == FormatKind::Bcq && !format.planeScales ? format.bits : 0;
}

GroupShape::GroupShape(int64_t groupSize, int64_t cols)
    : cols(cols), size(groupSize == 0 || groupSize > cols ? cols : groupSize), count(llvm::divideCeil(cols, size)),
      lastSize(cols - (count - 1) * size), steps(llvm::divideCeil(size, kStep)),
      lastSteps(llvm::divideCeil(lastSize, kStep)) {}

GroupShape::GroupShape(const Format &format, int64_t cols) : GroupShape(format.group, cols) {}

PackedShape::PackedShape(const Format &format, int64_t rows, int64_t cols, Layout layout) {
  rowsPerBlock = layout == Layout::Rows64 ? 64 : 16;
  rowBlocks = llvm::divideCeil(rows, rowsPerBlock);
  if (layout == Layout::Float16) {
    blockCodes = cols * 16 * 4;
  } else {
    GroupShape groups(format, cols);
    unsigned bits = layout == Layout::Rows64 ? planeCount(format) : codeBits(format);
    // Both layouts spend `bits` bits on each padded element of each row.
    blockCodes = groups.paddedCols() * bits * rowsPerBlock / 8;
    blockScales = groups.count * scalesPerGroup(format) * rowsPerBlock * 2;
    blockMultipliers = groups.count * multipliersPerGroup(format) * rowsPerBlock;
  }
  codesBytes = blockCodes * rowBlocks;
  scalesBytes = blockScales * rowBlocks;
  multipliersBytes = blockMultipliers * rowBlocks;
  scalesOffset = llvm::alignTo(codesBytes, 64);
  multipliersOffset = llvm::alignTo(scalesOffset + scalesBytes, 64);
  bytes = llvm::alignTo(multipliersOffset + multipliersBytes, 64);
}

bool halftone::layoutHolds(Layout layout, const Format &format) {
  if (format.kind == FormatKind::Float || layout == Layout::Float16)
    return format.kind == FormatKind::Float && layout == Layout::Float16;
  return layout == Layout::Rows16 || !(format.kind == FormatKind::Bcq && format.planeScales);
}
