//===- Layout.cpp - Packed storage of weights -----------------------------===//

#include "halftone/Pack/Layout.h"
#include "halftone/Pack/Trits.h"
#include "halftone/Quantize/Quantize.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

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
  case FormatKind::Binary:
  case FormatKind::Rtn:
  case FormatKind::Vsq:
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

int64_t halftone::packedGroup(const Format &format) { return format.group * vectorsPerGroup(format); }

int64_t halftone::packedVector(int64_t vector) { return vector < kStep && kStep % vector == 0 ? kStep : vector; }

unsigned halftone::vectorsPerGroup(const Format &format) {
  return format.kind == FormatKind::Vsq ? packedVector(format.group) / format.group : 1;
}

/// VS-Quant with integer scales: the largest product of element, activation and vector scale.
static int64_t largestProduct(const Format &format) {
  return int64_t(127) * largestElement(format) * ((1 << format.scaleBits) - 1);
}

bool halftone::vectorSumsFitWord(const Format &format, int64_t cols) {
  return cols <= INT32_MAX / largestProduct(format);
}

int64_t halftone::maxVectorScaledColumns(const Format &format) {
  if (format.vectorScale != VsqScale::Integer)
    return INT64_MAX;
  int64_t largest = largestProduct(format);
  if (format.group * largest > INT32_MAX)
    return 0;
  return std::min<int64_t>(int64_t(1) << 18, ((int64_t(1) << 40) - 1) / largest);
}

unsigned halftone::multiplierWidth(const Format &format) {
  if (format.kind != FormatKind::Vsq)
    return 1;
  return format.vectorScale == VsqScale::Float ? 4 : format.scaleBits > 8 ? 2 : 1;
}

bool halftone::hasRowScales(const Format &format) {
  return format.kind == FormatKind::Vsq &&
         (format.vectorScale == VsqScale::Integer || format.vectorScale == VsqScale::E4M3);
}

unsigned halftone::scalesPerGroup(const Format &format) {
  if (format.kind == FormatKind::Float || format.kind == FormatKind::Vsq)
    return 0;
  if (format.scalePerSign)
    return 2;
  return format.kind == FormatKind::Bcq && format.planeScales ? format.bits + format.offset : 1;
}

unsigned halftone::multipliersPerGroup(const Format &format) {
  if (format.kind == FormatKind::Vsq)
    return vectorsPerGroup(format);
  if (format.kind == FormatKind::Rtn)
    return format.offset ? 1 : 0;
  return format.kind == FormatKind::Bcq && !format.planeScales ? format.bits + format.offset : 0;
}

unsigned halftone::scaleBytes(const Format &format) {
  return format.kind == FormatKind::Vsq || format.floatScales ? 4 : 2;
}

GroupShape::GroupShape(int64_t groupSize, int64_t cols)
    : cols(cols), size(groupSize == 0 || groupSize > cols ? cols : groupSize), count(llvm::divideCeil(cols, size)),
      lastSize(cols - (count - 1) * size), steps(llvm::divideCeil(size, kStep)),
      lastSteps(llvm::divideCeil(lastSize, kStep)) {}

GroupShape::GroupShape(const Format &format, int64_t cols) : GroupShape(packedGroup(format), cols) {}

int64_t halftone::codeColumns(int64_t paddedCols) { return paddedCols % 2048 ? paddedCols : paddedCols + 64; }

PackedShape::PackedShape(const Format &format, int64_t rows, int64_t cols, Layout layout) {
  rowsPerBlock = layout == Layout::Rows64 || layout == Layout::Trits64 ? 64 : 16;
  rowBlocks = llvm::divideCeil(rows, rowsPerBlock);
  if (layout == Layout::Float16) {
    blockCodes = cols * 16 * 4;
  } else {
    GroupShape groups(format, cols);
    unsigned bits = layout == Layout::Rows64 ? planeCount(format) : codeBits(format);
    // Rows16 and Rows64 spend `bits` bits on each padded element of each row.
    blockCodes = groups.paddedCols() * bits * rowsPerBlock / 8;
    if (layout == Layout::Trits16)
      blockCodes = TritShape(groups).vectors * 64;
    if (layout == Layout::Trits64)
      blockCodes = TritSlices(groups).total * 64;
    blockScales = groups.count * scalesPerGroup(format) * rowsPerBlock * scaleBytes(format);
    if (hasRowScales(format))
      blockScales = rowsPerBlock * 4;
    blockMultipliers = groups.count * multipliersPerGroup(format) * multiplierWidth(format) * rowsPerBlock;
  }
  codesBytes = blockCodes * rowBlocks;
  int64_t scaledBlocks = format.perTensor ? 1 : rowBlocks;
  scalesBytes = blockScales * scaledBlocks;
  multipliersBytes = blockMultipliers * scaledBlocks;
  scalesOffset = llvm::alignTo(codesBytes, 64);
  multipliersOffset = llvm::alignTo(scalesOffset + scalesBytes, 64);
  bytes = llvm::alignTo(multipliersOffset + multipliersBytes, 64);
}

bool halftone::layoutHolds(Layout layout, const Format &format) {
  if (format.kind == FormatKind::Float || layout == Layout::Float16)
    return format.kind == FormatKind::Float && layout == Layout::Float16;
  if (layout == Layout::Trits16 || layout == Layout::Trits64)
    return format.kind == FormatKind::Ternary && !(layout == Layout::Trits64 && format.scalePerSign);
  bool planes = format.kind != FormatKind::Vsq && !(format.kind == FormatKind::Bcq && format.planeScales);
  return layout == Layout::Rows16 || planes;
}

bool halftone::dotReads(Layout layout, const Format &format) {
  bool reads = layout == Layout::Rows16 || layout == Layout::Trits16 ||
               (layout == Layout::Rows64 && scalesPerGroup(format) == 1);
  return reads && layoutHolds(layout, format);
}

bool halftone::dotSkipsGroups(Layout layout, const Format &format) {
  return layout != Layout::Trits16 && scalesPerGroup(format) == 1;
}
