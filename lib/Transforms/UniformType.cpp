//===- UniformType.cpp - !quant.uniform of a weight matrix ----------------===//

#include "UniformType.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/Builders.h"
#include <cmath>

using namespace mlir;
using namespace halftone;

using EmitError = function_ref<InFlightDiagnostic()>;

static bool isHalf(float scale) { return std::isfinite(scale) && halfToFloat(floatToHalf(scale)) == scale; }

/// Appends a scale and a zero point of storage values.
static LogicalResult addScale(UniformType &type, double scale, int64_t zeroPoint, EmitError emitError) {
  float single = float(scale);
  if (!std::isnormal(single))
    return emitError() << "scale " << scale << " is no normal 32-bit float";
  int64_t zero = zeroPoint - type.lowest, codes = int64_t(1) << type.width;
  if (zero < 0 || zero >= codes)
    return emitError() << "zero point " << zeroPoint << " lies outside the storage, " << type.lowest << " .. "
                       << type.lowest + codes - 1;
  type.scales.push_back(single);
  type.zeroPoints.push_back(int(zero));
  return success();
}

static LogicalResult readPerAxis(UniformType &type, quant::UniformQuantizedPerAxisType from, unsigned rowAxis,
                                 EmitError emitError) {
  if (from.getQuantizedDimension() != int32_t(rowAxis))
    return emitError() << "scales along axis " << from.getQuantizedDimension()
                       << ", over which products sum; lowbit integers have them along axis " << rowAxis;
  for (auto [scale, zero] : llvm::zip_equal(from.getScales(), from.getZeroPoints()))
    if (failed(addScale(type, scale, zero, emitError)))
      return failure();
  return success();
}

static LogicalResult readSubChannel(UniformType &type, quant::UniformQuantizedSubChannelType from, unsigned rowAxis,
                                    EmitError emitError) {
  int64_t rowBlock = type.rows;
  type.group = type.cols;
  for (auto [axis, block] : from.getBlockSizeInfo())
    (axis == int32_t(rowAxis) ? rowBlock : type.group) = block;
  if (rowBlock != 1 && type.rows != 1)
    return emitError() << "blocks of " << rowBlock << " along axis " << rowAxis
                       << "; lowbit integers have scales of their own in every row";
  auto scales = llvm::to_vector(from.getScales().getValues<APFloat>());
  auto zeros = llvm::to_vector(from.getZeroPoints().getValues<APInt>());
  int64_t groups = type.cols / type.group;
  for (int64_t row = 0; row < type.rows; ++row)
    for (int64_t group = 0; group < groups; ++group) {
      int64_t at = rowAxis == 0 ? row * groups + group : group * type.rows + row;
      int64_t zero = from.isSigned() ? zeros[at].getSExtValue() : int64_t(zeros[at].getZExtValue());
      if (failed(addScale(type, scales[at].convertToDouble(), zero, emitError)))
        return failure();
    }
  return success();
}

FailureOr<UniformType> UniformType::get(RankedTensorType tensor, unsigned rowAxis, EmitError emitError) {
  auto from = dyn_cast<quant::QuantizedType>(tensor.getElementType());
  if (!from || isa<quant::AnyQuantizedType, quant::CalibratedQuantizedType>(from))
    return emitError() << "only uniform types have scales";
  if (!from.getExpressedType().isF32())
    return emitError() << "lowbit formats stand for f32, not " << from.getExpressedType();
  auto storage = dyn_cast<IntegerType>(from.getStorageType());
  if (!storage || storage.getWidth() > 8)
    return emitError() << "lowbit integers have 2 to 8 bits, not " << from.getStorageType();
  UniformType type;
  type.width = storage.getWidth();
  type.lowest = from.isSigned() ? -(int64_t(1) << (type.width - 1)) : 0;
  type.low = from.getStorageTypeMin();
  type.high = from.getStorageTypeMax();
  type.rows = tensor.getDimSize(rowAxis);
  type.cols = tensor.getDimSize(1 - rowAxis);
  LogicalResult read = success();
  if (auto whole = dyn_cast<quant::UniformQuantizedType>(from)) {
    type.perTensor = true;
    read = addScale(type, whole.getScale(), whole.getZeroPoint(), emitError);
  } else if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(from)) {
    read = readPerAxis(type, perAxis, rowAxis, emitError);
  } else {
    read = readSubChannel(type, cast<quant::UniformQuantizedSubChannelType>(from), rowAxis, emitError);
  }
  if (failed(read))
    return failure();
  return type;
}

bool UniformType::isSymmetric() const {
  int64_t limit = -lowest - 1;
  return lowest < 0 && width >= 2 && low == -limit && high == limit &&
         llvm::all_of(zeroPoints, [&](int zero) { return zero == -lowest; });
}

bool UniformType::hasWholeRange() const {
  // One bit is stored as two, which clamp less.
  return isSymmetric() || (width >= 2 && low == lowest && high == lowest + (int64_t(1) << width) - 1);
}

QuantizedMatrix UniformType::emptyMatrix() const {
  QuantizedMatrix matrix;
  matrix.rows = rows;
  matrix.cols = cols;
  Format &format = matrix.format;
  format.kind = FormatKind::Rtn;
  format.bits = std::max(width, 2u);
  format.group = group == cols ? 0 : group;
  format.perTensor = perTensor;
  format.offset = !isSymmetric();
  format.floatScales = !llvm::all_of(scales, isHalf);
  matrix.codes.resize(rows * cols);
  for (float scale : scales) {
    if (format.floatScales)
      matrix.rowScales.push_back(scale);
    else
      matrix.scales.push_back(floatToHalf(scale));
  }
  if (format.offset)
    for (int zero : zeroPoints)
      matrix.multipliers.push_back(int8_t(uint8_t(zero)));
  return matrix;
}

QuantizedMatrix UniformType::matrix(DenseIntElementsAttr values, unsigned rowAxis) const {
  QuantizedMatrix matrix = emptyMatrix();
  int64_t at = 0;
  for (const APInt &value : values.getValues<APInt>()) {
    int64_t row = rowAxis == 0 ? at / cols : at % rows, col = rowAxis == 0 ? at % cols : at / rows;
    int64_t stored = lowest < 0 ? value.getSExtValue() : int64_t(value.getZExtValue());
    matrix.codes[row * cols + col] = uint8_t(stored - lowest);
    ++at;
  }
  return matrix;
}

FailureOr<Type> halftone::uniformTypeOf(MLIRContext *context, const QuantizedMatrix &matrix, EmitError emitError) {
  const Format &format = matrix.format;
  if (format.kind != FormatKind::Rtn)
    return emitError() << "format " << format.name() << " is not uniform";
  int64_t size = matrix.groupSize();
  if (matrix.cols % size != 0)
    return emitError() << "groups of " << size << " do not divide rows of " << matrix.cols
                       << ", as the blocks of !quant.uniform must";
  Builder b(context);
  Type storage = b.getIntegerType(format.bits), f32 = b.getF32Type();
  int64_t top = (int64_t(1) << format.bits) - 1, limit = top / 2;
  unsigned flags = format.offset ? 0 : unsigned(quant::QuantizationFlags::Signed);
  int64_t low = format.offset ? 0 : -limit, high = format.offset ? top : limit;
  SmallVector<double> scales;
  SmallVector<int64_t> zeros;
  for (int64_t item = 0; item < matrix.scaleGroups(); ++item) {
    float scale = format.floatScales ? matrix.rowScales[item] : halfToFloat(matrix.scales[item]);
    if (!(scale > 0))
      return emitError() << "a group has a scale that is not positive, which !quant.uniform does not allow";
    scales.push_back(scale);
    zeros.push_back(format.offset ? matrix.zeroPoint(item) : 0);
  }
  if (format.perTensor)
    return Type(quant::UniformQuantizedType::get(flags, storage, f32, scales[0], zeros[0], low, high));
  if (size == matrix.cols)
    return Type(quant::UniformQuantizedPerAxisType::get(flags, storage, f32, scales, zeros, 0, low, high));
  SmallVector<APFloat> floats;
  SmallVector<APInt> integers;
  for (auto [scale, zero] : llvm::zip_equal(scales, zeros)) {
    floats.push_back(APFloat(float(scale)));
    integers.push_back(APInt(format.bits, uint64_t(zero), false, true));
  }
  SmallVector<int64_t> shape = {matrix.rows, matrix.groups()};
  return Type(quant::UniformQuantizedSubChannelType::get(
      flags, storage, f32, DenseElementsAttr::get(RankedTensorType::get(shape, f32), floats),
      DenseElementsAttr::get(RankedTensorType::get(shape, storage), integers), {0, 1}, {1, size}, low, high));
}
