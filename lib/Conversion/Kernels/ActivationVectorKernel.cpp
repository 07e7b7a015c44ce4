//===- ActivationVectorKernel.cpp - Activations with vector scales --------===//
//
// VS-Quant per token (arXiv 2102.04503), M and M_j the largest magnitudes of the
// token and of vector j, n and top the largest code and scale:
//   scale = M / (n top)
//   m_j   = ceil(M_j * (top / M) * (1 - 2^-21)), 1 <= m_j <= top
//   code  = round to even of x * f_j,  f_j = (n top / M) / m_j
// Scales are rounded up, so that no code passes n; the factor in between lets the
// largest vector have top, whatever the divisions round. Three passes: M_j and M;
// m_j and f_j, 16 vectors at a time; codes. Until the codes are made the buffers of
// multipliers and sums hold M_j and f_j.
// Unsigned elements: M_j is the largest value, codes of negative ones are 0.
// Float scales: M_j / n in place of m_j, f_j = n / M_j, 0 where M_j is below 1e-30; the
// token's scale is 1.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "Kernels.h"

using namespace mlir;
using namespace halftone;

namespace {

/// See ActivationKernels.cpp: the low bits of x + 1.5 * 2^23 are the integer nearest to x.
constexpr double kRoundMagic = 12582912.0;
constexpr int64_t kRoundMagicBits = 0x4b400000;

class VectorQuantizer {
public:
  VectorQuantizer(KernelBuilder &k, const GroupShape &vectors, const ActivationVectors &format, ValueRange args)
      : k(k), vectors(vectors), format(format), padded(packedVector(format.vector)), x(args[0]), codes(args[1]),
        multipliers(args[2]), scales(args[3]), sums(args[4]) {}

  void emitToken(Value token) {
    Value largest = emitMagnitudes(token);
    if (format.floatScales)
      emitFloatScales(token);
    else
      emitIntegerScales(token, largest);
    if (padded == kStep && padded != format.vector) // vectors that are missing in the last step
      k.store(k.splat(k.bytes(kStep), 0), codes, {token, k.index(paddedColumns() - kStep)});
    forEach({}, [&](Value vector, int64_t size, ValueRange) {
      emitCodes(token, vector, size);
      return SmallVector<Value>();
    });
  }

  int64_t paddedColumns() const { return GroupShape(padded, vectors.cols).paddedCols(); }

private:
  void emitIntegerScales(Value token, Value largest) {
    double limit = double(format.limit() * format.largestScale());
    Value tiny = arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::OLT, largest, k.f32(1e-30));
    Value zero = k.f32(0.0);
    k.storeScalar(k.select(tiny, zero, k.divF(largest, k.f32(limit))), scales, token);
    emitScales(token, k.select(tiny, zero, k.divF(k.f32(double(format.largestScale())), largest)),
               k.select(tiny, zero, k.divF(k.f32(limit), largest)));
  }

  /// Replaces M_j by M_j / n and stores f_j where the sums will be.
  void emitFloatScales(Value token) {
    k.storeScalar(k.f32(1.0), scales, token);
    double limit = double(format.limit());
    k.forVectors(vectors.count, [&](Value offset, int64_t width) {
      Value magnitudes = k.bitcast(k.padded(k.load(multipliers, {token, offset}, k.words(width)), kLanes), k.floats());
      Value tiny = arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::OLT, magnitudes, k.splat(k.floats(), 1e-30));
      auto keep = [&](Value x, Value memref) {
        Value bits = k.bitcast(k.select(tiny, k.splat(k.floats(), 0), x), k.words());
        k.store(k.slice(bits, 0, width), memref, {token, offset});
      };
      keep(k.divF(k.splat(k.floats(), limit), magnitudes), sums);
      keep(k.divF(magnitudes, k.splat(k.floats(), limit)), multipliers);
    });
  }

  /// Calls body(vector, elements, carried) for all vectors.
  SmallVector<Value> forEach(ValueRange init,
                             function_ref<SmallVector<Value>(Value vector, int64_t size, ValueRange carried)> body) {
    bool shortTail = vectors.lastSize != vectors.size;
    SmallVector<Value> carried =
        k.repeat(vectors.count - (shortTail ? 1 : 0), init,
                 [&](Value vector, ValueRange values) { return body(vector, vectors.size, values); });
    return shortTail ? body(k.index(vectors.count - 1), vectors.lastSize, carried) : carried;
  }

  Value loadElements(Value token, Value vector, Value offset, int64_t width) {
    Value place = k.affine(vector, vectors.size, offset);
    Value v = k.padded(k.load(x, {token, place}, k.floats(width)), kLanes);
    if (format.isUnsigned)
      v = arith::MaxNumFOp::create(k.b, k.loc, v, k.splat(k.floats(), 0));
    return v;
  }

  Value asBits(Value scalar) { return arith::BitcastOp::create(k.b, k.loc, k.i32(), scalar); }
  Value asFloat(Value scalar) { return arith::BitcastOp::create(k.b, k.loc, k.f32(), scalar); }

  /// Stores M_j and returns M.
  Value emitMagnitudes(Value token) {
    Value mask = k.splat(k.words(), 0x7fffffff);
    return forEach(k.f32(0.0), [&](Value vector, int64_t size, ValueRange carried) {
      auto lanes = k.reduceVectors(size, k.splat(k.floats(), 0), [&](Value offset, int64_t width, ValueRange values) {
        Value v = k.bitcast(loadElements(token, vector, offset, width), k.words());
        Value magnitude = k.bitcast(k.andI(v, mask), k.floats());
        return SmallVector<Value>{arith::MaxNumFOp::create(k.b, k.loc, values[0], magnitude)};
      });
      Value largest = k.maxLanes(lanes[0]);
      k.storeScalar(asBits(largest), multipliers, {token, vector});
      return SmallVector<Value>{arith::MaxNumFOp::create(k.b, k.loc, carried[0], largest)};
    })[0];
  }

  /// Replaces M_j by m_j and stores f_j where the sums will be.
  void emitScales(Value token, Value perMagnitude, Value inverse) {
    Value magic = k.splat(k.floats(), kRoundMagic), top = k.splat(k.floats(), double(format.largestScale()));
    k.forVectors(vectors.count, [&](Value offset, int64_t width) {
      Value magnitudes = k.bitcast(k.padded(k.load(multipliers, {token, offset}, k.words(width)), kLanes), k.floats());
      Value wanted = k.mulF(k.mulF(magnitudes, k.broadcast(perMagnitude)), k.splat(k.floats(), 1 - 0x1p-21));
      Value rounded = k.subF(k.addF(wanted, magic), magic);
      Value isLess = arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::OLT, rounded, wanted);
      Value up = k.addF(rounded, k.select(isLess, k.splat(k.floats(), 1), k.splat(k.floats(), 0)));
      Value scale = arith::MinNumFOp::create(k.b, k.loc, up, top);
      scale = arith::MaxNumFOp::create(k.b, k.loc, scale, k.splat(k.floats(), 1));
      Value integers = k.subI(k.bitcast(k.addF(scale, magic), k.words()), k.splat(k.words(), kRoundMagicBits));
      k.store(k.slice(integers, 0, width), multipliers, {token, offset});
      Value factors = k.bitcast(k.divF(k.broadcast(inverse), scale), k.words());
      k.store(k.slice(factors, 0, width), sums, {token, offset});
    });
  }

  void emitCodes(Value token, Value vector, int64_t size) {
    Value factor = k.broadcast(asFloat(k.loadScalar(sums, {token, vector})));
    Value magic = k.splat(k.floats(), kRoundMagic);
    bool shared = padded != format.vector;
    GroupShape group(padded, size);
    int64_t room = shared ? format.vector : group.steps * kStep, stored = 0;
    Value to = k.mulIndex(vector, shared ? format.vector : GroupShape(padded, padded).steps * kStep);
    auto total = k.reduceVectors(size, k.splat(k.words(), 0), [&](Value offset, int64_t width, ValueRange carried) {
      Value shifted = k.addF(k.mulF(loadElements(token, vector, offset, width), factor), magic);
      Value code = k.subI(k.bitcast(shifted, k.words()), k.splat(k.words(), kRoundMagicBits));
      storeCodes(code, token, k.addIndex(to, offset), room);
      stored += width < kLanes ? kLanes : 0;
      return SmallVector<Value>{k.addI(carried[0], code)};
    });
    for (stored += size / kLanes * kLanes; stored < room; stored += kLanes)
      storeCodes(k.splat(k.words(), 0), token, k.addIndex(to, stored), room);
    k.storeScalar(k.sumLanes(total[0]), sums, {token, vector});
  }

  /// 16 codes, or as many as a vector has room for.
  void storeCodes(Value code, Value token, Value place, int64_t room) {
    Value bytes = arith::TruncIOp::create(k.b, k.loc, k.bytes(kLanes), code);
    k.store(room < kLanes ? k.slice(bytes, 0, room) : bytes, codes, {token, place});
  }

  KernelBuilder &k;
  const GroupShape &vectors;
  ActivationVectors format;
  int64_t padded; ///< elements of the packed group that a vector lies in
  Value x, codes, multipliers, scales, sums;
};

} // namespace

Kernel halftone::getQuantizeActivationVectorsKernel(ModuleOp module, int64_t tokens, int64_t cols,
                                                    const ActivationVectors &format, int64_t codeColumns) {
  Builder b(module.getContext());
  GroupShape vectors(format.vector, cols), groups(packedVector(format.vector), cols);
  Type f32 = b.getF32Type(), i32 = b.getI32Type();
  auto function =
      getOrCreateKernel(module, UnknownLoc::get(module.getContext()),
                        "vectors_" + format.name() + "_" + sizeName(cols) + "_t" + sizeName(tokens) +
                            codeColumnsName(codeColumns, groups.paddedCols()),
                        {MemRefType::get({tokens, cols}, f32), MemRefType::get({tokens, codeColumns}, b.getI8Type()),
                         MemRefType::get({tokens, vectors.count}, i32), MemRefType::get({tokens}, f32),
                         MemRefType::get({tokens, vectors.count}, i32)},
                        [&](KernelBuilder &k, ValueRange args) {
                          VectorQuantizer quantizer(k, vectors, format, args);
                          k.loop(args[5], args[6], 1, [&](Value token) { quantizer.emitToken(token); });
                        });
  return {function, 1, /*perToken=*/true};
}
