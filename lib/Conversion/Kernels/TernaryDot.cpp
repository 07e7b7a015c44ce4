//===- TernaryDot.cpp - Integer products of ternary weights ---------------===//
//
// With u = code byte (0, 1, 2 for -1, 0, +1), p = u / 2 and, per (row, group),
//   U = sum_k u[k] * a[t][k],   P = sum_k p[k] * a[t][k],   A = sum_k a[t][k],
// P is the sum over the weights +1 and M = U - P - A minus the sum over the
// weights -1; all are exact in 32 bits. Hence
//   one scale:        y = fma(scale, float(U - A), y)
//   a scale per sign: y = fma(scale of +1, float(P), y),
//                     y = fma(scale of -1, float(M), y)
// and at the end y[t] * scale of token t.
//
//===----------------------------------------------------------------------===//

#include "TernaryDot.h"
#include "Tiles.h"
#include "dialects/Simd/IR/SimdOps.h"

using namespace mlir;
using namespace halftone;

namespace {

/// `blocks` blocks of 16 rows times `columns` tokens. Float sums are kept per (block, column), integer sums of a group
/// per (block, column, part), where the parts are U and, with a scale per sign, P.
class TernaryDotTile {
public:
  TernaryDotTile(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, Value rowBlock, int64_t blocks,
                 Value token, int64_t columns)
      : k(k), shape(shape), args(args), groups(shape.format, shape.cols),
        packed(shape.format, shape.rows, shape.cols, Layout::Rows16), columns(columns),
        parts(scalesPerGroup(shape.format)) {
    for (int64_t i = 0; i < blocks; ++i)
      rowBlocks.push_back(k.addIndex(rowBlock, i));
    for (int64_t c = 0; c < columns; ++c)
      tokens.push_back(k.addIndex(token, c));
  }

  void emit() {
    SmallVector<Value> sums(rowBlocks.size() * columns, k.splat(k.floats(), 0));
    sums = forGroups(k, groups, sums,
                     [&](Value group, bool last, ValueRange carried) { return emitGroup(group, last, carried); });
    for (int64_t c = 0; c < columns; ++c) {
      Value scale = k.broadcast(k.loadScalar(args.scales, tokens[c]));
      for (auto [i, block] : llvm::enumerate(rowBlocks))
        storeRows(k, k.mulF(sums[i * columns + c], scale), args.y, tokens[c], block, shape.rows, kLanes);
    }
  }

private:
  /// Two bits per code: adds one group's exact sums to the float sums.
  SmallVector<Value> emitGroup(Value group, bool last, ValueRange carried) {
    constexpr int64_t stepBytes = 2 * kVectorBytes;
    Value firstStep = k.mulIndex(group, groups.steps);
    SmallVector<Value> init(rowBlocks.size() * columns * parts, k.splat(k.words(), 0));
    SmallVector<Value> acc = k.repeat(last ? groups.lastSteps : groups.steps, init, [&](Value i, ValueRange values) {
      SmallVector<Value> next(values), vectors;
      Value step = k.addIndex(firstStep, i);
      for (Value block : rowBlocks) {
        Value offset = k.affine(k.affine(block, groups.totalSteps(), step), stepBytes, k.index(packed.codesOffset));
        for (int64_t v = 0; v < 2; ++v)
          vectors.push_back(k.load(args.packed, k.addIndex(offset, v * kVectorBytes), k.bytes()));
      }
      for (int64_t chunk = 0; chunk < kStep / 4; ++chunk) {
        SmallVector<Value> codes;
        for (size_t block = 0; block < rowBlocks.size(); ++block)
          codes.push_back(bits(vectors[2 * block + chunk / 4], chunk % 4 * 2, 3));
        addChunk(next, codes, k.affine(step, kStep, k.index(4 * chunk)));
      }
      return next;
    });
    return addGroup(group, acc, carried);
  }

  /// (bytes >> shift) & mask: whole words are shifted, the mask drops what crosses from the neighbouring byte.
  Value bits(Value bytes, int64_t shift, int64_t mask) {
    Value words = k.shrU(k.bitcast(bytes, k.words()), shift);
    return k.bitcast(k.andI(words, k.splat(k.words(), mask * 0x01010101)), k.bytes());
  }

  /// Multiplies the codes u of 16 rows x 4 elements, per block, by the 4 activations from `element` on.
  void addChunk(MutableArrayRef<Value> acc, ArrayRef<Value> codes, Value element) {
    SmallVector<Value> four;
    for (int64_t c = 0; c < columns; ++c)
      four.push_back(activations(c, element));
    for (auto [i, u] : llvm::enumerate(codes))
      for (int64_t part = 0; part < parts; ++part) {
        Value factor = part == 0 ? u : bits(u, 1, 1);
        for (int64_t c = 0; c < columns; ++c) {
          Value &sum = acc[(i * columns + c) * parts + part];
          sum = simd::Dot4Op::create(k.b, k.loc, sum, factor, four[c], uint32_t(2 - part));
        }
      }
  }

  /// Four activations of a token, in all 16 lanes.
  Value activations(int64_t column, Value element) {
    Value four = k.load(args.codes, {tokens[column], element}, k.bytes(4));
    Value word = vector::ExtractOp::create(k.b, k.loc, k.bitcast(four, k.words(1)), ArrayRef<int64_t>{0});
    return k.bitcast(k.broadcast(word), k.bytes());
  }

  /// y with the sums of a group added.
  SmallVector<Value> addGroup(Value group, ArrayRef<Value> acc, ValueRange carried) {
    SmallVector<Value> all, next;
    for (int64_t c = 0; c < columns; ++c)
      all.push_back(k.broadcast(k.loadScalar(args.sums, {tokens[c], group})));
    for (auto [i, block] : llvm::enumerate(rowBlocks)) {
      SmallVector<Value> scales;
      for (int64_t part = 0; part < parts; ++part)
        scales.push_back(groupScales(block, group, part));
      for (int64_t c = 0; c < columns; ++c) {
        int64_t at = i * columns + c;
        ArrayRef<Value> sums = acc.slice(at * parts, parts);
        Value signedSum = k.subI(sums[0], all[c]), y = carried[at];
        if (parts == 2) {
          y = k.fma(scales[0], k.toFloat(sums[1]), y);
          signedSum = k.subI(signedSum, sums[1]);
        }
        next.push_back(k.fma(scales.back(), k.toFloat(signedSum), y));
      }
    }
    return next;
  }

  Value groupScales(Value block, Value group, int64_t part) {
    Value entry = k.affine(k.affine(block, groups.count, group), parts, k.index(part));
    Value raw = k.loadBytesAs(args.packed, k.addIndex(k.mulIndex(entry, kLanes * 2), packed.scalesOffset),
                              k.vec(kLanes, k.i16()));
    return simd::ExtendHalfOp::create(k.b, k.loc, k.floats(), raw);
  }

  KernelBuilder &k;
  const MatmulShape &shape;
  const DotOperands &args;
  GroupShape groups;
  PackedShape packed;
  int64_t columns;
  int64_t parts; ///< of an integer sum: 1, or 2 with a scale per sign
  SmallVector<Value> rowBlocks, tokens;
};

} // namespace

void halftone::emitTernaryDot(KernelBuilder &k, const MatmulShape &shape, const DotOperands &args, Value rowBlock,
                              int64_t blocks, Value token, int64_t columns) {
  TernaryDotTile(k, shape, args, rowBlock, blocks, token, columns).emit();
}
