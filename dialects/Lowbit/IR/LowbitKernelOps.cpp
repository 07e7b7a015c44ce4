//===- LowbitKernelOps.cpp - Stage 2: packed weights and kernels ----------===//

#include "dialects/Lowbit/IR/LowbitOps.h"

#include "halftone/Pack/Layout.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace halftone;
using namespace halftone::lowbit;

//===----------------------------------------------------------------------===//
// Shared rules
//===----------------------------------------------------------------------===//

static LogicalResult verifyPositive(Operation *op, StringRef name, int64_t value) {
  if (value > 0)
    return success();
  return op->emitOpError() << name << " must be positive, not " << value;
}

static LogicalResult verifyWidth(Operation *op, int64_t width) {
  if (width == 16 || width == 128)
    return success();
  return op->emitOpError() << "width must be 16 or 128, not " << width;
}

static LogicalResult verifyActivationBits(Operation *op, int64_t bits) {
  if (bits >= 1 && bits <= 8)
    return success();
  return op->emitOpError() << "bits must be in 1..8, not " << bits;
}

/// Kernels on integer activations need weights that are one scale per group times integers.
static LogicalResult verifyIntegerWeights(Operation *op, Type format) {
  auto lowbitFormat = dyn_cast<FormatTypeInterface>(format);
  if (lowbitFormat && !lowbitFormat.getFormat().planeScales)
    return success();
  return op->emitOpError() << "needs a format with integer weights, not " << format << "; its kernel is matmul_dequant";
}

/// Scales and sums belong to the activations of an op with `inFeatures` columns in groups of `format`.
static LogicalResult verifyScalesAndSums(Operation *op, Value activations, StringRef name, Value scales, Value sums,
                                         Value output, Type format, int64_t inFeatures) {
  if (failed(verifyPositive(op, "in_features", inFeatures)) || failed(verifyIntegerWeights(op, format)))
    return failure();
  int64_t sumsPerToken = groupCount(inFeatures, typeToFormat(format)->group);
  if (failed(dps::verifyExpectedSize(op, "groups (G)", "sums", sums, 1, sumsPerToken)) ||
      failed(dps::verifySize(op, "tokens (T)", name, activations, 0, "scales", scales, 0)) ||
      failed(dps::verifySize(op, "tokens (T)", name, activations, 0, "sums", sums, 0)) ||
      failed(dps::verifySize(op, "tokens (T)", name, activations, 0, "output", output, 0)) ||
      failed(dps::verifyStaticSize(op, "output features (N)", "output", output, 1)))
    return failure();
  return success();
}

Layout lowbit::toLayout(PackLayout layout) {
  switch (layout) {
  case PackLayout::Rows16:
    return Layout::Rows16;
  case PackLayout::Rows64:
    return Layout::Rows64;
  case PackLayout::Float16:
    return Layout::Float16;
  case PackLayout::Trits16:
    return Layout::Trits16;
  case PackLayout::Trits64:
    return Layout::Trits64;
  }
  llvm_unreachable("unknown layout");
}

PackLayout lowbit::toPackLayout(Layout layout) {
  for (PackLayout each : {PackLayout::Rows64, PackLayout::Float16, PackLayout::Trits16, PackLayout::Trits64})
    if (toLayout(each) == layout)
      return each;
  return PackLayout::Rows16;
}

/// The layout must be able to hold weights of element type `type`.
static LogicalResult verifyLayoutHolds(Operation *op, PackLayout layout, Type type) {
  if (layoutHolds(toLayout(layout), *typeToFormat(type)))
    return success();
  return op->emitOpError() << "layout " << stringifyPackLayout(layout) << " cannot hold " << type;
}

/// `packed` holds a rows x cols matrix of `format`.
static LogicalResult verifyPacked(Operation *op, Value packed, Type format, int64_t rows, int64_t cols,
                                  PackLayout layout) {
  if (failed(verifyLayoutHolds(op, layout, format)))
    return failure();
  int64_t size = cast<ShapedType>(packed.getType()).getDimSize(0);
  int64_t expected = packedBytes(*typeToFormat(format), rows, cols, toLayout(layout));
  if (dps::sizesAgree(size, expected))
    return success();
  return op->emitOpError() << "packed weights of " << rows << "x" << cols << "x" << format << " in layout "
                           << stringifyPackLayout(layout) << " take " << expected << " bytes, not " << size;
}

/// The layout that kernels on float activations read.
static PackLayout floatKernelLayout(Type format) { return format.isF32() ? PackLayout::Float16 : PackLayout::Rows16; }

//===----------------------------------------------------------------------===//
// PackOp
//===----------------------------------------------------------------------===//

void PackOp::build(OpBuilder &builder, OperationState &state, Value source, PackLayout layout) {
  auto type = cast<RankedTensorType>(source.getType());
  int64_t bytes =
      packedBytes(*typeToFormat(type.getElementType()), type.getDimSize(0), type.getDimSize(1), toLayout(layout));
  build(builder, state, RankedTensorType::get({bytes}, builder.getI8Type()), source, layout);
}

LogicalResult PackOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  if (!source.hasStaticShape() || source.getNumElements() == 0)
    return emitOpError() << "the source must have static and positive sizes, not " << source;
  return verifyPacked(*this, getResult(), source.getElementType(), source.getDimSize(0), source.getDimSize(1),
                      getLayout());
}

//===----------------------------------------------------------------------===//
// QuantizeActivationsOp, QuantizeActivationsStaticOp, SumTokenRowsOp, BuildTablesOp, BuildPlanesOp
//===----------------------------------------------------------------------===//

/// Rows when every token of `activations` takes `perToken` of them; dynamic where the number of tokens is.
static int64_t rowsOfTokens(Value activations, int64_t perToken) {
  int64_t tokens = cast<ShapedType>(activations.getType()).getDimSize(0);
  return ShapedType::isDynamic(tokens) ? tokens : tokens * perToken;
}

/// KP columns, or what they take in memory for kernels that read several rows at once.
static LogicalResult verifyCodeColumns(Operation *op, Value codes, int64_t padded) {
  if (cast<ShapedType>(codes.getType()).getDimSize(1) == codeColumns(padded))
    return success();
  return dps::verifyExpectedSize(op, "padded features (KP)", "codes", codes, 1, padded);
}

/// Codes of `features` columns in packed order, and a sum per group, or per vector of a group.
static LogicalResult verifyPackedCodes(Operation *op, Value codes, Value sums, int64_t features, int64_t group,
                                       std::optional<int64_t> vector) {
  if (group < 0)
    return op->emitOpError("group must not be negative (0 is the whole row)");
  if (vector && (*vector <= 0 || *vector >= group || packedVector(*vector) != group))
    return op->emitOpError() << "vectors of " << *vector << " columns do not share groups of " << group;
  if (failed(verifyCodeColumns(op, codes, paddedColumns(features, group))))
    return failure();
  return dps::verifyExpectedSize(op, vector ? "vectors (J)" : "groups (G)", "sums", sums, 1,
                                 groupCount(features, vector.value_or(group)));
}

/// Tokens that take `perToken` rows of codes, scales and sums each.
static LogicalResult verifyTokenRows(Operation *op, const char *what, Value input, int64_t perToken, Value codes,
                                     Value scales, Value sums) {
  int64_t rows = rowsOfTokens(input, perToken);
  if (failed(dps::verifyExpectedSize(op, what, "codes", codes, 0, rows)) ||
      failed(dps::verifyExpectedSize(op, what, "scales", scales, 0, rows)))
    return failure();
  return dps::verifyExpectedSize(op, what, "sums", sums, 0, rows);
}

int64_t QuantizeActivationsStaticOp::getRowsPerToken() {
  return (getOnly() ? 1 : cast<GroupedType>(getFormat()).getGroups()) * int64_t(getDigits());
}

LogicalResult QuantizeActivationsStaticOp::verify() {
  if (getDigits() < 1 || getDigits() > 3)
    return emitOpError() << "digits must be in 1..3, not " << getDigits();
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(dps::verifyStaticSize(*this, "input features (K)", "input", getInput(), 1)))
    return failure();
  int64_t features = getInput().getType().getDimSize(1), groups = cast<GroupedType>(getFormat()).getGroups();
  if (features % groups != 0)
    return emitOpError() << groups << " groups do not divide " << features << " dimensions";
  if (getOnly() && (int64_t(*getOnly()) < 0 || int64_t(*getOnly()) >= groups))
    return emitOpError() << "group " << int64_t(*getOnly()) << " is none of " << groups;
  if (failed(dps::verifyExpectedSize(*this, "groups", "steps", getSteps(), 0, groups)) ||
      failed(dps::verifyExpectedSize(*this, "groups", "zero_points", getZeroPoints(), 0, groups)) ||
      failed(verifyPackedCodes(*this, getCodes(), getSums(), features, getGroup(), getVector())))
    return failure();
  return verifyTokenRows(*this, "rows (T * groups * digits)", getInput(), getRowsPerToken(), getCodes(), getScales(),
                         getSums());
}

LogicalResult QuantizeActivationsOp::verify() {
  if ((getBits() != 16 && failed(verifyActivationBits(*this, getBits()))) ||
      failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(dps::verifyStaticSize(*this, "input features (K)", "input", getInput(), 1)))
    return failure();
  int64_t features = getInput().getType().getDimSize(1);
  if (failed(verifyPackedCodes(*this, getCodes(), getSums(), features, getGroup(), getVector())))
    return failure();
  if (getBits() == 16)
    return verifyTokenRows(*this, "rows (2T)", getInput(), 2, getCodes(), getScales(), getSums());
  if (failed(dps::verifySize(*this, "tokens (T)", "input", getInput(), 0, "codes", getCodes(), 0)) ||
      failed(dps::verifySize(*this, "tokens (T)", "input", getInput(), 0, "scales", getScales(), 0)))
    return failure();
  return dps::verifySize(*this, "tokens (T)", "input", getInput(), 0, "sums", getSums(), 0);
}

LogicalResult SumTokenRowsOp::verify() {
  if (failed(verifyPositive(*this, "rows", getRows())) || failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(dps::verifyStaticSize(*this, "output features (N)", "output", getOutput(), 1)) ||
      failed(dps::verifySize(*this, "output features (N)", "input", getInput(), 1, "output", getOutput(), 1)))
    return failure();
  return dps::verifyExpectedSize(*this, "rows (R * T)", "input", getInput(), 0, rowsOfTokens(getOutput(), getRows()));
}

LogicalResult BuildTablesOp::verify() {
  if (failed(verifyWidth(*this, getWidth())) || failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(dps::verifyStaticSize(*this, "padded features (KP)", "codes", getCodes(), 1)) ||
      failed(dps::verifyStaticSize(*this, "bytes (B)", "tables", getTables(), 1)))
    return failure();
  int64_t padded = getCodes().getType().getDimSize(1);
  if (padded % kStep != 0)
    return emitOpError() << "padded features (KP) must be a multiple of " << kStep << ", not " << padded;
  int64_t group = getTritGroup() ? *getTritGroup() : getByteGroup().value_or(kStep);
  if (group <= 0 || group % kStep != 0)
    return emitOpError() << (getTritGroup() ? "trit_group" : "byte_group") << " must be a positive multiple of "
                         << kStep << ", not " << group;
  if (getTritGroup() && getByteGroup() && *getTritGroup() != *getByteGroup())
    return emitOpError() << "trit_group " << *getTritGroup() << " and byte_group " << *getByteGroup()
                         << " must be the same";
  if (getTritGroup() && getWidth() != 128)
    return emitOpError("tables of five ternary weights have width 128");
  int64_t bytes = lookUpTableBytes(getWidth(), padded, group, getTritGroup().has_value(), getByteGroup().has_value());
  if (failed(dps::verifyExpectedSize(*this, "bytes (B)", "tables", getTables(), 1, bytes)))
    return failure();
  return dps::verifySize(*this, "tokens (T)", "codes", getCodes(), 0, "tables", getTables(), 0);
}

LogicalResult BuildPlanesOp::verify() {
  if (failed(verifyActivationBits(*this, getBits())) || failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(dps::verifyStaticSize(*this, "padded features (KP)", "codes", getCodes(), 1)) ||
      failed(dps::verifyStaticSize(*this, "bytes (B)", "planes", getPlanes(), 1)))
    return failure();
  int64_t padded = getCodes().getType().getDimSize(1);
  if (padded % kStep != 0)
    return emitOpError() << "padded features (KP) must be a multiple of " << kStep << ", not " << padded;
  if (failed(dps::verifyExpectedSize(*this, "bytes (B)", "planes", getPlanes(), 1, padded / 8 * getBits())))
    return failure();
  return dps::verifySize(*this, "tokens (T)", "codes", getCodes(), 0, "planes", getPlanes(), 0);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// A kernel reads some layouts only.
static LogicalResult verifyKernelLayout(Operation *op, PackLayout layout, ArrayRef<PackLayout> readable) {
  if (llvm::is_contained(readable, layout))
    return success();
  SmallVector<StringRef> names;
  for (PackLayout each : readable)
    names.push_back(stringifyPackLayout(each));
  return op->emitOpError() << "layout must be " << llvm::join(ArrayRef(names).drop_back(), ", ") << " or "
                           << names.back() << ", not " << stringifyPackLayout(layout);
}

LogicalResult MatmulDotOp::verify() {
  if (failed(verifyKernelLayout(*this, getLayout(), {PackLayout::Rows16, PackLayout::Rows64, PackLayout::Trits16})))
    return failure();
  if (getLayout() == PackLayout::Rows64 && !dotReads(Layout::Rows64, *typeToFormat(getFormat())))
    return emitOpError() << "layout rows64 needs a format with one integer per weight and one scale per group, not "
                         << getFormat();
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(verifyScalesAndSums(*this, getCodes(), "codes", getScales(), getSums(), getOutput(), getFormat(),
                                 getInFeatures())))
    return failure();
  int64_t padded = paddedColumns(getInFeatures(), packedGroup(getFormat()));
  if (failed(verifyCodeColumns(*this, getCodes(), padded)))
    return failure();
  if (std::optional<ArrayRef<int64_t>> columns = getColumns())
    if (columns->size() != 2 || columns->front() < 0 || columns->front() >= columns->back() ||
        columns->back() > int64_t(getInFeatures()))
      return emitOpError() << "columns must be [begin, end] within 0.." << getInFeatures();
  if (isa<VsqType>(getFormat())) {
    int64_t most = maxVectorScaledColumns(*typeToFormat(getFormat()));
    if (int64_t(getInFeatures()) > most)
      return emitOpError() << "in_features must be at most " << most << " for exact sums in " << getFormat() << ", not "
                           << getInFeatures();
  }
  return verifyPacked(*this, getPacked(), getFormat(), getOutput().getType().getDimSize(1), getInFeatures(),
                      getLayout());
}

LogicalResult MatmulLutOp::verify() {
  if (failed(verifyWidth(*this, getWidth())) || failed(dps::verifyNoMix(*this, getOperands())))
    return failure();
  if (failed(verifyScalesAndSums(*this, getTables(), "tables", getScales(), getSums(), getOutput(), getFormat(),
                                 getInFeatures())))
    return failure();
  if (failed(verifyKernelLayout(*this, getLayout(), {PackLayout::Rows64, PackLayout::Trits64})))
    return failure();
  bool trits = getLayout() == PackLayout::Trits64;
  if (trits && getWidth() != 128)
    return emitOpError() << "layout trits64 needs tables of width 128, not " << getWidth();
  int64_t cols = getInFeatures(), group = packedGroup(getFormat()), padded = paddedColumns(cols, group);
  int64_t paddedGroup = GroupShape(group, cols).steps * kStep;
  int64_t bytes = lookUpTableBytes(getWidth(), padded, paddedGroup, trits, getByteTables());
  if (failed(dps::verifyExpectedSize(*this, "bytes (B)", "tables", getTables(), 1, bytes)))
    return failure();
  return verifyPacked(*this, getPacked(), getFormat(), getOutput().getType().getDimSize(1), getInFeatures(),
                      getLayout());
}

LogicalResult MatmulPopcountOp::verify() {
  if (failed(verifyActivationBits(*this, getBits())) || failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(verifyScalesAndSums(*this, getPlanes(), "planes", getScales(), getSums(), getOutput(), getFormat(),
                                 getInFeatures())))
    return failure();
  int64_t padded = paddedColumns(getInFeatures(), packedGroup(getFormat()));
  if (failed(dps::verifyExpectedSize(*this, "bytes (B)", "planes", getPlanes(), 1, padded / 8 * getBits())))
    return failure();
  return verifyPacked(*this, getPacked(), getFormat(), getOutput().getType().getDimSize(1), getInFeatures(),
                      PackLayout::Rows64);
}

LogicalResult MatmulDequantOp::verify() {
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(dps::verifyStaticSize(*this, "input features (K)", "input", getInput(), 1)) ||
      failed(dps::verifyStaticSize(*this, "output features (N)", "output", getOutput(), 1)) ||
      failed(dps::verifySize(*this, "tokens (T)", "input", getInput(), 0, "output", getOutput(), 0)))
    return failure();
  return verifyPacked(*this, getPacked(), getFormat(), getOutput().getType().getDimSize(1),
                      getInput().getType().getDimSize(1), floatKernelLayout(getFormat()));
}

LogicalResult GatherPackedOp::verify() {
  if (failed(verifyPositive(*this, "rows", getRows())) || failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(dps::verifyStaticSize(*this, "columns (D)", "output", getOutput(), 1)) ||
      failed(dps::verifySize(*this, "tokens (T)", "ids", getIds(), 0, "output", getOutput(), 0)))
    return failure();
  return verifyPacked(*this, getPacked(), getFormat(), getRows(), getOutput().getType().getDimSize(1),
                      floatKernelLayout(getFormat()));
}

//===----------------------------------------------------------------------===//
// QuantizeActivationVectorsOp, MatmulVectorDotOp
//===----------------------------------------------------------------------===//

/// What both ops have: activations of a format, their padded codes and what there is of each vector.
static LogicalResult verifyVectors(Operation *op, const ActivationVectors &vectors, int64_t features, Value codes,
                                   Value multipliers, Value sums) {
  if (std::string problem = vectors.problem(); !problem.empty())
    return op->emitOpError() << problem;
  int64_t count = groupCount(features, vectors.vector);
  int64_t padded = paddedColumns(features, packedVector(vectors.vector));
  if (failed(verifyCodeColumns(op, codes, padded)) ||
      failed(dps::verifyExpectedSize(op, "vectors (J)", "multipliers", multipliers, 1, count)) ||
      failed(dps::verifyExpectedSize(op, "vectors (J)", "sums", sums, 1, count)) ||
      failed(dps::verifySize(op, "tokens (T)", "codes", codes, 0, "multipliers", multipliers, 0)) ||
      failed(dps::verifySize(op, "tokens (T)", "codes", codes, 0, "sums", sums, 0)))
    return failure();
  return success();
}

ActivationVectors QuantizeActivationVectorsOp::getVectors() {
  return {unsigned(getBits()),
          int64_t(getVector()),
          unsigned(getScaleBits()),
          0,
          getElement() == lowbit::VsqElement::Unsigned,
          getScale() == lowbit::VsqScale::Float};
}

LogicalResult QuantizeActivationVectorsOp::verify() {
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(dps::verifyStaticSize(*this, "input features (K)", "input", getInput(), 1)) ||
      failed(dps::verifySize(*this, "tokens (T)", "input", getInput(), 0, "codes", getCodes(), 0)) ||
      failed(dps::verifySize(*this, "tokens (T)", "input", getInput(), 0, "scales", getScales(), 0)))
    return failure();
  return verifyVectors(*this, getVectors(), getInput().getType().getDimSize(1), getCodes(), getMultipliers(),
                       getSums());
}

ActivationVectors MatmulVectorDotOp::getVectors() {
  return {unsigned(getBits()),
          typeToFormat(getFormat())->group,
          unsigned(getScaleBits()),
          unsigned(getProductBits()),
          getElement() == lowbit::VsqElement::Unsigned,
          getScale() == lowbit::VsqScale::Float};
}

LogicalResult MatmulVectorDotOp::verify() {
  auto type = dyn_cast<VsqType>(getFormat());
  if (!type || !matchVectors(*typeToFormat(type), typeToFormat(type)->group))
    return emitOpError() << "needs a format with integer or float scales of vectors, not " << getFormat();
  if (failed(verifyPositive(*this, "in_features", getInFeatures())) || failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(verifyVectors(*this, getVectors(), getInFeatures(), getCodes(), getMultipliers(), getSums())) ||
      failed(dps::verifySize(*this, "tokens (T)", "codes", getCodes(), 0, "scales", getScales(), 0)) ||
      failed(dps::verifySize(*this, "tokens (T)", "codes", getCodes(), 0, "output", getOutput(), 0)) ||
      failed(dps::verifyStaticSize(*this, "output features (N)", "output", getOutput(), 1)))
    return failure();
  return verifyPacked(*this, getPacked(), getFormat(), getOutput().getType().getDimSize(1), getInFeatures(),
                      PackLayout::Rows16);
}
