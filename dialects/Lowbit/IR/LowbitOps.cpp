//===- LowbitOps.cpp - Weights, quantized matrices and their products -----===//

#include "dialects/Lowbit/IR/LowbitOps.h"

#include "halftone/Quantize/Convert.h"
#include "halftone/Quantize/WeightRange.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace halftone;
using namespace halftone::lowbit;

//===----------------------------------------------------------------------===//
// Shared rules
//===----------------------------------------------------------------------===//

/// A matrix that weights are made of: static, neither dimension empty.
static LogicalResult verifyStaticMatrix(Operation *op, StringRef name, Type type) {
  auto shaped = cast<ShapedType>(type);
  if (shaped.hasStaticShape() && llvm::all_of(shaped.getShape(), [](int64_t size) { return size > 0; }))
    return success();
  return op->emitOpError() << name << " must have static and positive sizes, not " << type;
}

static LogicalResult verifySameShape(Operation *op, RankedTensorType source, RankedTensorType result) {
  if (source.getShape() == result.getShape())
    return success();
  return op->emitOpError() << "source and result differ in shape: " << source << " and " << result;
}

/// `types` must be those of the components `storage` of `quantized`, in order.
static LogicalResult verifyParts(Operation *op, ArrayRef<StorageComponent> storage, TypeRange types,
                                 RankedTensorType quantized) {
  if (storage.size() != types.size())
    return op->emitOpError() << "needs " << storage.size() << " components for " << quantized << ", got "
                             << types.size();
  for (auto [part, type] : llvm::zip_equal(storage, types))
    if (type != part.getType())
      return op->emitOpError() << "component '" << part.name << "' must be " << part.getType() << ", not " << type;
  return success();
}

/// `types` must be the storage components of `quantized`, in order.
static LogicalResult verifyComponents(Operation *op, TypeRange types, RankedTensorType quantized) {
  if (failed(verifyStaticMatrix(op, "the quantized matrix", quantized)))
    return failure();
  auto format = cast<FormatTypeInterface>(quantized.getElementType());
  return verifyParts(op, format.getStorage(quantized.getShape()), types, quantized);
}

//===----------------------------------------------------------------------===//
// ExternalOp
//===----------------------------------------------------------------------===//

LogicalResult ExternalOp::verify() {
  if (getTensorName().empty())
    return emitOpError("needs the name of a tensor");
  return success();
}

//===----------------------------------------------------------------------===//
// PermuteOp
//===----------------------------------------------------------------------===//

LogicalResult PermuteOp::verify() {
  auto type = cast<RankedTensorType>(getSource().getType());
  int64_t dim = getDim();
  if (dim < 0 || dim >= type.getRank())
    return emitOpError() << "dim " << dim << " is not a dimension of " << type;
  int64_t size = type.getDimSize(dim);
  if (int64_t(getOrder().size()) != size)
    return emitOpError() << "order has " << getOrder().size() << " entries for the " << size << " of dimension " << dim;
  llvm::SmallBitVector seen(size);
  for (int64_t entry : getOrder()) {
    if (entry < 0 || entry >= size || seen.test(entry))
      return emitOpError() << "order is no permutation of 0.." << size - 1 << ": " << entry
                           << (entry < 0 || entry >= size ? " is out of range" : " comes twice");
    seen.set(entry);
  }
  return success();
}

/// The identity.
OpFoldResult PermuteOp::fold(FoldAdaptor) {
  for (auto [place, entry] : llvm::enumerate(getOrder()))
    if (int64_t(place) != entry)
      return {};
  return getSource();
}

//===----------------------------------------------------------------------===//
// GlobalOp
//===----------------------------------------------------------------------===//

void GlobalOp::build(OpBuilder &builder, OperationState &state, StringRef name, RankedTensorType type) {
  build(builder, state, builder.getStringAttr(name), builder.getStringAttr("private"), TypeAttr::get(type),
        /*offset=*/IntegerAttr());
  state.regions.front()->emplaceBlock();
}

Value GlobalOp::getYielded() { return cast<YieldOp>(getBody().front().getTerminator()).getValue(); }

LogicalResult GlobalOp::verify() {
  Type element = getTensorType().getElementType();
  if (!isa<IntegerType, FloatType>(element))
    return emitOpError() << "cannot hold elements of type " << element << "; pack the weight first";
  if (getOffset() && static_cast<int64_t>(*getOffset()) < 0)
    return emitOpError("offset must not be negative");
  return success();
}

/// Ops that may compute a weight at compile time. Named, not typed, where they belong to other dialects.
static bool belongsInWeightChain(Operation &op) {
  if (isa<ExternalOp, EqualizerOp, PermuteOp, RotateOp, ScaleOp, QuantizeOp, EncodeOp, ConvertOp, DequantizeOp,
          AssembleOp, DisassembleOp, PackOp, YieldOp>(op))
    return true;
  StringRef name = op.getName().getStringRef();
  return name == "arith.constant" || name == "linalg.transpose" || name == "tensor.empty" || name == "nn.rope_table";
}

LogicalResult GlobalOp::verifyRegions() {
  Block &block = getBody().front();
  for (Operation &op : block)
    if (!belongsInWeightChain(op))
      return op.emitOpError() << "cannot be part of the weight '@" << getSymName()
                              << "'; a lowbit.global holds only ops that are evaluated at compile time";
  // The only terminator among the ops above.
  auto yield = cast<YieldOp>(block.back());
  if (yield.getValue().getType() != getTensorType())
    return emitOpError() << "is " << getTensorType() << ", but its chain yields " << yield.getValue().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// GetGlobalOp
//===----------------------------------------------------------------------===//

LogicalResult GetGlobalOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto global = symbols.lookupNearestSymbolFrom<GlobalOp>(*this, getNameAttr());
  if (!global)
    return emitOpError() << "there is no lowbit.global '@" << getName() << "'";
  ShapedType type = getResult().getType();
  RankedTensorType expected = global.getTensorType();
  auto memref = dyn_cast<MemRefType>(type);
  if (memref && (!memref.getLayout().isIdentity() || memref.getMemorySpace()))
    return emitOpError("memory of weights has the identity layout and no memory space");
  if (type.getShape() != expected.getShape() || type.getElementType() != expected.getElementType())
    return emitOpError() << "result is " << type << ", but '@" << getName() << "' is " << expected;
  return success();
}

//===----------------------------------------------------------------------===//
// EqualizerOp, ScaleOp, RotateOp
//===----------------------------------------------------------------------===//

/// The number of columns or rows; a vector has columns only. 0: none.
static int64_t sizeAlong(RankedTensorType type, Axis axis) {
  if (type.getRank() == 1)
    return axis == Axis::Columns ? type.getDimSize(0) : 0;
  return type.getDimSize(axis == Axis::Columns ? 1 : 0);
}

/// `type` has `repeat` columns or rows for each of `channels`, in whole blocks.
static LogicalResult verifyChannels(Operation *op, RankedTensorType type, Axis axis, int64_t channels, int64_t repeat,
                                    int64_t block) {
  if (repeat < 1 || block < 1 || channels % block != 0)
    return op->emitOpError() << "repeat and block must be positive, and blocks of " << block << " must divide "
                             << channels << " channels";
  if (sizeAlong(type, axis) != channels * repeat)
    return op->emitOpError() << type << " must have " << channels * repeat << ' ' << stringifyAxis(axis) << " for "
                             << channels << " channels";
  return success();
}

LogicalResult EqualizerOp::verify() {
  auto inputs = cast<RankedTensorType>(getInputs().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (result.getRank() != 1 || result.getDimSize(0) != inputs.getDimSize(0))
    return emitOpError() << "gives a scale per channel of " << inputs << ", not " << result;
  if (getWeights().empty())
    return emitOpError("needs weights that read the channels");
  for (double exponent : {getAlpha().convertToDouble(), getBeta().convertToDouble()})
    if (!(exponent >= 0 && exponent <= 1))
      return emitOpError("alpha and beta must be in 0..1");
  for (Value weights : getWeights())
    if (failed(verifyChannels(*this, cast<RankedTensorType>(weights.getType()), getAxis(), inputs.getDimSize(0),
                              getRepeat(), getBlock())))
      return failure();
  return success();
}

LogicalResult ScaleOp::verify() {
  auto scales = cast<RankedTensorType>(getScales().getType());
  if (scales.getRank() != 1)
    return emitOpError() << "scales must be a vector, not " << scales;
  return verifyChannels(*this, cast<RankedTensorType>(getSource().getType()), getAxis(), scales.getDimSize(0),
                        getRepeat(), getBlock());
}

LogicalResult RotateOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  if (failed(verifyStaticMatrix(*this, "the source", source)))
    return failure();
  int64_t block = getBlock(), size = sizeAlong(source, getAxis());
  if (block < 0 || (block > 0 && size % block != 0))
    return emitOpError() << "blocks of " << block << " do not divide " << size << ' ' << stringifyAxis(getAxis());
  return success();
}

//===----------------------------------------------------------------------===//
// QuantizeOp, DequantizeOp
//===----------------------------------------------------------------------===//

static Solver solverOf(BcqSolver solver) {
  switch (solver) {
  case BcqSolver::Greedy:
    return Solver::Greedy;
  case BcqSolver::Refined:
    return Solver::Refined;
  case BcqSolver::Alternating:
    return Solver::Alternating;
  }
  llvm_unreachable("unknown solver");
}

void QuantizeOp::build(OpBuilder &builder, OperationState &state, Value source, const Format &format,
                       StringRef weightRange) {
  auto type = cast<RankedTensorType>(source.getType());
  Type element = formatToType(builder.getContext(), format);
  bool solved = format.kind == FormatKind::Bcq;
  build(builder, state, type.clone(element), source, solved ? solverOf(format.solver) : Solver::Alternating,
        solved ? format.rounds : 15, weightRange);
}

Format QuantizeOp::getFormat() {
  auto type = cast<RankedTensorType>(getResult().getType());
  Format format = cast<FormatTypeInterface>(type.getElementType()).getFormat();
  if (format.kind != FormatKind::Bcq)
    return format;
  switch (getSolver()) {
  case Solver::Greedy:
    format.solver = BcqSolver::Greedy;
    break;
  case Solver::Refined:
    format.solver = BcqSolver::Refined;
    break;
  case Solver::Alternating:
    format.solver = BcqSolver::Alternating;
    break;
  }
  format.rounds = getRounds();
  return format;
}

LogicalResult QuantizeOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (failed(verifyStaticMatrix(*this, "the source", source)) || failed(verifySameShape(*this, source, result)))
    return failure();
  if (static_cast<int32_t>(getRounds()) < 0)
    return emitOpError("rounds must not be negative");
  if (getSolver() != Solver::Alternating && !isa<BcqType, BinaryType>(result.getElementType()))
    return emitOpError() << "solver = " << stringifySolver(getSolver()) << " is for binary-coded formats, not for "
                         << result.getElementType();
  llvm::Expected<WeightRange> range = parseWeightRange(getWeightRange());
  if (!range)
    return emitOpError() << llvm::toString(range.takeError());
  if (range->kind != WeightRange::MinMax && !isa<IntType>(result.getElementType()))
    return emitOpError() << "weight_range = \"" << getWeightRange() << "\" is for uniform integers, not for "
                         << result.getElementType();
  return success();
}

LogicalResult DequantizeOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  if (failed(verifyStaticMatrix(*this, "the source", source)))
    return failure();
  return verifySameShape(*this, source, cast<RankedTensorType>(getResult().getType()));
}

//===----------------------------------------------------------------------===//
// EncodeOp, ConvertOp
//===----------------------------------------------------------------------===//

LogicalResult EncodeOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (failed(verifyStaticMatrix(*this, "the source", source)) || failed(verifySameShape(*this, source, result)))
    return failure();
  auto format = dyn_cast<IntType>(result.getElementType());
  if (!format)
    return emitOpError() << "rounds to uniform integers, not to " << result.getElementType();
  SmallVector<StorageComponent> storage = format.getStorage(result.getShape());
  return verifyParts(*this, ArrayRef(storage).drop_front(), getParameters().getTypes(), result);
}

LogicalResult ConvertOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  auto result = cast<RankedTensorType>(getResult().getType());
  if (failed(verifyStaticMatrix(*this, "the source", source)) || failed(verifySameShape(*this, source, result)))
    return failure();
  Format from = *typeToFormat(source.getElementType()), to = *typeToFormat(result.getElementType());
  if (!canConvert(from, to))
    return emitOpError() << "cannot keep every value of " << source.getElementType() << " in "
                         << result.getElementType();
  return success();
}

//===----------------------------------------------------------------------===//
// AssembleOp, DisassembleOp
//===----------------------------------------------------------------------===//

LogicalResult AssembleOp::verify() {
  return verifyComponents(*this, getComponents().getTypes(), cast<RankedTensorType>(getResult().getType()));
}

/// assemble(disassemble(q)) -> q, when nothing was dropped, swapped or reinterpreted.
OpFoldResult AssembleOp::fold(FoldAdaptor) {
  if (getComponents().empty())
    return {};
  auto source = getComponents().front().getDefiningOp<DisassembleOp>();
  if (!source || source.getSource().getType() != getResult().getType())
    return {};
  if (!llvm::equal(getComponents(), source.getComponents()))
    return {};
  return source.getSource();
}

void DisassembleOp::build(OpBuilder &builder, OperationState &state, Value source) {
  auto type = cast<RankedTensorType>(source.getType());
  SmallVector<Type> types;
  for (const StorageComponent &part : cast<FormatTypeInterface>(type.getElementType()).getStorage(type.getShape()))
    types.push_back(part.getType());
  build(builder, state, types, source);
}

LogicalResult DisassembleOp::verify() {
  return verifyComponents(*this, getComponents().getTypes(), cast<RankedTensorType>(getSource().getType()));
}

/// disassemble(assemble(a, b, ...)) -> a, b, ...
LogicalResult DisassembleOp::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &results) {
  auto source = getSource().getDefiningOp<AssembleOp>();
  if (!source)
    return failure();
  llvm::append_range(results, source.getComponents());
  return success();
}

//===----------------------------------------------------------------------===//
// MatmulOp, GatherOp
//===----------------------------------------------------------------------===//

LogicalResult MatmulOp::verify() {
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(verifyStaticMatrix(*this, "weights", getWeights().getType())) ||
      failed(dps::verifySize(*this, "input features (K)", "input", getInput(), 1, "weights", getWeights(), 1)) ||
      failed(dps::verifySize(*this, "output features (N)", "weights", getWeights(), 0, "output", getOutput(), 1)) ||
      failed(dps::verifySize(*this, "tokens (T)", "input", getInput(), 0, "output", getOutput(), 0)))
    return failure();
  Strategy strategy = getStrategy();
  if (isIntegerStrategy(strategy) && getActivations() == Activations::F32)
    return emitOpError() << "strategy = " << stringifyStrategy(strategy)
                         << " works on integer activations; add activations = i8 or use dequant";
  ActivationVectorsAttr vectors = getVectorsAttr();
  if (!vectors)
    return success();
  unsigned bits = activationBits(getActivations());
  if (bits < 2 || bits > 8)
    return emitOpError() << "activations with vectors have 2 to 8 bits, not " << stringifyActivations(getActivations());
  if (std::string problem = attrToVectors(vectors, bits).problem(); !problem.empty())
    return emitOpError() << problem;
  if (strategy != Strategy::Auto && strategy != Strategy::Dot)
    return emitOpError() << "activations with vectors have no strategy " << stringifyStrategy(strategy) << "; use dot";
  Type weights = getWeights().getType().getElementType();
  if (!isa<VsqType>(weights) || !matchVectors(*typeToFormat(weights), vectors.getVector()))
    return emitOpError() << "activations in vectors of " << vectors.getVector()
                         << " need weights with integer or float scales of vectors as long, not " << weights;
  return success();
}

/// Input and output of the same shape, with a static width.
static LogicalResult verifySameRows(Operation *op, Value input, Value output) {
  if (failed(dps::verifyNoMix(op, op->getOperands())) ||
      failed(dps::verifyStaticSize(op, "dimensions (D)", "input", input, 1)) ||
      failed(dps::verifySize(op, "dimensions (D)", "input", input, 1, "output", output, 1)))
    return failure();
  return dps::verifySize(op, "tokens (T)", "input", input, 0, "output", output, 0);
}

LogicalResult RequantizeOp::verify() {
  if (failed(verifySameRows(*this, getInput(), getOutput())))
    return failure();
  int64_t groups = cast<GroupedType>(getFormat()).getGroups(), size = getInput().getType().getDimSize(1);
  if (size % groups != 0)
    return emitOpError() << groups << " groups do not divide " << size << " dimensions";
  if (failed(dps::verifyExpectedSize(*this, "groups", "scales", getScales(), 0, groups)))
    return failure();
  return dps::verifyExpectedSize(*this, "groups", "zero_points", getZeroPoints(), 0, groups);
}

static LogicalResult verifyTokenBits(Operation *op, int64_t bits) {
  if (bits == 8 || bits == 16)
    return success();
  return op->emitOpError() << "bits must be 8 or 16, not " << bits;
}

LogicalResult RequantizeTokensOp::verify() {
  if (failed(verifyTokenBits(*this, getBits())))
    return failure();
  return verifySameRows(*this, getInput(), getOutput());
}

LogicalResult GatherOp::verify() {
  if (failed(dps::verifyNoMix(*this, getOperands())) ||
      failed(verifyStaticMatrix(*this, "table", getTable().getType())) ||
      failed(dps::verifySize(*this, "columns (D)", "table", getTable(), 1, "output", getOutput(), 1)))
    return failure();
  return dps::verifySize(*this, "tokens (T)", "ids", getIds(), 0, "output", getOutput(), 0);
}

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

/// A layout as a bare keyword, without the space that the attribute prints before it.
static ParseResult parsePackLayout(OpAsmParser &parser, PackLayoutAttr &layout) {
  FailureOr<PackLayout> value = FieldParser<PackLayout>::parse(parser);
  if (failed(value))
    return failure();
  layout = PackLayoutAttr::get(parser.getContext(), *value);
  return success();
}

static void printPackLayout(OpAsmPrinter &printer, Operation *, PackLayoutAttr layout) {
  printer << stringifyPackLayout(layout.getValue());
}

#define GET_OP_CLASSES
#include "dialects/Lowbit/IR/LowbitOps.cpp.inc"
