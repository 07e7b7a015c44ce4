//===- WeightReader.cpp - Unpacking Rows16 weights in a kernel ------------===//
//
// Two-level BCQ: w = sum_p m_p b_p with b = +-1 and M = sum_p m_p <= 127, hence
//   u = w + 128 = (128 - M) + sum over set bits of 2 m_p,   1 <= u <= 255,
// one masked byte addition per plane.
//
//===----------------------------------------------------------------------===//

#include "WeightReader.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

int64_t WeightReader::offset() const {
  switch (format.kind) {
  case FormatKind::Bcq:
    return 128;
  case FormatKind::Ternary:
    return 1;
  case FormatKind::Rtn:
    return int64_t(1) << (format.bits - 1);
  case FormatKind::Float:
    break;
  }
  return 0;
}

int64_t WeightReader::maxU() const {
  switch (format.kind) {
  case FormatKind::Bcq:
    return 255;
  case FormatKind::Ternary:
    return 2;
  case FormatKind::Rtn:
    return (int64_t(1) << format.bits) - 1;
  case FormatKind::Float:
    break;
  }
  return 0;
}

Value WeightReader::halves(Value byteOffset) {
  Value raw = k.loadBytesAs(packed, byteOffset, k.vec(kLanes, k.i16()));
  return simd::ExtendHalfOp::create(k.b, k.loc, k.floats(), raw);
}

void WeightReader::enterGroup(Value rowBlock, Value group) {
  groupIndex = k.affine(rowBlock, groups.count, group);
  int64_t stepBytes = int64_t(bits) * kVectorBytes;
  Value firstStep = k.affine(rowBlock, groups.totalSteps(), k.mulIndex(group, groups.steps));
  groupCodes = k.addIndex(k.mulIndex(firstStep, stepBytes), shape.codesOffset);

  planeScales.clear();
  negatedPlaneScales.clear();
  twiceMultipliers.clear();
  if (format.kind != FormatKind::Bcq)
    return;
  for (unsigned plane = 0; plane < format.bits; ++plane) {
    Value entry = k.addIndex(k.mulIndex(groupIndex, format.bits), plane);
    if (format.planeScales) {
      planeScales.push_back(halves(k.addIndex(k.mulIndex(entry, kLanes * 2), shape.scalesOffset)));
      negatedPlaneScales.push_back(k.negF(planeScales.back()));
      continue;
    }
    Value row = k.loadBytesAs(packed, k.addIndex(k.mulIndex(entry, kLanes), shape.multipliersOffset), k.bytes(kLanes));
    Value wide = arith::ExtUIOp::create(k.b, k.loc, k.words(), row);
    Value everyByte = k.bitcast(k.mulI(wide, k.splat(k.words(), 0x01010101)), k.bytes());
    base = k.subI(plane == 0 ? k.splat(k.bytes(), -128) : base, everyByte);
    twiceMultipliers.push_back(k.addI(everyByte, everyByte));
  }
}

void WeightReader::loadStep(Value step) {
  Value offset = k.affine(step, int64_t(bits) * kVectorBytes, groupCodes);
  vectors.clear();
  for (unsigned v = 0; v < bits; ++v)
    vectors.push_back(k.load(packed, k.addIndex(offset, v * kVectorBytes), k.bytes()));
}

Value WeightReader::extractField(const CodeField &field, unsigned firstVector, int64_t chunk) {
  unsigned perVector = 8 / field.width;
  Value vector = vectors[firstVector + chunk / perVector];
  if (field.width == 8)
    return vector;
  // Shift whole words: the mask drops what crosses from the neighbouring byte.
  Value words = k.shrU(k.bitcast(vector, k.words()), chunk % perVector * field.width);
  int64_t mask = (1 << field.width) - 1;
  return k.bitcast(k.andI(words, k.splat(k.words(), mask * 0x01010101)), k.bytes());
}

Value WeightReader::planeBit(unsigned plane, int64_t chunk) {
  int64_t bit = int8_t(1 << chunk);
  return k.isNonZero(k.andI(vectors[plane], k.splat(k.bytes(), bit)));
}

Value WeightReader::unpackChunk(int64_t chunk) {
  if (format.kind == FormatKind::Bcq) {
    Value u = base, zero = k.splat(k.bytes(), 0);
    for (unsigned plane = 0; plane < format.bits; ++plane)
      u = k.addI(u, k.select(planeBit(plane, chunk), twiceMultipliers[plane], zero));
    return u;
  }
  Value u;
  unsigned firstVector = 0;
  for (CodeField field : fields) {
    Value part = extractField(field, firstVector, chunk);
    if (field.shift)
      part = k.bitcast(k.shlI(k.bitcast(part, k.words()), field.shift), k.bytes());
    u = u ? k.addI(u, part) : part;
    firstVector += field.width;
  }
  return u;
}

Value WeightReader::scales() {
  return halves(k.addIndex(k.mulIndex(groupIndex, kLanes * 2), shape.scalesOffset));
}

Value WeightReader::planeScaledWeight(int64_t chunk, int64_t j) {
  Value sum;
  int64_t bit = int64_t(1) << (8 * j + chunk);
  for (unsigned plane = 0; plane < format.bits; ++plane) {
    Value words = k.bitcast(vectors[plane], k.words());
    Value set = k.isNonZero(k.andI(words, k.splat(k.words(), int32_t(bit))));
    Value term = k.select(set, planeScales[plane], negatedPlaneScales[plane]);
    sum = sum ? k.addF(sum, term) : term;
  }
  return sum;
}
