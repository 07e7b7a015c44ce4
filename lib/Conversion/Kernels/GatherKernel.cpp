//===- GatherKernel.cpp - Rows of a packed table --------------------------===//
//
// Reads single elements in place: a table serves look-ups and products from one
// packed copy. A row is decoded once per token, so plain scalar code is enough.
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"
#include "Kernels.h"
#include "SmallScale.h"
#include "WeightReader.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Quantize/Quantize.h"

using namespace mlir;
using namespace halftone;

namespace {

class RowDecoder {
public:
  RowDecoder(KernelBuilder &k, const MatmulShape &shape, Value packed, Value row)
      : k(k), format(shape.format), cols(shape.cols),
        packedShape(format, shape.rows, cols, format.kind == FormatKind::Float ? Layout::Float16 : Layout::Rows16),
        groups(format, cols), packed(packed) {
    block = arith::DivUIOp::create(k.b, k.loc, row, k.index(kLanes));
    lane = arith::RemUIOp::create(k.b, k.loc, row, k.index(kLanes));
  }

  void emit(Value y, Value token) {
    if (format.kind == FormatKind::Float)
      return emitFloats(y, token);
    k.loop(k.index(0), k.index(groups.count), 1, [&](Value group) {
      enterGroup(group);
      Value first = k.mulIndex(group, groups.size);
      Value left = arith::SubIOp::create(k.b, k.loc, k.index(cols), first);
      Value size = arith::MinUIOp::create(k.b, k.loc, left, k.index(groups.size));
      k.loop(k.index(0), size, 1,
             [&](Value element) { k.storeScalar(decode(group, element), y, {token, k.addIndex(first, element)}); });
    });
  }

private:
  void emitFloats(Value y, Value token) {
    Value start = k.addIndex(k.mulIndex(block, cols * kVectorBytes), k.mulIndex(lane, 4));
    k.loop(k.index(0), k.index(cols), 1, [&](Value col) {
      Value one = k.loadBytesAs(packed, k.affine(col, kVectorBytes, start), k.floats(1));
      k.store(one, y, {token, col});
    });
  }

  /// Loads the row's scales and multipliers of a group.
  void enterGroup(Value group) {
    Value entry = format.perTensor ? k.index(0) : k.affine(block, groups.count, group);
    unsigned perGroup = scalesPerGroup(format), integers = multipliersPerGroup(format);
    scales.clear();
    multipliers.clear();
    if (format.kind == FormatKind::Vsq)
      return;
    for (unsigned p = 0; p < perGroup; ++p) {
      Value index = k.addIndex(k.mulIndex(k.addIndex(k.mulIndex(entry, perGroup), p), kLanes), lane);
      Value place = k.addIndex(k.mulIndex(index, scaleBytes(format)), packedShape.scalesOffset);
      Value scale = format.floatScales ? k.loadBytesAs(packed, place, k.floats(1))
                                       : simd::ExtendHalfOp::create(k.b, k.loc, k.floats(1),
                                                                    k.loadBytesAs(packed, place, k.vec(1, k.i16())));
      scales.push_back(vector::ExtractOp::create(k.b, k.loc, scale, ArrayRef<int64_t>{0}));
    }
    for (unsigned p = 0; p < integers; ++p) {
      Value index = k.addIndex(k.mulIndex(k.addIndex(k.mulIndex(entry, integers), p), kLanes), lane);
      Value raw = k.loadScalar(packed, k.addIndex(index, packedShape.multipliersOffset));
      bool isOffset = format.kind == FormatKind::Bcq && p == format.bits;
      multipliers.push_back(isOffset ? Value(arith::ExtSIOp::create(k.b, k.loc, k.i32(), raw))
                                     : arith::ExtUIOp::create(k.b, k.loc, k.i32(), raw));
    }
  }

  /// The code bits of a field of an element of a group.
  Value fieldOf(CodeField field, unsigned firstVector, Value step, Value inStep) {
    int64_t perVector = kStep / field.width;
    Value vector = arith::DivUIOp::create(k.b, k.loc, inStep, k.index(perVector));
    Value rest = arith::RemUIOp::create(k.b, k.loc, inStep, k.index(perVector));
    Value sub = arith::DivUIOp::create(k.b, k.loc, rest, k.index(4));
    Value j = arith::RemUIOp::create(k.b, k.loc, rest, k.index(4));
    Value vectorIndex = k.addIndex(k.affine(step, codeBits(format), vector), firstVector);
    Value byte = k.addIndex(k.affine(vectorIndex, kVectorBytes, k.mulIndex(lane, 4)), j);
    Value raw =
        arith::ExtUIOp::create(k.b, k.loc, k.i32(), k.loadScalar(packed, k.addIndex(byte, packedShape.codesOffset)));
    Value shift = arith::IndexCastOp::create(k.b, k.loc, k.i32(), k.mulIndex(sub, field.width));
    Value shifted = arith::ShRUIOp::create(k.b, k.loc, raw, shift);
    return k.andI(shifted, k.i32((1 << field.width) - 1));
  }

  /// VS-Quant: the row's scale times the integer of the vector that the element of a group is in.
  Value vectorScale(Value group, Value element) {
    Value entry = k.affine(k.affine(block, groups.count, group), multipliersPerGroup(format),
                           arith::DivUIOp::create(k.b, k.loc, element, k.index(format.group)));
    unsigned bytes = multiplierWidth(format);
    Value byte = k.addIndex(k.mulIndex(k.affine(entry, kLanes, lane), bytes), packedShape.multipliersOffset);
    auto first = [&](Value vector) { return vector::ExtractOp::create(k.b, k.loc, vector, ArrayRef<int64_t>{0}); };
    if (bytes == 4)
      return first(k.loadBytesAs(packed, byte, k.floats(1)));
    Value raw = bytes == 2 ? Value(first(k.loadBytesAs(packed, byte, k.vec(1, k.i16())))) : k.loadScalar(packed, byte);
    Value integer = arith::ExtUIOp::create(k.b, k.loc, k.i32(), raw);
    if (format.vectorScale != VsqScale::Integer)
      return smallScaleUnit(k, format.vectorScale, integer);
    return k.mulF(k.toFloat(integer), rowScale());
  }

  /// VS-Quant: the float of the row, or of the tensor.
  Value rowScale() {
    Value row = k.mulIndex(k.affine(block, kLanes, lane), 4);
    Value scale = k.loadBytesAs(packed, k.addIndex(row, packedShape.scalesOffset), k.floats(1));
    return vector::ExtractOp::create(k.b, k.loc, scale, ArrayRef<int64_t>{0});
  }

  /// Twice the number of an E2M1 code: 0 and 1 as they are, else 2 or 3 shifted by the exponent less 1.
  Value smallFloatInteger(Value code) {
    Value magnitude = k.andI(code, k.i32(7)), mantissa = k.andI(code, k.i32(1));
    Value exponent = k.shrU(magnitude, 1);
    Value shift = arith::MaxSIOp::create(k.b, k.loc, k.subI(exponent, k.i32(1)), k.i32(0));
    Value shifted = arith::ShLIOp::create(k.b, k.loc, k.addI(mantissa, k.i32(2)), shift);
    Value integer = k.select(k.isNonZero(exponent), shifted, mantissa);
    return k.select(k.isNonZero(k.andI(code, k.i32(8))), k.subI(k.i32(0), integer), integer);
  }

  /// VS-Quant and its kin.
  Value decodeVector(Value group, Value element, Value code) {
    Value integer =
        format.element == VsqElement::E2M1 ? smallFloatInteger(code) : k.subI(code, k.i32(elementOffset(format)));
    Value value = k.mulF(vectorScale(group, element), k.toFloat(integer));
    return format.vectorScale == VsqScale::E4M3 ? k.mulF(value, rowScale()) : value;
  }

  Value decode(Value group, Value element) {
    Value stepInGroup = arith::DivUIOp::create(k.b, k.loc, element, k.index(kStep));
    Value inStep = arith::RemUIOp::create(k.b, k.loc, element, k.index(kStep));
    Value step = k.addIndex(k.affine(block, groups.totalSteps(), k.mulIndex(group, groups.steps)), stepInGroup);
    Value code;
    unsigned firstVector = 0;
    for (CodeField field : codeFields(format)) {
      Value bits = k.shlI(fieldOf(field, firstVector, step, inStep), field.shift);
      firstVector += field.width;
      code = code ? k.addI(code, bits) : bits;
    }
    if (format.scalePerSign) {
      Value notPlus = k.select(k.isNonZero(k.andI(code, k.i32(1))), k.f32(0.0), k.negF(scales[1]));
      return k.select(k.isNonZero(k.andI(code, k.i32(2))), scales[0], notPlus);
    }
    if (format.kind == FormatKind::Vsq)
      return decodeVector(group, element, code);
    if (format.kind != FormatKind::Bcq) {
      bool isBinary = format.kind == FormatKind::Binary;
      Value zero = k.i32(isBinary || format.kind == FormatKind::Ternary ? 1 : 1 << (format.bits - 1));
      if (isBinary)
        code = k.addI(code, code);
      if (format.kind == FormatKind::Rtn && format.offset)
        zero = multipliers[0];
      return k.mulF(scales[0], k.toFloat(k.subI(code, zero)));
    }
    Value total;
    for (unsigned plane = 0; plane < format.bits; ++plane) {
      Value term = signedTerm(plane, k.isNonZero(k.andI(code, k.i32(1 << plane))));
      total = !total ? term : format.planeScales ? k.addF(total, term) : k.addI(total, term);
    }
    if (format.offset)
      total = format.planeScales ? k.addF(total, scales.back()) : k.addI(total, multipliers.back());
    return format.planeScales ? total : k.mulF(scales[0], k.toFloat(total));
  }

  /// + or - the plane's integer multiplier or float scale.
  Value signedTerm(unsigned plane, Value positive) {
    if (format.planeScales)
      return k.select(positive, scales[plane], k.negF(scales[plane]));
    return k.select(positive, multipliers[plane], k.subI(k.i32(0), multipliers[plane]));
  }

  KernelBuilder &k;
  Format format;
  int64_t cols;
  PackedShape packedShape;
  GroupShape groups;
  Value packed, block, lane;
  SmallVector<Value> scales, multipliers;
};

} // namespace

Kernel halftone::getGatherKernel(ModuleOp module, const MatmulShape &shape) {
  Builder b(module.getContext());
  Layout layout = shape.format.kind == FormatKind::Float ? Layout::Float16 : Layout::Rows16;
  int64_t bytes = packedBytes(shape.format, shape.rows, shape.cols, layout);
  std::string name = "gather_" + shape.format.name() + "_" + sizeName(shape.rows) + "x" + sizeName(shape.cols) + "_t" +
                     sizeName(shape.tokens);
  auto function =
      getOrCreateKernel(module, UnknownLoc::get(module.getContext()), name,
                        {MemRefType::get({shape.tokens}, b.getI32Type()), MemRefType::get({bytes}, b.getI8Type()),
                         MemRefType::get({shape.tokens, shape.cols}, b.getF32Type())},
                        [&](KernelBuilder &k, ValueRange args) {
                          k.loop(args[3], args[4], 1, [&](Value token) {
                            Value id = k.loadScalar(args[0], token);
                            id = arith::MaxSIOp::create(k.b, k.loc, id, k.i32(0));
                            id = arith::MinSIOp::create(k.b, k.loc, id, k.i32(shape.rows - 1));
                            Value row = arith::IndexCastOp::create(k.b, k.loc, k.b.getIndexType(), id);
                            RowDecoder(k, shape, args[1], row).emit(args[2], token);
                          });
                        });
  return {function, 1, /*perToken=*/true};
}
