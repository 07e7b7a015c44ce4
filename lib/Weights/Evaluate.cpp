//===- Evaluate.cpp - From weight chains to bytes -------------------------===//

#include "halftone/Weights/Evaluate.h"
#include "dialects/Lowbit/IR/LowbitOps.h"
#include "dialects/Nn/IR/NnOps.h"
#include "dialects/Simd/IR/SimdOps.h"
#include "halftone/Pack/Canonical.h"
#include "halftone/Pack/Pack.h"
#include "halftone/Pack/Trits.h"
#include "halftone/Quantize/ByteTables.h"
#include "halftone/Quantize/Convert.h"
#include "halftone/Quantize/Rewrites.h"
#include "halftone/Quantize/WeightRange.h"
#include "lib/Transforms/Constants.h"
#include "lib/Transforms/Weights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/FormatVariadic.h"
#include <cassert>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace halftone;

namespace {

template <typename... Ts>
llvm::Error failure(const char *format, Ts &&...args) {
  return llvm::createStringError(llvm::formatv(format, std::forward<Ts>(args)...).str());
}

/// The strategy of look-ups in tables of one byte per entry.
constexpr StringLiteral kByteTables = "lut8";

/// A value of a chain: floats, a quantized matrix, or bytes.
struct Datum {
  std::vector<float> floats;
  std::optional<QuantizedMatrix> matrix;
  std::vector<uint8_t> bytes;
  enum { Floats, Matrix, Bytes } kind = Floats;
};

class Evaluator {
public:
  Evaluator(const TensorStore *store, const EvaluateOptions &options) : store(store), options(options) {}

  llvm::Expected<Datum> evaluate(Value value) {
    Operation *op = value.getDefiningOp();
    if (auto external = dyn_cast<lowbit::ExternalOp>(op))
      return readExternal(external);
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      return readConstant(constant);
    if (auto table = dyn_cast<nn::RopeTableOp>(op))
      return ropeTable(table);
    if (auto transpose = dyn_cast<linalg::TransposeOp>(op))
      return transposed(transpose);
    if (auto permute = dyn_cast<lowbit::PermuteOp>(op))
      return permuted(permute);
    if (auto equalizer = dyn_cast<lowbit::EqualizerOp>(op))
      return equalized(equalizer);
    if (auto scale = dyn_cast<lowbit::ScaleOp>(op))
      return scaled(scale);
    if (auto rotate = dyn_cast<lowbit::RotateOp>(op))
      return rotated(rotate);
    if (auto quantizeOp = dyn_cast<lowbit::QuantizeOp>(op))
      return quantized(quantizeOp);
    if (auto encodeOp = dyn_cast<lowbit::EncodeOp>(op))
      return encoded(encodeOp);
    if (auto assembleOp = dyn_cast<lowbit::AssembleOp>(op))
      return assembled(assembleOp);
    if (auto convertOp = dyn_cast<lowbit::ConvertOp>(op))
      return converted(convertOp);
    if (auto dequantizeOp = dyn_cast<lowbit::DequantizeOp>(op))
      return dequantized(dequantizeOp);
    if (auto packOp = dyn_cast<lowbit::PackOp>(op))
      return packed(packOp);
    return failure("weight '{0}': '{1}' cannot be evaluated at compile time", record.name,
                   op->getName().getStringRef());
  }

  /// The chain's value, or the floats that replace it.
  llvm::Expected<Datum> evaluateOrReplace(Value chain) {
    const std::vector<float> *replaced = replacedFloats(chain);
    if (!replaced)
      return evaluate(chain);
    noteSource(weightName(chain), typeOf(chain).getShape());
    if (int64_t(replaced->size()) != typeOf(chain).getNumElements())
      return failure("tensor '{0}': its replacement has {1} elements instead of {2}", record.name, replaced->size(),
                     typeOf(chain).getNumElements());
    Datum datum;
    datum.floats = *replaced;
    return datum;
  }

  WeightRecord record;

private:
  static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

  void noteSource(StringRef name, ArrayRef<int64_t> shape) {
    record.name = name.str();
    record.shape.assign(shape.begin(), shape.end());
  }

  llvm::Expected<Datum> readExternal(lowbit::ExternalOp op) {
    noteSource(op.getTensorName(), typeOf(op.getResult()).getShape());
    if (!store)
      return failure("tensor '{0}': the module names no weight file; add the attribute lowbit.externals", record.name);
    const TensorEntry *entry = store->find(op.getTensorName());
    if (!entry)
      return failure("tensor '{0}' is not in '{1}'", record.name,
                     store->files().empty() ? std::string() : store->files().front());
    if (entry->shape != record.shape)
      return failure("tensor '{0}' has shape [{1}] in '{2}', the module expects [{3}]", record.name,
                     llvm::make_range(entry->shape.begin(), entry->shape.end()), store->files()[entry->file],
                     llvm::make_range(record.shape.begin(), record.shape.end()));
    llvm::Expected<std::vector<float>> floats = store->readFloats(*entry);
    if (!floats)
      return floats.takeError();
    if (llvm::Error error = checkFinite(*floats, record.shape))
      return error;
    Datum datum;
    datum.floats = std::move(*floats);
    return datum;
  }

  /// An error that names the first NaN or infinity. Masks among constants hold infinities; checkpoints do not.
  llvm::Error checkFinite(ArrayRef<float> floats, ArrayRef<int64_t> shape) const {
    auto bad = llvm::find_if(floats, [](float value) { return !std::isfinite(value); });
    if (bad == floats.end())
      return llvm::Error::success();
    SmallVector<int64_t> position;
    int64_t rest = bad - floats.begin();
    for (int64_t size : llvm::reverse(shape)) {
      position.insert(position.begin(), rest % size);
      rest /= size;
    }
    return failure("tensor '{0}': the weight at [{1}] is {2}", record.name,
                   llvm::make_range(position.begin(), position.end()), std::isnan(*bad) ? "not a number" : "infinite");
  }

  llvm::Expected<Datum> readConstant(arith::ConstantOp op) {
    RankedTensorType type = typeOf(op.getResult());
    std::string name = "constant";
    if (auto named = dyn_cast<NameLoc>(op.getLoc()))
      name = named.getName().str();
    noteSource(name, type.getShape());
    Datum datum;
    if (!type.getElementType().isF32()) {
      std::optional<std::vector<uint8_t>> bytes = constantBytes(cast<ElementsAttr>(op.getValue()));
      if (!bytes)
        return failure("weight '{0}': constants of this element type cannot be weights", name);
      datum.kind = Datum::Bytes;
      datum.bytes = std::move(*bytes);
      return datum;
    }
    if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue())) {
      datum.floats.reserve(type.getNumElements());
      for (float value : dense.getValues<float>())
        datum.floats.push_back(value);
      return datum;
    }
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue())) {
      AsmResourceBlob *blob = resource.getRawHandle().getBlob();
      if (!blob || int64_t(blob->getData().size()) != type.getNumElements() * 4)
        return failure("weight '{0}': the resource '{1}' is missing or has the wrong size", name,
                       resource.getRawHandle().getKey());
      datum.floats.resize(type.getNumElements());
      std::memcpy(datum.floats.data(), blob->getData().data(), blob->getData().size());
      return datum;
    }
    return failure("weight '{0}': only dense and dense_resource constants can be weights", name);
  }

  llvm::Expected<Datum> ropeTable(nn::RopeTableOp op) {
    RankedTensorType type = typeOf(op.getResult());
    noteSource("rope_table", type.getShape());
    record.computed = true;
    int64_t context = type.getDimSize(0), half = type.getDimSize(1) / 2;
    double theta = op.getTheta().convertToDouble();
    Datum datum;
    datum.floats.resize(type.getNumElements());
    for (int64_t p = 0; p < context; ++p)
      for (int64_t i = 0; i < half; ++i) {
        double angle = double(p) * std::pow(theta, -double(i) / double(half));
        datum.floats[p * 2 * half + i] = float(std::cos(angle));
        datum.floats[p * 2 * half + half + i] = float(std::sin(angle));
      }
    return datum;
  }

  llvm::Expected<Datum> transposed(linalg::TransposeOp op) {
    llvm::Expected<Datum> source = evaluate(op.getInput());
    if (!source)
      return source;
    RankedTensorType type = typeOf(op.getInput());
    if (type.getRank() != 2 || op.getPermutation() != ArrayRef<int64_t>{1, 0})
      return failure("weight '{0}': only matrices can be transposed", record.name);
    int64_t rows = type.getDimSize(0), cols = type.getDimSize(1);
    Datum result;
    result.floats.resize(source->floats.size());
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t col = 0; col < cols; ++col)
        result.floats[col * rows + row] = source->floats[row * cols + col];
    return result;
  }

  llvm::Expected<Datum> permuted(lowbit::PermuteOp op) {
    llvm::Expected<Datum> source = evaluate(op.getSource());
    if (!source)
      return source;
    // [outer][size][inner], the middle one permuted.
    ArrayRef<int64_t> shape = typeOf(op.getSource()).getShape();
    int64_t size = shape[op.getDim()], inner = 1;
    for (int64_t extent : shape.drop_front(op.getDim() + 1))
      inner *= extent;
    Datum result;
    result.floats.reserve(source->floats.size());
    for (size_t outer = 0; outer < source->floats.size(); outer += size_t(size * inner))
      for (int64_t entry : op.getOrder()) {
        auto from = source->floats.begin() + int64_t(outer) + entry * inner;
        result.floats.insert(result.floats.end(), from, from + inner);
      }
    return result;
  }

  /// Floats as rows and columns; a vector is one row.
  static MatrixView viewOf(Value value, Datum &datum) {
    RankedTensorType type = typeOf(value);
    bool isVector = type.getRank() == 1;
    return {datum.floats, isVector ? 1 : type.getDimSize(0), type.getDimSize(isVector ? 0 : 1)};
  }

  llvm::Expected<Datum> equalized(lowbit::EqualizerOp op) {
    std::vector<double> weights(typeOf(op.getResult()).getDimSize(0));
    for (Value value : op.getWeights()) {
      llvm::Expected<Datum> matrix = evaluate(value);
      if (!matrix)
        return matrix;
      noteMagnitudes(viewOf(value, *matrix), op.getAxis() == lowbit::Axis::Columns, op.getRepeat(), op.getBlock(),
                     weights);
    }
    llvm::Expected<Datum> source = evaluate(op.getInputs()); // last: its name stays in the record
    if (!source)
      return source;
    std::vector<double> inputs(weights.size());
    MatrixView view = viewOf(op.getInputs(), *source);
    bool isVector = typeOf(op.getInputs()).getRank() == 1;
    noteMagnitudes(view, /*columns=*/isVector, 1, 1, inputs);
    Datum result;
    result.floats = equalizingScales(inputs, weights, op.getAlpha().convertToDouble(), op.getBeta().convertToDouble());
    return result;
  }

  llvm::Expected<Datum> scaled(lowbit::ScaleOp op) {
    llvm::Expected<Datum> scales = evaluate(op.getScales());
    if (!scales)
      return scales;
    llvm::Expected<Datum> source = evaluate(op.getSource());
    if (!source)
      return source;
    scaleChannels(viewOf(op.getSource(), *source), op.getAxis() == lowbit::Axis::Columns, op.getRepeat(), op.getBlock(),
                  op.getInverse(), scales->floats);
    return source;
  }

  llvm::Expected<Datum> rotated(lowbit::RotateOp op) {
    llvm::Expected<Datum> source = evaluate(op.getSource());
    if (!source)
      return source;
    rotateChannels(viewOf(op.getSource(), *source), op.getAxis() == lowbit::Axis::Columns, op.getBlock(), op.getSeed(),
                   options.threads);
    return source;
  }

  llvm::Expected<Datum> quantized(lowbit::QuantizeOp op) {
    llvm::Expected<Datum> source = evaluate(op.getSource());
    if (!source)
      return source;
    RankedTensorType type = typeOf(op.getSource());
    int64_t rows = type.getDimSize(0), cols = type.getDimSize(1);
    record.format = op.getFormat();
    record.bitsPerWeight = record.format.bitsPerWeight(rows, cols);
    llvm::Expected<QuantizedMatrix> matrix = quantizeOrTake(op, source->floats, rows, cols);
    if (!matrix)
      return matrix.takeError();
    record.relativeSquaredError = relativeSquaredError(source->floats, dequantize(*matrix));
    Datum result;
    result.kind = Datum::Matrix;
    result.matrix = std::move(*matrix);
    return result;
  }

  /// The matrix that replaces the quantized tensor, or what quantize() makes of it.
  llvm::Expected<QuantizedMatrix> quantizeOrTake(lowbit::QuantizeOp op, ArrayRef<float> floats, int64_t rows,
                                                 int64_t cols) const {
    if (options.replacements.quantized)
      if (std::optional<QuantizedMatrix> known = options.replacements.quantized(record.name, record.format)) {
        if (known->rows != rows || known->cols != cols || known->format != record.format)
          return failure("tensor '{0}': its replacement has another shape or format", record.name);
        return std::move(*known);
      }
    llvm::Expected<WeightRange> range = parseWeightRange(op.getWeightRange());
    if (!range)
      return range.takeError();
    return quantize(floats, rows, cols, record.format, *range, record.name, options.threads);
  }

  /// The floats that replace those of a chain, if any.
  const std::vector<float> *replacedFloats(Value chain) const {
    if (!options.replacements.floats || !typeOf(chain).getElementType().isF32())
      return nullptr;
    return options.replacements.floats(weightName(chain));
  }

  /// A matrix that is there after a step of the chain, with what the report says of it.
  llvm::Expected<Datum> matrixDatum(llvm::Expected<QuantizedMatrix> matrix) {
    if (!matrix)
      return matrix.takeError();
    record.format = matrix->format;
    record.bitsPerWeight = record.format.bitsPerWeight(matrix->rows, matrix->cols);
    Datum result;
    result.kind = Datum::Matrix;
    result.matrix = std::move(*matrix);
    return result;
  }

  /// The bytes of plain tensors.
  llvm::Error readParts(ValueRange values, std::vector<std::vector<uint8_t>> &parts) {
    for (Value value : values) {
      llvm::Expected<Datum> part = evaluate(value);
      if (!part)
        return part.takeError();
      if (part->kind == Datum::Floats) {
        const auto *begin = reinterpret_cast<const uint8_t *>(part->floats.data());
        part->bytes.assign(begin, begin + part->floats.size() * sizeof(float));
      }
      parts.push_back(std::move(part->bytes));
    }
    return llvm::Error::success();
  }

  llvm::Expected<Datum> encoded(lowbit::EncodeOp op) {
    RankedTensorType type = typeOf(op.getResult());
    auto format = cast<lowbit::FormatTypeInterface>(type.getElementType());
    // Without codes yet.
    lowbit::StorageComponent codes = format.getStorage(type.getShape()).front();
    std::vector<std::vector<uint8_t>> parts;
    parts.emplace_back(codes.getType().getNumElements());
    if (llvm::Error error = readParts(op.getParameters(), parts))
      return error;
    llvm::Expected<Datum> source = evaluateOrReplace(op.getSource()); // last: its name is the weight's
    if (!source)
      return source;
    llvm::Expected<QuantizedMatrix> matrix =
        fromCanonical(format.getFormat(), type.getDimSize(0), type.getDimSize(1), parts, record.name);
    if (matrix)
      if (llvm::Error error = encodeUniform(source->floats, *matrix, record.name))
        return error;
    if (matrix)
      record.relativeSquaredError = relativeSquaredError(source->floats, dequantize(*matrix));
    return matrixDatum(std::move(matrix));
  }

  llvm::Expected<Datum> assembled(lowbit::AssembleOp op) {
    RankedTensorType type = typeOf(op.getResult());
    std::vector<std::vector<uint8_t>> parts;
    if (llvm::Error error = readParts(op.getComponents(), parts))
      return error;
    noteSource(record.name, type.getShape());
    return matrixDatum(fromCanonical(cast<lowbit::FormatTypeInterface>(type.getElementType()).getFormat(),
                                     type.getDimSize(0), type.getDimSize(1), parts, record.name));
  }

  llvm::Expected<Datum> converted(lowbit::ConvertOp op) {
    llvm::Expected<Datum> source = evaluate(op.getSource());
    if (!source)
      return source;
    return matrixDatum(
        convertMatrix(*source->matrix, *lowbit::typeToFormat(typeOf(op.getResult()).getElementType()), record.name));
  }

  llvm::Expected<Datum> dequantized(lowbit::DequantizeOp op) {
    llvm::Expected<Datum> source = evaluate(op.getSource());
    if (!source)
      return source;
    Datum result;
    result.floats = dequantize(*source->matrix);
    return result;
  }

  llvm::Expected<Datum> packed(lowbit::PackOp op) {
    llvm::Expected<Datum> source = evaluateOrReplace(op.getSource());
    if (!source)
      return source;
    Datum result;
    result.kind = Datum::Bytes;
    RankedTensorType type = typeOf(op.getSource());
    if (source->kind == Datum::Matrix) {
      Layout layout = lowbit::toLayout(op.getLayout());
      if (StringRef(record.strategy).contains(kByteTables))
        record.tableError = byteTableError(*source->matrix, layout == Layout::Trits64);
      result.bytes = pack(*source->matrix, layout, options.threads);
      if (layout == Layout::Trits16 || layout == Layout::Trits64)
        record.bitsPerWeight += tritBitsPerWeight(GroupShape(record.format, type.getDimSize(1)), layout) - 2;
    } else {
      if (llvm::Error error = checkFinite(source->floats, type.getShape()))
        return error;
      result.bytes = packFloats(source->floats, type.getDimSize(0), type.getDimSize(1));
    }
    return result;
  }

  const TensorStore *store;
  const EvaluateOptions &options;
};

/// The strategy that a kernel's name begins with, as in "dot128_bcq2g16_36x36_t1"; empty for other functions.
StringRef strategyOfKernel(StringRef kernel) {
  for (StringRef prefix : {"lut16_bytes_", "lut128_bytes_", "lut_trits_bytes_"})
    if (kernel.starts_with(prefix))
      return kByteTables;
  StringRef name = kernel.take_while(llvm::isAlpha);
  if (name == "vdot")
    return "vector_dot";
  return llvm::is_contained({"dot", "lut", "popcount", "dequant", "gather"}, name) ? name : StringRef();
}

/// The strategy of the kernel that gets an argument of `kernel`, directly or from a merged one that calls it.
StringRef strategyOfArgument(ModuleOp module, StringRef kernel, unsigned argument) {
  auto function = module.lookupSymbol<func::FuncOp>(kernel);
  if (function && !function.isExternal() && argument < function.getNumArguments())
    for (OpOperand &use : function.getArgument(argument).getUses())
      if (auto call = dyn_cast<func::CallOp>(use.getOwner()))
        return strategyOfArgument(module, call.getCallee(), use.getOperandNumber());
  return strategyOfKernel(kernel);
}

/// How the functions of the module use each global: operations of stage 2, or calls of kernels in stage 3.
llvm::StringMap<std::string> findStrategies(ModuleOp module) {
  llvm::StringMap<std::string> strategies;
  auto note = [&](StringRef global, StringRef strategy) {
    std::string &text = strategies[global];
    if (StringRef(text).contains(strategy))
      return;
    text += (text.empty() ? "" : "+") + strategy.str();
  };
  module.walk([&](lowbit::GetGlobalOp get) {
    for (OpOperand &use : get->getUses()) {
      Operation *user = use.getOwner();
      StringRef name = user->getName().getStringRef();
      if (auto call = dyn_cast<func::CallOp>(user))
        name = strategyOfArgument(module, call.getCallee(), use.getOperandNumber());
      else if (auto launch = dyn_cast<simd::LaunchOp>(user))
        name = strategyOfArgument(module, launch.getKernel(),
                                  use.getOperandNumber() - launch.getArgs().getBeginOperandIndex());
      else if (auto lut = dyn_cast<lowbit::MatmulLutOp>(user); lut && lut.getByteTables())
        name = kByteTables;
      else if (!name.consume_front("lowbit.matmul_"))
        name = "";
      if (!name.empty())
        note(get.getName(), name);
      else if (isa<lowbit::GatherPackedOp>(user))
        note(get.getName(), "gather");
    }
  });
  return strategies;
}

constexpr uint64_t kAlignment = 64;
/// Most bytes between two weights, beyond alignment.
constexpr uint64_t kMaxRedzone = 4096;

/// The bytes of a global as stored.
llvm::Expected<std::vector<uint8_t>> bytesOf(Evaluator &evaluator, lowbit::GlobalOp global) {
  evaluator.record.name = global.getSymName().str();
  llvm::Expected<Datum> datum = evaluator.evaluateOrReplace(global.getYielded());
  if (!datum)
    return datum.takeError();
  assert(datum->kind != Datum::Matrix && "the verifier of lowbit.global wants plain elements");
  if (datum->kind == Datum::Bytes)
    return std::move(datum->bytes);
  const auto *first = reinterpret_cast<const uint8_t *>(datum->floats.data());
  return std::vector<uint8_t>(first, first + datum->floats.size() * sizeof(float));
}

} // namespace

llvm::Expected<std::vector<WeightRecord>> halftone::evaluateWeights(ModuleOp module, const TensorStore *store,
                                                                    llvm::raw_ostream &os,
                                                                    const EvaluateOptions &options) {
  llvm::StringMap<std::string> strategies = findStrategies(module);
  std::vector<lowbit::GlobalOp> globals;
  for (auto global : module.getOps<lowbit::GlobalOp>())
    globals.push_back(global);
  std::vector<WeightRecord> records;
  uint64_t start = os.tell();
  for (lowbit::GlobalOp global : globals) {
    Evaluator evaluator(store, options);
    auto strategy = strategies.find(global.getSymName());
    evaluator.record.strategy = strategy == strategies.end() ? "data" : strategy->second;
    llvm::Expected<std::vector<uint8_t>> bytes = bytesOf(evaluator, global);
    if (!bytes)
      return bytes.takeError();
    uint64_t least = llvm::alignTo(os.tell() - start, kAlignment), place = global.getOffset().value_or(UINT64_MAX);
    if (place < least || place - least > kMaxRedzone || place % kAlignment)
      return failure("weight '{0}' is not at its place; run lowbit-place-weights before", evaluator.record.name);
    os.write_zeros(start + place - os.tell());
    os.write(reinterpret_cast<const char *>(bytes->data()), bytes->size());
    evaluator.record.bytes = bytes->size();
    records.push_back(std::move(evaluator.record));
    if (options.progress)
      options.progress(records.size(), globals.size(), records.back());
  }
  uint64_t total = llvm::alignTo(os.tell() - start, kAlignment);
  auto expected = module->getAttrOfType<IntegerAttr>("lowbit.weight_bytes");
  if (!expected || uint64_t(expected.getInt()) != total)
    return failure("the module's weights take {0} bytes, which its attribute lowbit.weight_bytes does not say; run "
                   "lowbit-place-weights before",
                   total);
  os.write_zeros(start + total - os.tell());
  return records;
}

llvm::Expected<std::vector<uint8_t>> halftone::evaluateWeight(lowbit::GlobalOp global, const TensorStore *store,
                                                              const EvaluateOptions &options) {
  Evaluator evaluator(store, options);
  return bytesOf(evaluator, global);
}

llvm::Expected<std::vector<float>> halftone::evaluateFloats(lowbit::GlobalOp global, const TensorStore *store) {
  EvaluateOptions options;
  Evaluator evaluator(store, options);
  Value value = global.getYielded();
  while (isa<lowbit::PackOp, lowbit::QuantizeOp, lowbit::DequantizeOp>(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  llvm::Expected<Datum> datum = evaluator.evaluate(value);
  if (!datum)
    return datum.takeError();
  return std::move(datum->floats);
}

std::string halftone::weightNameOf(lowbit::GlobalOp global) { return weightName(global.getYielded()); }
