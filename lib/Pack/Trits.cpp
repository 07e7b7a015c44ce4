//===- Trits.cpp - Five ternary weights in a byte -------------------------===//

#include "halftone/Pack/Trits.h"
#include "llvm/Support/MathExtras.h"
#include <cstdlib>

using namespace halftone;

TritShape::TritShape(const GroupShape &groups) : groupChunks(groups.steps * kStep / 4) {
  bool shortTail = groups.lastSteps != groups.steps;
  int64_t full = groups.count - (shortTail ? 1 : 0);
  singleVectors = llvm::divideCeil(groupChunks, kTrits);
  bool wasteful = 16 * (kTrits * singleVectors - groupChunks) > groupChunks;
  superblocks = wasteful ? full / kTrits : 0;
  singles = full - superblocks * kTrits;
  if (shortTail) {
    lastChunks = groups.lastSteps * kStep / 4;
    lastVectors = llvm::divideCeil(lastChunks, kTrits);
  }
  vectors = superblocks * groupChunks + singles * singleVectors + lastVectors;
}

TritShape::Slot TritShape::slot(int64_t group, int64_t chunk) const {
  if (group < superblocks * kTrits)
    return {group / kTrits * groupChunks + chunk, group % kTrits};
  int64_t single = group - superblocks * kTrits, first = superblocks * groupChunks + single * singleVectors;
  int64_t stride = single < singles ? singleVectors : lastVectors;
  return {first + chunk % stride, chunk / stride};
}

TritSlices::TritSlices(const GroupShape &groups)
    : perGroup(llvm::divideCeil(groups.steps * kStep, kTrits)),
      last(llvm::divideCeil(groups.lastSteps * kStep, kTrits)), total((groups.count - 1) * perGroup + last) {}

double halftone::tritBitsPerWeight(const GroupShape &groups, Layout layout) {
  int64_t bytes = layout == Layout::Trits64 ? TritSlices(groups).total : TritShape(groups).vectors * 4;
  return 8.0 * double(bytes) / double(groups.cols);
}

uint8_t halftone::packDigits(const std::array<uint8_t, kTrits> &digits) {
  unsigned number = 0;
  for (uint8_t digit : digits)
    number = 3 * number + digit;
  return uint8_t((number * 256 + 242) / 243);
}

std::array<uint8_t, kTrits> halftone::unpackDigits(uint8_t byte) {
  std::array<uint8_t, kTrits> digits;
  unsigned fraction = byte;
  for (uint8_t &digit : digits) {
    fraction *= 3;
    digit = uint8_t(fraction >> 8);
    fraction &= 255;
  }
  return digits;
}

uint8_t halftone::packBalanced(const std::array<uint8_t, kTrits> &codes) {
  int number = 0;
  for (int64_t i = kTrits - 1; i >= 0; --i)
    number = 3 * number + codes[i] - 1;
  return uint8_t(std::abs(number) | (number < 0 ? 128 : 0));
}

std::array<uint8_t, kTrits> halftone::unpackBalanced(uint8_t byte) {
  // 121 = 11111 in base 3: adding it turns the digits -1, 0, 1 into 0, 1, 2.
  int number = (byte & 128 ? -1 : 1) * (byte & 127) + 121;
  std::array<uint8_t, kTrits> codes;
  for (uint8_t &code : codes) {
    code = uint8_t(number % 3);
    number /= 3;
  }
  return codes;
}

/// Calls visit(byte, digit within it, column) for every element of a row.
template <typename Visit>
static void forTrits(int64_t row, const GroupShape &groups, Layout layout, Visit visit) {
  TritShape shape(groups);
  TritSlices slices(groups);
  for (int64_t col = 0; col < groups.cols; ++col) {
    int64_t group = col / groups.size, k = col % groups.size;
    if (layout == Layout::Trits64) {
      int64_t slice = row / 64 * slices.total + group * slices.perGroup + k / kTrits;
      visit(slice * 64 + row % 64, k % kTrits, col);
      continue;
    }
    TritShape::Slot slot = shape.slot(group, k / 4);
    visit((row / 16 * shape.vectors + slot.vector) * 64 + row % 16 * 4 + k % 4, slot.digit, col);
  }
}

void halftone::packTritRow(llvm::ArrayRef<uint8_t> codes, int64_t row, const GroupShape &groups, Layout layout,
                           uint8_t *out) {
  bool balanced = layout == Layout::Trits64;
  // A byte without trits is 0 in both layouts: digits 0 in one, zeros in the other.
  forTrits(row, groups, layout, [&](int64_t byte, int64_t digit, int64_t col) {
    std::array<uint8_t, kTrits> trits = balanced ? unpackBalanced(out[byte]) : unpackDigits(out[byte]);
    trits[digit] = codes[col];
    out[byte] = balanced ? packBalanced(trits) : packDigits(trits);
  });
}

void halftone::unpackTritRow(const uint8_t *bytes, int64_t row, const GroupShape &groups, Layout layout,
                             llvm::MutableArrayRef<uint8_t> codes) {
  bool balanced = layout == Layout::Trits64;
  forTrits(row, groups, layout, [&](int64_t byte, int64_t digit, int64_t col) {
    codes[col] = (balanced ? unpackBalanced(bytes[byte]) : unpackDigits(bytes[byte]))[digit];
  });
}
