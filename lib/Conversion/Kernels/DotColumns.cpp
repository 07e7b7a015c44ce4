//===- DotColumns.cpp - The columns of a tile of dot products -------------===//

#include "DotColumns.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

DotColumns::DotColumns(KernelBuilder &k, Value codes, Value token, int64_t columns, bool inPairs)
    : k(k), codes(codes), pairs(inPairs ? columns / 2 : 0) {
  for (int64_t c = 0; c < columns; ++c)
    tokenIndices.push_back(k.addIndex(token, c));
}

SmallVector<Value> DotColumns::zeros(int64_t blocks) const {
  SmallVector<Value> sums;
  for (int64_t i = 0; i < blocks * sumCount(); ++i)
    sums.push_back(k.splat(k.words(i % sumCount() < pairs ? 2 * kLanes : kLanes), 0));
  return sums;
}

Value DotColumns::activations(int64_t column, Value element) const {
  Value four = k.load(codes, {tokenIndices[column], element}, k.bytes(4));
  Value word = vector::ExtractOp::create(k.b, k.loc, k.bitcast(four, k.words(1)), ArrayRef<int64_t>{0});
  return k.bitcast(k.broadcast(word), k.bytes());
}

Value DotColumns::activationsOfPair(int64_t pair, Value element) const {
  auto eightOf = [&](int64_t column) { return k.load(codes, {tokenIndices[column], element}, k.bytes(8)); };
  SmallVector<int64_t> both;
  for (int64_t i = 0; i < 16; ++i)
    both.push_back(i);
  return k.shuffle(eightOf(2 * pair), eightOf(2 * pair + 1), both);
}

void DotColumns::multiply(MutableArrayRef<Value> sums, ArrayRef<Value> weights, Value element, int64_t maxU) const {
  if (pairs > 0) {
    // The four elements of each row beside its next four.
    SmallVector<int64_t> mask;
    for (int64_t row = 0; row < kLanes; ++row)
      mask.append({row, kLanes + row});
    Value joined = k.shuffle(k.bitcast(weights[0], k.words()), k.bitcast(weights[1], k.words()), mask);
    Value rows = k.bitcast(joined, k.bytes(2 * kVectorBytes));
    for (int64_t pair = 0; pair < pairs; ++pair)
      sums[pair] = simd::Dot8x2Op::create(k.b, k.loc, sums[pair], rows, activationsOfPair(pair, element));
  }
  // Each column's activations are loaded where they are used: registers are few.
  for (auto [i, sum] : llvm::enumerate(sums.drop_front(pairs)))
    for (auto [chunk, bytes] : llvm::enumerate(weights)) {
      Value four = activations(2 * pairs + int64_t(i), k.addIndex(element, 4 * int64_t(chunk)));
      sum = simd::Dot4Op::create(k.b, k.loc, sum, bytes, four, uint32_t(maxU));
    }
}

SmallVector<Value> DotColumns::perColumn(ArrayRef<Value> sums) const {
  SmallVector<Value> columns;
  for (Value sum : sums.take_front(pairs))
    for (int64_t column = 0; column < 2; ++column) {
      SmallVector<int64_t> mask;
      for (int64_t row = 0; row < kLanes; ++row)
        mask.push_back(2 * row + column);
      columns.push_back(k.shuffle(sum, sum, mask));
    }
  llvm::append_range(columns, sums.drop_front(pairs));
  return columns;
}
