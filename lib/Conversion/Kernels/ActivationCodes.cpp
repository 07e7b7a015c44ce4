//===- ActivationCodes.cpp - Integer codes in packed order ----------------===//

#include "ActivationCodes.h"

using namespace mlir;
using namespace halftone;

std::pair<Value, Value> halftone::roundEven(KernelBuilder &k, Value x) {
  // Adding and subtracting 1.5 * 2^23 rounds; the low bits of the sum's pattern are the integer. The same on every
  // target, and no library call.
  constexpr double magic = 12582912.0;
  constexpr int64_t magicBits = 0x4b400000;
  Value shifted = k.addF(x, k.splat(k.floats(), magic));
  return {k.subF(shifted, k.splat(k.floats(), magic)),
          k.subI(k.bitcast(shifted, k.words()), k.splat(k.words(), magicBits))};
}

SmallVector<Value> halftone::splitDigits(KernelBuilder &k, Value rounded, Value code, int64_t digits) {
  SmallVector<Value> result;
  int64_t weight = 1;
  for (int64_t i = 1; i < digits; ++i)
    weight *= kDigitWeight;
  for (; weight > 1; weight /= kDigitWeight) {
    auto [digitFloat, digit] = roundEven(k, k.mulF(rounded, k.splat(k.floats(), 1.0 / double(weight))));
    result.push_back(digit);
    code = k.subI(code, k.mulI(digit, k.splat(k.words(), double(weight))));
    if (weight > kDigitWeight)
      rounded = k.subF(rounded, k.mulF(digitFloat, k.splat(k.floats(), double(weight))));
  }
  result.push_back(code);
  return result;
}

void CodeRows::emit(KernelBuilder &k, Value token, Value firstRow, int64_t rows, CodesOf codesOf) const {
  bool shortTail = groups.lastSize != groups.size;
  k.repeat(groups.count - (shortTail ? 1 : 0), {}, [&](Value group, ValueRange) {
    emitGroup(k, token, group, groups.size, groups.steps, firstRow, rows, codesOf);
    return SmallVector<Value>();
  });
  if (shortTail)
    emitGroup(k, token, k.index(groups.count - 1), groups.lastSize, groups.lastSteps, firstRow, rows, codesOf);
}

void CodeRows::emitGroup(KernelBuilder &k, Value token, Value group, int64_t size, int64_t steps, Value firstRow,
                         int64_t rows, CodesOf codesOf) const {
  if (vectors > 1)
    return emitVectors(k, token, group, size, firstRow, rows, codesOf);
  Value from = k.mulIndex(group, groups.size), to = k.mulIndex(group, groups.steps * kStep);
  auto row = [&](int64_t i) { return k.addIndex(firstRow, i); };
  int64_t covered = 0;
  SmallVector<Value> total = k.reduceVectors(size, SmallVector<Value>(rows, k.splat(k.words(), 0)),
                                             [&](Value offset, int64_t width, ValueRange carried) {
                                               SmallVector<Value> next(carried);
                                               Value column = k.addIndex(from, offset);
                                               Value v = k.padded(k.load(x, {token, column}, k.floats(width)), kLanes);
                                               for (auto [i, code] : llvm::enumerate(codesOf(v, column, width))) {
                                                 store(k, code, row(i), k.addIndex(to, offset));
                                                 next[i] = k.addI(next[i], code);
                                               }
                                               covered += width < kLanes ? kLanes : 0;
                                               return next;
                                             });
  covered += size / kLanes * kLanes;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t column = covered; column < steps * kStep; column += kLanes)
      store(k, k.splat(k.words(), 0), row(i), k.addIndex(to, column));
    k.storeScalar(k.sumLanes(total[i]), sums, {row(i), group});
  }
}

void CodeRows::emitVectors(KernelBuilder &k, Value token, Value group, int64_t size, Value firstRow, int64_t rows,
                           CodesOf codesOf) const {
  Value from = k.mulIndex(group, groups.size), to = k.mulIndex(group, kStep), firstSum = k.mulIndex(group, vectors);
  int64_t vector = kStep / vectors;
  for (int64_t column = 0; column < kStep; column += kLanes) {
    int64_t width = std::clamp<int64_t>(size - column, 0, kLanes);
    SmallVector<Value> words(rows, k.splat(k.words(), 0));
    if (width > 0) {
      Value place = k.addIndex(from, column);
      words = codesOf(k.padded(k.load(x, {token, place}, k.floats(width)), kLanes), place, width);
    }
    for (int64_t i = 0; i < rows; ++i) {
      Value row = k.addIndex(firstRow, i);
      store(k, words[i], row, k.addIndex(to, column));
      for (int64_t lane = 0; lane < width; lane += vector)
        k.storeScalar(k.sumLanes(k.padded(k.slice(words[i], lane, vector), kLanes)), sums,
                      {row, k.addIndex(firstSum, (column + lane) / vector)});
    }
  }
}

std::string halftone::vectorName(const CodeGroups &groups) {
  return groups.vector == groups.size ? "" : "v" + std::to_string(groups.vector);
}

void CodeRows::store(KernelBuilder &k, Value code, Value row, Value column) const {
  k.store(arith::TruncIOp::create(k.b, k.loc, k.bytes(kLanes), code), codes, {row, column});
}
