//===- VectorEmitter.cpp - Short words for LLVM vector code ---------------===//
#include "VectorEmitter.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace halftone {

int64_t vectorLength(Value value) { return cast<VectorType>(value.getType()).getNumElements(); }

Value VectorEmitter::splat(VectorType type, int64_t value) {
  auto element =
      builder.getIntegerAttr(type.getElementType(), llvm::APInt(type.getElementTypeBitWidth(), value, /*isSigned=*/true,
                                                                /*implicitTrunc=*/true));
  return create<LLVM::ConstantOp>(type, DenseElementsAttr::get(type, Attribute(element)));
}

Value VectorEmitter::splat(VectorType type, float value) {
  return create<LLVM::ConstantOp>(type, DenseElementsAttr::get(type, value));
}

Value VectorEmitter::intrinsic(StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(builder, loc, result, builder.getStringAttr(name), operands).getResult(0);
}

Value VectorEmitter::shuffle(Value a, Value b, ArrayRef<int32_t> picks) {
  return create<LLVM::ShuffleVectorOp>(a, b, picks);
}

Value VectorEmitter::slice(Value vector, int64_t begin, int64_t length) {
  int64_t available = vectorLength(vector);
  if (begin == 0 && length == available)
    return vector;
  SmallVector<int32_t> picks;
  for (int64_t i = begin; i < begin + length; ++i)
    picks.push_back(i < available ? i : -1);
  return shuffle(vector, vector, picks);
}

Value VectorEmitter::strided(Value vector, int64_t begin, int64_t stride) {
  SmallVector<int32_t> picks;
  for (int64_t i = begin; i < vectorLength(vector); i += stride)
    picks.push_back(i);
  return shuffle(vector, vector, picks);
}

Value VectorEmitter::repeat(Value vector, int64_t length) {
  int64_t period = vectorLength(vector);
  if (period == length)
    return vector;
  SmallVector<int32_t> picks;
  for (int64_t i = 0; i < length; ++i)
    picks.push_back(i % period);
  return shuffle(vector, vector, picks);
}

Value VectorEmitter::shuffle16(Value table, Value indices) {
  int64_t width = vectorLength(indices);
  StringRef name = width == 64   ? "llvm.x86.avx512.pshuf.b.512"
                   : width == 32 ? "llvm.x86.avx2.pshuf.b"
                                 : "llvm.x86.ssse3.pshuf.b.128";
  return intrinsic(name, i8(width), {repeat(table, width), indices});
}

Value VectorEmitter::multiplyAddBytes(Value u, Value s) {
  int64_t width = vectorLength(u);
  StringRef name = width == 64   ? "llvm.x86.avx512.pmaddubs.w.512"
                   : width == 32 ? "llvm.x86.avx2.pmadd.ub.sw"
                                 : "llvm.x86.ssse3.pmadd.ub.sw.128";
  return intrinsic(name, i16(width / 2), {u, s});
}

Value VectorEmitter::multiplyAddHalves(Value a, Value b) {
  int64_t width = vectorLength(a);
  StringRef name = width == 32   ? "llvm.x86.avx512.pmaddw.d.512"
                   : width == 16 ? "llvm.x86.avx2.pmadd.wd"
                                 : "llvm.x86.sse2.pmadd.wd";
  return intrinsic(name, i32(width / 2), {a, b});
}

Value VectorEmitter::concat(ArrayRef<Value> pieces) {
  SmallVector<Value> level(pieces);
  while (level.size() > 1) {
    SmallVector<Value> next;
    for (size_t i = 0; i + 1 < level.size(); i += 2) {
      int64_t first = vectorLength(level[i]), second = vectorLength(level[i + 1]), longer = std::max(first, second);
      SmallVector<int32_t> picks;
      for (int64_t k = 0; k < first; ++k)
        picks.push_back(k);
      for (int64_t k = 0; k < second; ++k)
        picks.push_back(longer + k);
      next.push_back(shuffle(slice(level[i], 0, longer), slice(level[i + 1], 0, longer), picks));
    }
    if (level.size() % 2)
      next.push_back(level.back());
    level = std::move(next);
  }
  return level.front();
}

Value VectorEmitter::inPieces(int64_t count, ArrayRef<int64_t> widths, ArrayRef<Value> operands,
                              llvm::function_ref<Value(int64_t, ArrayRef<Value>)> emit) {
  SmallVector<Value> results;
  for (int64_t begin = 0; begin < count;) {
    const int64_t *fitting = llvm::find_if(widths, [&](int64_t width) { return width <= count - begin; });
    int64_t width = fitting == widths.end() ? widths.back() : *fitting;
    SmallVector<Value> pieces;
    for (Value operand : operands) {
      int64_t each = vectorLength(operand) / count;
      pieces.push_back(slice(operand, begin * each, width * each));
    }
    results.push_back(emit(width, pieces));
    begin += width;
  }
  return slice(concat(results), 0, count);
}

} // namespace halftone
