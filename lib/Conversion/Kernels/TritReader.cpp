//===- TritReader.cpp - Unpacking Trits16 weights in a kernel -------------===//
//
// A byte is a fraction x of 256 with the digits u_d = (3 x_d) >> 8 and
// x_(d+1) = 3 x_d mod 256 (Trits.h), so x_d = 3^d x mod 256. With x - 128 for x it is
// the same, for 3^d is odd; u_d is then the number of the thresholds 85 and 170 that
// x_d exceeds.
//
//===----------------------------------------------------------------------===//

#include "TritReader.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

TritReader::TritReader(KernelBuilder &k, const Format &format, int64_t rows, int64_t cols, Value packed, Value rowBlock)
    : k(k), format(format), shape(format, rows, cols, Layout::Trits16), groups(format, cols), trits(groups),
      packed(packed), rowBlock(rowBlock) {}

Value TritReader::powerOf3(Value digit) {
  auto half = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(k.b, k.loc, k.b.getI16IntegerAttr(int16_t(value)));
  };
  Value power = half(81);
  int64_t of = 27;
  for (int64_t i = kTrits - 2; i >= 0; --i, of /= 3) {
    Value isDigit = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::eq, digit, k.index(i));
    power = k.select(isDigit, half(of), power);
  }
  return power;
}

void TritReader::enterGroup(Value index) {
  group = index;
  Value five = k.index(kTrits), ofSuperblocks = k.index(trits.superblocks * kTrits);
  Value superblock = arith::DivUIOp::create(k.b, k.loc, group, five);
  inSuperblock = {k.mulIndex(superblock, trits.groupChunks), powerOf3(arith::RemUIOp::create(k.b, k.loc, group, five))};
  isInSuperblock = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ult, group, ofSuperblocks);
  Value single = arith::SubIOp::create(k.b, k.loc, group, ofSuperblocks);
  firstOfSingle = k.affine(single, trits.singleVectors, k.index(trits.superblocks * trits.groupChunks));
  vectorsOfSingle = k.index(trits.singleVectors);
  if (trits.lastChunks) {
    Value isLast = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::eq, group, k.index(groups.count - 1));
    vectorsOfSingle = k.select(isLast, k.index(trits.lastVectors), vectorsOfSingle);
  }
}

TritReader::Slot TritReader::slotOf(Value chunk) {
  Value digit = arith::DivUIOp::create(k.b, k.loc, chunk, vectorsOfSingle);
  Value place = arith::RemUIOp::create(k.b, k.loc, chunk, vectorsOfSingle);
  return {k.select(isInSuperblock, k.addIndex(inSuperblock.vector, chunk), k.addIndex(firstOfSingle, place)),
          k.select(isInSuperblock, inSuperblock.factor, powerOf3(digit))};
}

Value TritReader::unpackChunk(int64_t chunk) {
  Slot slot = slotOf(k.affine(step, kStep / 4, k.index(chunk)));
  Value offset = k.affine(k.affine(rowBlock, trits.vectors, slot.vector), kVectorBytes, k.index(shape.codesOffset));
  Value x = k.xorI(k.load(packed, offset, k.bytes()), k.splat(k.bytes(), -128));
  // Bytes are multiplied as halves of 16 bits: the low one alone, the high one with zeros below.
  VectorType halves = k.vec(2 * kLanes, k.i16());
  Value pairs = k.bitcast(x, halves), factor = k.broadcast(slot.factor, 2 * kLanes);
  Value low = k.andI(k.mulI(pairs, factor), k.splat(halves, 0xff));
  Value high = k.mulI(k.andI(pairs, k.splat(halves, -256)), factor);
  return firstDigits(k, k.bitcast(k.addI(low, high), k.bytes()));
}

PanelReader::Terms TritReader::terms() {
  Terms terms;
  terms.zero = 1;
  return terms;
}

Value TritReader::groupScales() {
  Value entry = k.affine(rowBlock, groups.count, group);
  Value raw = k.loadBytesAs(packed, k.addIndex(k.mulIndex(entry, kLanes * scaleBytes(format)), shape.scalesOffset),
                            k.vec(kLanes, k.i16()));
  return simd::ExtendHalfOp::create(k.b, k.loc, k.floats(), raw);
}

Value halftone::firstDigits(KernelBuilder &k, Value fractions) {
  auto exceeds = [&](int64_t threshold) -> Value {
    Value mask =
        arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::sgt, fractions, k.splat(k.bytes(), threshold - 128));
    return arith::ExtSIOp::create(k.b, k.loc, k.bytes(), mask);
  };
  return k.subI(k.subI(k.splat(k.bytes(), 0), exceeds(85)), exceeds(170));
}
