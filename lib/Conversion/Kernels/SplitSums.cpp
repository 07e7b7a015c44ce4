//===- SplitSums.cpp - 16-bit sums looked up by bytes ---------------------===//

#include "SplitSums.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

Value halftone::lookUp(KernelBuilder &k, Value table, Value index) {
  return simd::TableLookupOp::create(k.b, k.loc, index.getType(), table, index);
}

void halftone::addSplitSums(KernelBuilder &k, Value low, Value high, MutableArrayRef<Value> acc) {
  for (int64_t half = 0; half < 2; ++half) {
    SmallVector<int64_t> mask;
    for (int64_t lane = 0; lane < 4; ++lane)
      for (int64_t i = 0; i < 8; ++i) {
        mask.push_back(lane * 16 + half * 8 + i);
        mask.push_back(kVectorBytes + lane * 16 + half * 8 + i);
      }
    acc[half] = k.addI(acc[half], k.bitcast(k.shuffle(low, high, mask), k.vec(32, k.i16())));
  }
}

Value halftone::splitSumsByRow(KernelBuilder &k, Value first, Value second) {
  SmallVector<int64_t> mask;
  for (int64_t row = 0; row < kVectorBytes; ++row)
    mask.push_back((row % 16 / 8) * 32 + row / 16 * 8 + row % 8);
  return k.shuffle(first, second, mask);
}

void halftone::storeSplitTable(KernelBuilder &k, Value sums, Value tables, Value token, Value offset) {
  int64_t entries = cast<VectorType>(sums.getType()).getNumElements();
  Value low = arith::TruncIOp::create(k.b, k.loc, k.bytes(entries), sums);
  Value high = arith::TruncIOp::create(k.b, k.loc, k.bytes(entries), k.shrU(sums, 8));
  k.store(low, tables, {token, offset});
  k.store(high, tables, {token, k.addIndex(offset, entries)});
}
