//===- ByteTables.cpp - Look-up tables of one byte per sum ----------------===//
//
// Sums of signed activations, rounded to a multiple of 2^k that is common to a
// group (T-MAC, arXiv 2407.00088, section 3.2, has a float scale in its place).
// A slice of 8 activations has two tables T_0, T_1 of 4 each; an entry is
//   q_i[c] = round(T_i[c] / 2^k), to the nearest even,
// with the least k for which no slice has sum |a_j| > 126 * 2^k: then
//   |q_0[c] + q_1[d]| <= sum |a_j| / 2^k + 1 <= 127
// for all c and d, and the sum of both look-ups, biased by 128, is one unsigned
// byte. Width 128 stores these sums themselves, and so gives the same bits.
// TritTables.cpp has the tables for slices of five ternary weights.
//
//===----------------------------------------------------------------------===//

#include "ByteTables.h"
#include "Kernels.h"
#include "dialects/Lowbit/IR/LowbitTypes.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace halftone;

void halftone::addBytes(KernelBuilder &k, Value values, MutableArrayRef<Value> acc) {
  Value pairs = k.bitcast(values, k.vec(32, k.i16()));
  acc[0] = k.addI(acc[0], pairs);
  acc[1] = k.addI(acc[1], k.shrU(pairs, 8));
}

Value halftone::byteSums(KernelBuilder &k, ArrayRef<Value> acc, int64_t count) {
  // At most 256 * 127 without the bias: signed words, mod 2^16.
  Value bias = k.splat(k.vec(32, k.i16()), double(int16_t(kByteBias * count)));
  Value first = k.subI(k.subI(acc[0], k.shlI(acc[1], 8)), bias), second = k.subI(acc[1], bias);
  SmallVector<int64_t> mask;
  for (int64_t i = 0; i < 32; ++i)
    mask.append({i, 32 + i});
  return arith::ExtSIOp::create(k.b, k.loc, k.words(kVectorBytes), k.shuffle(first, second, mask));
}

Value halftone::isNegative(KernelBuilder &k, Value code) {
  return arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::slt, code, k.splat(k.bytes(), 0));
}

Value halftone::negateBytes(KernelBuilder &k, Value mask, Value bytes) {
  // The negative of a biased byte is the bias of the negative: -(128 + q) = 128 - q mod 256.
  return k.select(mask, k.subI(k.splat(k.bytes(), 0), bytes), bytes);
}

SmallVector<Value> halftone::shiftSums(KernelBuilder &k, Value tables, Value token, Value at, ValueRange sums) {
  Value shift = arith::ExtUIOp::create(k.b, k.loc, k.i32(), k.loadScalar(tables, {token, at}));
  SmallVector<Value> next;
  for (Value sum : sums)
    next.push_back(arith::ShLIOp::create(k.b, k.loc, sum, k.broadcast(shift, kVectorBytes)));
  return next;
}

static Value word(KernelBuilder &k, int64_t value) {
  return arith::ConstantOp::create(k.b, k.loc, k.b.getI16IntegerAttr(int16_t(value)));
}

Value halftone::leastShift(KernelBuilder &k, Value most, int64_t bound, int64_t largest) {
  Value shift = word(k, 0);
  for (; bound < largest; bound *= 2) {
    Value isMore = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ugt, most, word(k, bound));
    shift = k.addI(shift, arith::ExtUIOp::create(k.b, k.loc, k.i16(), isMore));
  }
  return shift;
}

ShiftRounding::ShiftRounding(KernelBuilder &k, Value shift) : shift(shift) {
  // round(x / 2^k) = (x + 2^(k-1) - 1 + bit k of x) >> k for k > 0; nothing is added for k = 0.
  Value one = word(k, 1);
  parity = arith::MinUIOp::create(k.b, k.loc, shift, one);
  Value half = arith::ShRUIOp::create(k.b, k.loc, arith::ShLIOp::create(k.b, k.loc, one, shift), one);
  rounding = k.subI(half, parity);
}

Value ShiftRounding::divide(KernelBuilder &k, Value words) const {
  int64_t n = cast<VectorType>(words.getType()).getNumElements();
  Value count = k.broadcast(shift, n);
  Value odd = k.andI(arith::ShRSIOp::create(k.b, k.loc, words, count), k.broadcast(parity, n));
  Value biased = k.addI(k.addI(words, k.broadcast(rounding, n)), odd);
  return arith::ShRSIOp::create(k.b, k.loc, biased, count);
}

namespace {

/// Tables of one group of one token.
class ByteTableBuilder {
public:
  ByteTableBuilder(KernelBuilder &k, Value codes, Value tables, int64_t width, Value token, Value firstSlice,
                   Value endSlice)
      : k(k), codes(codes), tables(tables), width(width), token(token), firstSlice(firstSlice), endSlice(endSlice) {}

  /// Writes the tables; returns k as a byte.
  Value emit() {
    Value shift = findShift();
    ShiftRounding rounding(k, shift);
    k.loop(firstSlice, endSlice, 1, [&](Value slice) { emitSlice(slice, rounding); });
    return arith::TruncIOp::create(k.b, k.loc, k.i8(), shift);
  }

private:
  Value activations(Value slice) {
    Value raw = k.load(codes, {token, k.mulIndex(slice, 8)}, k.bytes(8));
    return arith::ExtSIOp::create(k.b, k.loc, k.vec(8, k.i16()), raw);
  }

  /// The least k with sum |a_j| <= 126 * 2^k for all slices.
  Value findShift() {
    SmallVector<Value> most = k.loop(firstSlice, endSlice, 1, {word(k, 0)}, [&](Value slice, ValueRange carried) {
      Value sum = k.sumLanes(math::AbsIOp::create(k.b, k.loc, activations(slice)));
      return SmallVector<Value>{arith::MaxUIOp::create(k.b, k.loc, carried[0], sum)};
    });
    return leastShift(k, most[0], 126, 8 * 127);
  }

  /// round(T / 2^k) of 4 activations: 16 words.
  Value roundedSums(Value all, int64_t first, const ShiftRounding &rounding) {
    VectorType type = k.vec(16, k.i16());
    Value sum = k.splat(type, 0);
    for (int64_t j = 0; j < 4; ++j) {
      SmallVector<int64_t> signs;
      for (int64_t i = 0; i < 16; ++i)
        signs.push_back((i >> j) & 1 ? 1 : -1);
      Value activation = vector::ExtractOp::create(k.b, k.loc, all, ArrayRef<int64_t>{first + j});
      sum = k.addI(sum, k.mulI(k.broadcast(activation, 16), k.constant(type, signs)));
    }
    return rounding.divide(k, sum);
  }

  void emitSlice(Value slice, const ShiftRounding &rounding) {
    Value all = activations(slice);
    VectorType bytes = k.bytes(16);
    Value low = arith::TruncIOp::create(k.b, k.loc, bytes, roundedSums(all, 0, rounding));
    Value high = arith::TruncIOp::create(k.b, k.loc, bytes, roundedSums(all, 4, rounding));
    low = k.addI(low, k.splat(bytes, double(-kByteBias)));
    Value offset = k.mulIndex(slice, lowbit::byteTableBytes(width));
    if (width == 16) {
      k.store(low, tables, {token, offset});
      k.store(high, tables, {token, k.addIndex(offset, 16)});
      return;
    }
    SmallVector<int64_t> lows, highs;
    for (int64_t entry = 0; entry < 128; ++entry) {
      lows.push_back(entry % 16);
      highs.push_back(entry / 16);
    }
    k.store(k.addI(k.shuffle(low, low, lows), k.shuffle(high, high, highs)), tables, {token, offset});
  }

  KernelBuilder &k;
  Value codes, tables;
  int64_t width;
  Value token, firstSlice, endSlice;
};

} // namespace

Kernel halftone::getByteTablesKernel(ModuleOp module, int64_t tokens, int64_t paddedCols, int64_t width,
                                     int64_t paddedGroup) {
  Builder b(module.getContext());
  Type i8 = b.getI8Type();
  int64_t slices = paddedCols / 8, perGroup = paddedGroup / 8, groups = (slices + perGroup - 1) / perGroup;
  std::string name = "byte_tables" + std::to_string(width) + "_" + sizeName(paddedCols) + "g" + sizeName(paddedGroup) +
                     "_t" + sizeName(tokens);
  auto function = getOrCreateKernel(
      module, UnknownLoc::get(module.getContext()), name,
      {MemRefType::get({tokens, paddedCols}, i8),
       MemRefType::get({tokens, lowbit::byteTableBytes(width, paddedCols, paddedGroup)}, i8)},
      [&](KernelBuilder &k, ValueRange args) {
        k.loop(args[2], args[3], 1, [&](Value unit) {
          Value token = arith::DivUIOp::create(k.b, k.loc, unit, k.index(groups));
          Value group = arith::RemUIOp::create(k.b, k.loc, unit, k.index(groups));
          Value first = k.mulIndex(group, perGroup);
          Value end = arith::MinUIOp::create(k.b, k.loc, k.addIndex(first, perGroup), k.index(slices));
          Value shift = ByteTableBuilder(k, args[0], args[1], width, token, first, end).emit();
          k.storeScalar(shift, args[1], {token, k.addIndex(group, slices * lowbit::byteTableBytes(width))});
        });
      });
  return {function, groups, /*perToken=*/true};
}
