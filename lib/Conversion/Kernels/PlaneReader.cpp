//===- PlaneReader.cpp - Unpacking Rows64 weights in a kernel -------------===//
//
// A byte of a plane is 8 elements of one row, so 16 of them give two chunks of
// 16 rows x 4 elements: every byte four times, its lower four bits in the first
// chunk and its upper four in the second.
//   two-level BCQ: w = sum_p m_p b_p = 2 u - M with u = sum over set bits of m_p, M = sum_p m_p <= 127
//   binary:        w = 2 u - 1
//   ternary:       w = u - 1 with u = b_0 + b_1
//   int<b>:        w = u - 2^(b-1), or less the zero point
//
//===----------------------------------------------------------------------===//

#include "PlaneReader.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

/// Rows of a block of planes.
static constexpr int64_t kBlockRows = 64;

PlaneReader::PlaneReader(KernelBuilder &k, const Format &format, int64_t rows, int64_t cols, Value packed,
                         Value rowBlock, int64_t stepsAhead)
    : k(k), format(format), shape(format, rows, cols, Layout::Rows64), groups(format, cols), planes(planeCount(format)),
      prefetchDistance(stepsAhead * kStep / 8 * planes * kBlockRows), packed(packed) {
  Value perBlock = k.index(kBlockRows / kLanes);
  block = arith::DivUIOp::create(k.b, k.loc, rowBlock, perBlock);
  firstRow = k.mulIndex(arith::RemUIOp::create(k.b, k.loc, rowBlock, perBlock), kLanes);
}

int64_t PlaneReader::maxU() const {
  switch (format.kind) {
  case FormatKind::Bcq:
    return planes == 1 ? 1 : 127;
  case FormatKind::Ternary:
    return 2;
  case FormatKind::Rtn:
    return (int64_t(1) << format.bits) - 1;
  default:
    return 1;
  }
}

Value PlaneReader::scaleIndex() { return format.perTensor ? k.index(0) : k.affine(block, groups.count, group); }

Value PlaneReader::multiplierBytes(unsigned p) {
  Value entry = k.affine(scaleIndex(), multipliersPerGroup(format), k.index(p));
  Value offset = k.addIndex(k.affine(entry, kBlockRows, firstRow), shape.multipliersOffset);
  return k.loadBytesAs(packed, offset, k.bytes(kLanes));
}

void PlaneReader::enterGroup(Value index) {
  group = index;
  multipliers.clear();
  planeSteps.clear();
  for (unsigned plane = 0; plane < planes; ++plane) {
    if (isBcq())
      multipliers.push_back(multiplierBytes(plane));
    if (isBcq() && planes > 1)
      planeSteps.push_back(fourTimes(k, multipliers.back()));
    else
      planeSteps.push_back(k.splat(k.bytes(), int8_t(format.kind == FormatKind::Rtn ? 1 << plane : 1)));
  }
}

void PlaneReader::loadSlice(int64_t index) {
  Value slice = k.affine(k.affine(group, groups.steps, step), kStep / 8, k.index(index));
  Value codes = k.addIndex(k.affine(block, shape.blockCodes, k.mulIndex(slice, planes * kBlockRows)), firstRow);
  slices.clear();
  for (unsigned plane = 0; plane < planes; ++plane) {
    Value offset = k.addIndex(codes, shape.codesOffset + plane * kBlockRows);
    k.prefetch(packed, k.addIndex(offset, prefetchDistance));
    slices.push_back(fourTimes(k, k.load(packed, offset, k.bytes(kLanes))));
  }
}

Value PlaneReader::unpackChunk(int64_t chunk) {
  if (chunk % 2 == 0)
    loadSlice(chunk / 2);
  SmallVector<int64_t> bitOfByte;
  for (int64_t i = 0; i < kVectorBytes; ++i)
    bitOfByte.push_back(int8_t(1 << (chunk % 2 * 4 + i % 4)));
  Value bits = k.constant(k.bytes(), bitOfByte), zero = k.splat(k.bytes(), 0), u;
  for (unsigned plane = 0; plane < planes; ++plane) {
    Value part = k.select(k.isNonZero(k.andI(slices[plane], bits)), planeSteps[plane], zero);
    u = u ? k.addI(u, part) : part;
  }
  return u;
}

PanelReader::Terms PlaneReader::terms() {
  auto wordsOf = [&](Value bytes) -> Value { return arith::ExtUIOp::create(k.b, k.loc, k.words(), bytes); };
  Terms terms;
  switch (format.kind) {
  case FormatKind::Bcq: {
    terms.shift = 1;
    for (Value multiplier : multipliers)
      terms.zeros = terms.zeros ? k.addI(terms.zeros, wordsOf(multiplier)) : wordsOf(multiplier);
    if (planes == 1)
      terms.factor = terms.zeros;
    if (format.offset)
      terms.zeros =
          k.subI(terms.zeros, arith::ExtSIOp::create(k.b, k.loc, k.words(), multiplierBytes(planes)).getResult());
    break;
  }
  case FormatKind::Binary:
    terms.shift = 1;
    terms.zero = 1;
    break;
  case FormatKind::Rtn:
    terms.zero = int64_t(1) << (format.bits - 1);
    if (format.offset)
      terms.zeros = wordsOf(multiplierBytes(0));
    break;
  default:
    terms.zero = 1;
  }
  return terms;
}

Value PlaneReader::groupScales() {
  int64_t size = scaleBytes(format);
  Value offset = k.affine(scaleIndex(), kBlockRows * size, k.addIndex(k.mulIndex(firstRow, size), shape.scalesOffset));
  if (format.floatScales)
    return k.loadBytesAs(packed, offset, k.floats());
  Value raw = k.loadBytesAs(packed, offset, k.vec(kLanes, k.i16()));
  return simd::ExtendHalfOp::create(k.b, k.loc, k.floats(), raw);
}
