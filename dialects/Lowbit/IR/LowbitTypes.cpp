//===- LowbitTypes.cpp - Number formats as types --------------------------===//

#include "dialects/Lowbit/IR/LowbitTypes.h"

#include "dialects/Lowbit/IR/LowbitDialect.h"
#include "halftone/Pack/Trits.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace halftone;
using namespace halftone::lowbit;

#include "dialects/Lowbit/IR/LowbitInterfaces.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Lowbit/IR/LowbitTypes.cpp.inc"

void LowbitDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Lowbit/IR/LowbitTypes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

int64_t lowbit::packedGroup(Type format) {
  return halftone::packedGroup(cast<FormatTypeInterface>(format).getFormat());
}

int64_t lowbit::groupCount(int64_t cols, int64_t group) { return cols <= 0 ? 0 : GroupShape(group, cols).count; }

int64_t lowbit::paddedColumns(int64_t cols, int64_t group) {
  return cols <= 0 ? 0 : GroupShape(group, cols).paddedCols();
}

int64_t lowbit::tableBytes(int64_t paddedColumns, int64_t width) {
  constexpr int64_t kSlice = 8, kEntryBytes = 2;
  int64_t entries = width == 128 ? 128 : 2 * 16;
  return paddedColumns / kSlice * entries * kEntryBytes;
}

int64_t lowbit::byteTableBytes(int64_t width) { return tableBytes(8, width) / 2; }

int64_t lowbit::byteTableBytes(int64_t width, int64_t paddedColumns, int64_t paddedGroup) {
  int64_t groups = (paddedColumns + paddedGroup - 1) / paddedGroup;
  return (paddedColumns / 8 * byteTableBytes(width) + groups + 63) / 64 * 64;
}

int64_t lowbit::tritTableBytes(int64_t paddedColumns, int64_t paddedGroup) {
  return paddedColumns <= 0 ? 0 : TritSlices(GroupShape(paddedGroup, paddedColumns)).total * 128 * 2;
}

int64_t lowbit::tritByteTableBytes(int64_t paddedColumns, int64_t paddedGroup) {
  if (paddedColumns <= 0)
    return 0;
  GroupShape groups(paddedGroup, paddedColumns);
  return (TritSlices(groups).total * 128 + groups.count + 63) / 64 * 64;
}

int64_t lowbit::lookUpTableBytes(int64_t width, int64_t paddedColumns, int64_t paddedGroup, bool trits, bool bytes) {
  if (trits)
    return bytes ? tritByteTableBytes(paddedColumns, paddedGroup) : tritTableBytes(paddedColumns, paddedGroup);
  return bytes ? byteTableBytes(width, paddedColumns, paddedGroup) : tableBytes(paddedColumns, width);
}

static StorageComponent component(MLIRContext *context, StringRef name, ArrayRef<int64_t> shape, bool half) {
  Builder builder(context);
  Type element = half ? Type(builder.getF16Type()) : Type(builder.getI8Type());
  return {name.str(), SmallVector<int64_t>(shape), element};
}

static LogicalResult verifyRange(function_ref<InFlightDiagnostic()> emitError, StringRef what, unsigned value,
                                 unsigned low, unsigned high) {
  if (value >= low && value <= high)
    return success();
  return emitError() << what << " must be in " << low << ".." << high << ", not " << value;
}

static LogicalResult verifyGroup(function_ref<InFlightDiagnostic()> emitError, int64_t group) {
  if (group >= 0)
    return success();
  return emitError() << "group must not be negative (0 is the whole row), got " << group;
}

//===----------------------------------------------------------------------===//
// BcqType
//===----------------------------------------------------------------------===//

LogicalResult BcqType::verify(function_ref<InFlightDiagnostic()> emitError, unsigned planes, int64_t group,
                              ScaleKind scale, Offset offset) {
  return success(succeeded(verifyRange(emitError, "planes", planes, 1, 8)) && succeeded(verifyGroup(emitError, group)));
}

double BcqType::getBitsPerElement(int64_t rows, int64_t cols) const { return getFormat().bitsPerWeight(rows, cols); }

SmallVector<StorageComponent> BcqType::getStorage(ArrayRef<int64_t> shape) const {
  int64_t rows = shape[0], groups = groupCount(shape[1], getGroup()), planes = getPlanes();
  SmallVector<StorageComponent> parts;
  parts.push_back(component(getContext(), "planes", {planes, rows, paddedColumns(shape[1], getGroup()) / 8}, false));
  if (getScale() == ScaleKind::Plane) {
    parts.push_back(component(getContext(), "scales", {rows, groups, planes}, true));
    if (getOffset() == Offset::PerGroup)
      parts.push_back(component(getContext(), "offsets", {rows, groups}, true));
    return parts;
  }
  parts.push_back(component(getContext(), "scales", {rows, groups}, true));
  parts.push_back(component(getContext(), "multipliers", {rows, groups, planes}, false));
  if (getOffset() == Offset::PerGroup)
    parts.push_back(component(getContext(), "offsets", {rows, groups}, false));
  return parts;
}

Type BcqType::getExpressedType() const { return Float32Type::get(getContext()); }

Format BcqType::getFormat() const {
  Format format;
  format.kind = FormatKind::Bcq;
  format.bits = getPlanes();
  format.group = getGroup();
  format.planeScales = getScale() == ScaleKind::Plane;
  format.offset = getOffset() == Offset::PerGroup;
  return format;
}

//===----------------------------------------------------------------------===//
// BinaryType
//===----------------------------------------------------------------------===//

LogicalResult BinaryType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t group) {
  return verifyGroup(emitError, group);
}

double BinaryType::getBitsPerElement(int64_t rows, int64_t cols) const { return getFormat().bitsPerWeight(rows, cols); }

SmallVector<StorageComponent> BinaryType::getStorage(ArrayRef<int64_t> shape) const {
  int64_t rows = shape[0];
  return {component(getContext(), "planes", {rows, paddedColumns(shape[1], getGroup()) / 8}, false),
          component(getContext(), "scales", {rows, groupCount(shape[1], getGroup())}, true)};
}

Type BinaryType::getExpressedType() const { return Float32Type::get(getContext()); }

Format BinaryType::getFormat() const {
  Format format;
  format.kind = FormatKind::Binary;
  format.bits = 1;
  format.group = getGroup();
  return format;
}

//===----------------------------------------------------------------------===//
// TernaryType
//===----------------------------------------------------------------------===//

LogicalResult TernaryType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t group, TernaryScaleKind scale) {
  return verifyGroup(emitError, group);
}

double TernaryType::getBitsPerElement(int64_t rows, int64_t cols) const {
  return getFormat().bitsPerWeight(rows, cols);
}

SmallVector<StorageComponent> TernaryType::getStorage(ArrayRef<int64_t> shape) const {
  int64_t rows = shape[0];
  SmallVector<int64_t> scales{rows, groupCount(shape[1], getGroup())};
  if (getScale() == TernaryScaleKind::PerSign)
    scales.push_back(2);
  return {component(getContext(), "codes", {rows, paddedColumns(shape[1], getGroup()) / 4}, false),
          component(getContext(), "scales", scales, true)};
}

Type TernaryType::getExpressedType() const { return Float32Type::get(getContext()); }

Format TernaryType::getFormat() const {
  Format format;
  format.kind = FormatKind::Ternary;
  format.bits = 2;
  format.group = getGroup();
  format.scalePerSign = getScale() == TernaryScaleKind::PerSign;
  return format;
}

//===----------------------------------------------------------------------===//
// IntType
//===----------------------------------------------------------------------===//

LogicalResult IntType::verify(function_ref<InFlightDiagnostic()> emitError, unsigned bits, int64_t group,
                              IntRange range, IntScale scale, IntScope scope) {
  if (failed(verifyRange(emitError, "bits", bits, 2, 8)) || failed(verifyGroup(emitError, group)))
    return failure();
  if (scope == IntScope::Tensor && group != 0)
    return emitError() << "scope = tensor has one scale for everything, so group must be 0, not " << group;
  return success();
}

double IntType::getBitsPerElement(int64_t rows, int64_t cols) const { return getFormat().bitsPerWeight(rows, cols); }

SmallVector<StorageComponent> IntType::getStorage(ArrayRef<int64_t> shape) const {
  int64_t rows = shape[0];
  SmallVector<int64_t> perGroup = {rows, groupCount(shape[1], getGroup())};
  if (getScope() == IntScope::Tensor)
    perGroup = {1};
  SmallVector<StorageComponent> parts;
  parts.push_back(component(getContext(), "planes", {getBits(), rows, paddedColumns(shape[1], getGroup()) / 8}, false));
  parts.push_back(component(getContext(), "scales", perGroup, true));
  if (getScale() == IntScale::F32)
    parts.back().elementType = Float32Type::get(getContext());
  if (getRange() == IntRange::Asymmetric)
    parts.push_back(component(getContext(), "zero_points", perGroup, false));
  return parts;
}

Type IntType::getExpressedType() const { return Float32Type::get(getContext()); }

Format IntType::getFormat() const {
  Format format;
  format.kind = FormatKind::Rtn;
  format.bits = getBits();
  format.group = getGroup();
  format.offset = getRange() == IntRange::Asymmetric;
  format.floatScales = getScale() == IntScale::F32;
  format.perTensor = getScope() == IntScope::Tensor;
  return format;
}

//===----------------------------------------------------------------------===//
// VsqType
//===----------------------------------------------------------------------===//

/// MXFP4 and NVFP4 are the only formats with small floats.
static LogicalResult verifySmallFloats(function_ref<InFlightDiagnostic()> emitError, unsigned bits, int64_t vector,
                                       unsigned scaleBits, lowbit::VsqElement element, lowbit::VsqScale scale) {
  bool isMx = vector == 32 && scale == lowbit::VsqScale::E8M0, isNv = vector == 16 && scale == lowbit::VsqScale::E4M3;
  if (element == lowbit::VsqElement::E2M1 && bits == 4 && scaleBits == 8 && (isMx || isNv))
    return success();
  return emitError()
         << "formats of small floats have element = e2m1, bits = 4, scale_bits = 8 and either vector = 32 and "
            "scale = e8m0 (MXFP4) or vector = 16 and scale = e4m3 (NVFP4)";
}

LogicalResult VsqType::verify(function_ref<InFlightDiagnostic()> emitError, unsigned bits, int64_t vector,
                              unsigned scaleBits, lowbit::VsqElement element, lowbit::VsqScale scale) {
  if (element == lowbit::VsqElement::E2M1 || scale == lowbit::VsqScale::E8M0 || scale == lowbit::VsqScale::E4M3)
    return verifySmallFloats(emitError, bits, vector, scaleBits, element, scale);
  if (failed(verifyRange(emitError, "bits", bits, 2, 8)))
    return failure();
  if (scale == lowbit::VsqScale::Float && scaleBits != 32)
    return emitError() << "scale_bits of scale = float must be 32, not " << scaleBits;
  if (scale == lowbit::VsqScale::Integer && failed(verifyRange(emitError, "scale_bits", scaleBits, 3, 10)))
    return failure();
  if (vector >= 8 && vector <= 128)
    return success();
  return emitError() << "vector must be in 8..128, not " << vector;
}

double VsqType::getBitsPerElement(int64_t rows, int64_t cols) const { return getFormat().bitsPerWeight(rows, cols); }

SmallVector<StorageComponent> VsqType::getStorage(ArrayRef<int64_t> shape) const {
  int64_t rows = shape[0], bits = getBits(), padded = paddedColumns(shape[1], packedGroup(*this));
  Builder builder(getContext());
  Type scale = getScale() == lowbit::VsqScale::Float ? Type(builder.getF32Type())
               : getScaleBits() > 8                  ? Type(builder.getI16Type())
                                                     : Type(builder.getI8Type());
  SmallVector<StorageComponent> parts{component(getContext(), "planes", {bits, rows, padded / 8}, false),
                                      {"multipliers", {rows, groupCount(shape[1], getVector())}, scale}};
  if (hasRowScales(getFormat()))
    parts.push_back({"scales", {getScale() == lowbit::VsqScale::E4M3 ? 1 : rows}, builder.getF32Type()});
  return parts;
}

Type VsqType::getExpressedType() const { return Float32Type::get(getContext()); }

int64_t VsqType::getGroup() const { return getVector(); }

Format VsqType::getFormat() const {
  Format format;
  format.kind = FormatKind::Vsq;
  format.bits = getBits();
  format.group = getVector();
  format.scaleBits = getScaleBits();
  format.element = halftone::VsqElement(getElement());
  format.vectorScale = halftone::VsqScale(getScale());
  return format;
}

//===----------------------------------------------------------------------===//
// GroupedType
//===----------------------------------------------------------------------===//

LogicalResult GroupedType::verify(function_ref<InFlightDiagnostic()> emitError, unsigned bits, int64_t groups) {
  if (failed(verifyRange(emitError, "bits", bits, 2, 16)))
    return failure();
  if (groups >= 1)
    return success();
  return emitError() << "groups must be positive, not " << groups;
}

//===----------------------------------------------------------------------===//
// Formats and types
//===----------------------------------------------------------------------===//

Type lowbit::formatToType(MLIRContext *context, const Format &format) {
  switch (format.kind) {
  case FormatKind::Float:
    return Float32Type::get(context);
  case FormatKind::Bcq:
    return BcqType::get(context, format.bits, format.group, format.planeScales ? ScaleKind::Plane : ScaleKind::TwoLevel,
                        format.offset ? Offset::PerGroup : Offset::None);
  case FormatKind::Binary:
    return BinaryType::get(context, format.group);
  case FormatKind::Ternary:
    return TernaryType::get(context, format.group,
                            format.scalePerSign ? TernaryScaleKind::PerSign : TernaryScaleKind::Shared);
  case FormatKind::Rtn:
    return IntType::get(context, format.bits, format.group, format.offset ? IntRange::Asymmetric : IntRange::Symmetric,
                        format.floatScales ? IntScale::F32 : IntScale::F16,
                        format.perTensor ? IntScope::Tensor : IntScope::Group);
  case FormatKind::Vsq:
    return VsqType::get(context, format.bits, format.group, format.scaleBits, lowbit::VsqElement(format.element),
                        lowbit::VsqScale(format.vectorScale));
  }
  llvm_unreachable("unknown format kind");
}

std::optional<Format> lowbit::typeToFormat(Type type) {
  if (auto format = dyn_cast<FormatTypeInterface>(type))
    return format.getFormat();
  if (type.isF32())
    return Format();
  return std::nullopt;
}
