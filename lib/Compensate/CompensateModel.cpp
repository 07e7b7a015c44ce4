//===- CompensateModel.cpp - Error compensation of whole models -----------===//

#include "halftone/Compensate/CompensateModel.h"
#include "Moments.h"
#include "Stream.h"
#include "halftone/Compensate/PieceProgram.h"
#include "halftone/Pack/Pack.h"
#include "halftone/Quantize/Rewrites.h"
#include "halftone/Transforms/Biases.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <list>

using namespace halftone;
using namespace llvm;
using compensate::Matrix;
using compensate::Stream;

/// Tokens, and rows of the weights, on which the errors in the report are measured.
static constexpr int64_t sampleTokens = 256, sampleRows = 256;

WeightReplacements CompensatedModel::replacements() const {
  WeightReplacements replacements;
  replacements.quantized = [this](StringRef name, const Format &format) -> std::optional<QuantizedMatrix> {
    auto found = tensors.find(name);
    if (found == tensors.end() || found->second.format != format)
      return std::nullopt;
    const CompensatedTensor &tensor = found->second;
    return unpack(tensor.packed, tensor.format, tensor.rows, tensor.cols, Layout::Rows16);
  };
  replacements.floats = [this](StringRef name) -> const std::vector<float> * {
    if (auto found = biases.find(name); found != biases.end())
      return &found->second;
    auto found = gains.find(name);
    return found == gains.end() ? nullptr : &found->second;
  };
  return replacements;
}

namespace {

Matrix transposed(const Matrix &m) {
  Matrix result{m.cols, m.rows, std::vector<float>(m.values.size())};
  for (int64_t i = 0; i < m.rows; ++i)
    for (int64_t j = 0; j < m.cols; ++j)
      result.values[j * m.rows + i] = m.values[i * m.cols + j];
  return result;
}

/// x W^T for rows x, as [rows of x][rows of W].
std::vector<double> product(const Matrix &x, const Matrix &w, unsigned threads) {
  Matrix xt = transposed(x), wt = transposed(w);
  return compensate::sumOfProducts(xt.values.data(), x.rows, wt.values.data(), w.rows, x.cols, threads);
}

class ModelCompensator {
public:
  ModelCompensator(PieceProgram &program, const StringMap<Format> &formats, const CompensateModelOptions &options)
      : program(program), formats(formats), options(options) {}

  Expected<CompensatedModel> run(ArrayRef<std::vector<int32_t>> sequences) {
    for (const std::vector<int32_t> &sequence : sequences) {
      lengths.push_back(int64_t(sequence.size()));
      tokens.insert(tokens.end(), sequence.begin(), sequence.end());
    }
    ArrayRef<Piece> pieces = program.pieces();
    for (size_t piece = 0; piece < pieces.size(); ++piece) {
      if (Error error = quantizeGroup(piece))
        return std::move(error);
      if (options.progress && piece > 0)
        options.progress(piece, pieces.size() - 1, pieces[piece].weights.back());
      // Nobody reads what the last piece computes, the logits.
      if (piece + 1 < pieces.size())
        if (Error error = advance(piece))
          return std::move(error);
    }
    return std::move(result);
  }

private:
  int64_t count() const { return int64_t(tokens.size()); }

  /// Runs a piece on both streams.
  Error advance(size_t piece) {
    bool changes = piece > 0 && any_of(program.pieces()[piece].weights,
                                       [&](const std::string &name) { return result.tensors.contains(name); });
    WeightReplacements replacements;
    std::vector<float> values;
    replacements.floats = [&](StringRef name) -> const std::vector<float> * {
      auto found = result.biases.find(name);
      if (found == result.biases.end())
        return nullptr;
      values.assign(found->second.size(), 0.0f); // the float model has none
      return &values;
    };
    if (Error error = program.load(piece, replacements))
      return error;
    Expected<Stream> next = runPiece(piece, floats);
    if (!next)
      return next.takeError();
    if (same && !changes) {
      floats = std::move(*next);
      return Error::success();
    }
    replacements.floats = [&](StringRef name) -> const std::vector<float> * {
      if (auto bias = result.biases.find(name); bias != result.biases.end())
        return &bias->second;
      auto found = result.tensors.find(name);
      if (found == result.tensors.end())
        return nullptr;
      values = valuesOf(found->second);
      return &values;
    };
    if (Error error = program.load(piece, replacements))
      return error;
    Expected<Stream> nextQuantized = runPiece(piece, same ? floats : quantized);
    if (!nextQuantized)
      return nextQuantized.takeError();
    floats = std::move(*next);
    quantized = std::move(*nextQuantized);
    same = false;
    return Error::success();
  }

  Expected<Stream> runPiece(size_t index, const Stream &stream) {
    return compensate::runPiece(program, index, tokens, lengths, stream);
  }

  /// Quantizes the weights whose products begin a piece.
  Error quantizeGroup(size_t index) {
    const Piece &piece = program.pieces()[index];
    bool named = any_of(piece.weights, [&](const std::string &name) { return formats.contains(name); });
    if (!named)
      return Error::success();
    const Matrix &x = inputOf(floats, piece), &seen = same ? x : inputOf(quantized, piece);
    gram = compensate::gramMatrix(seen.values.data(), seen.cols, count(), options.threads);
    cross.clear();
    if (!same && options.floatOutputs) {
      // sum over tokens of (x - x') x'^T.
      std::vector<float> difference(x.values.size());
      for (size_t i = 0; i < difference.size(); ++i)
        difference[i] = x.values[i] - seen.values[i];
      std::vector<double> sums =
          compensate::sumOfProducts(difference.data(), x.cols, seen.values.data(), x.cols, count(), options.threads);
      cross.assign(sums.begin(), sums.end());
    }
    if (options.biases)
      centerMoments(x, seen);
    for (auto [name, residual] : zip_equal(piece.weights, piece.residuals))
      if (formats.contains(name))
        if (Error error = quantizeWeight(index, name, residual))
          return error;
    compensators.clear();
    if (options.tuneGains && !piece.gain.empty())
      if (Error error = tuneGain(index))
        return error;
    if (options.biases)
      return findBiases(index);
    return Error::success();
  }

  /// The mean of each column.
  static std::vector<double> meanOf(const Matrix &m) {
    std::vector<double> means(m.cols);
    for (int64_t i = 0; i < m.rows; ++i)
      for (int64_t j = 0; j < m.cols; ++j)
        means[j] += m.row(i)[j];
    for (double &mean : means)
      mean /= double(std::max<int64_t>(m.rows, 1));
    return means;
  }

  /// Makes the moments those of deviations from the means, since a bias answers for the means.
  void centerMoments(const Matrix &x, const Matrix &seen) {
    std::vector<double> wanted = meanOf(x), means = meanOf(seen);
    int64_t cols = seen.cols;
    for (int64_t i = 0; i < cols; ++i)
      for (int64_t j = 0; j < cols; ++j) {
        gram[i * cols + j] -= double(count()) * (means[i] * means[j]);
        if (!cross.empty())
          cross[i * cols + j] -= float(double(count()) * (wanted[i] - means[i]) * means[j]);
      }
    for (int64_t i = 0; i < cols; ++i) // a constant input leaves rounding errors
      gram[i * cols + i] = std::max(gram[i * cols + i], 0.0);
  }

  /// E[y - W' x'] of a product: what its outputs are to be shifted by, the residual stream's difference included.
  std::vector<float> biasOf(const Piece &piece, const Matrix &weights, const Matrix &stored, int64_t residual) const {
    std::vector<double> wanted = meanOf(inputOf(floats, piece));
    std::vector<double> means = same ? wanted : meanOf(inputOf(quantized, piece));
    std::vector<float> bias = biasCorrection(weights.values, stored.values, means);
    std::vector<double> drift(weights.rows);
    if (!same && residual >= 0)
      drift = meanOf(residualDifference(residual));
    for (int64_t row = 0; row < weights.rows; ++row) {
      for (int64_t i = 0; i < weights.cols; ++i)
        drift[row] += double(weights.row(row)[i]) * (wanted[i] - means[i]);
      bias[row] += float(drift[row]);
    }
    return bias;
  }

  Error findBiases(size_t index) {
    const Piece &piece = program.pieces()[index];
    for (auto [name, residual] : zip_equal(piece.weights, piece.residuals)) {
      auto found = result.tensors.find(name);
      if (found == result.tensors.end())
        continue;
      Expected<PieceProgram::Weight> weight = program.weight(index, name);
      if (!weight)
        return weight.takeError();
      Matrix weights{weight->rows, weight->cols, std::move(weight->values)}, stored = weights;
      stored.values = valuesOf(found->second);
      result.biases[correctionOf(name)] = biasOf(piece, weights, stored, residual);
    }
    return Error::success();
  }

  /// The factored Gram matrix of the group in hand, for a format's groups of columns.
  Expected<const Compensator *> compensatorFor(const Format &format, int64_t cols, StringRef name) {
    for (auto &[size, compensator] : compensators)
      if (size == format.groupSize(cols))
        return &compensator;
    Expected<Compensator> created = Compensator::create(gram, cols, format, options.numerics, name, options.threads);
    if (!created)
      return created.takeError();
    compensators.emplace_back(format.groupSize(cols), std::move(*created));
    return &compensators.back().second;
  }

  const Matrix &inputOf(const Stream &stream, const Piece &piece) const { return stream[piece.input]; }

  /// The float model's residual stream minus that of the quantized one, [tokens][width].
  Matrix residualDifference(int64_t argument) const {
    Matrix difference = floats[argument];
    for (size_t i = 0; i < difference.values.size(); ++i)
      difference.values[i] -= quantized[argument].values[i];
    return difference;
  }

  static void center(Matrix &m) {
    std::vector<double> means = meanOf(m);
    for (size_t i = 0; i < m.values.size(); ++i)
      m.values[i] -= float(means[i % means.size()]);
  }

  /// sum over tokens of (y - W x') x'^T, where y is the float output, with the residual stream's difference.
  std::vector<double> missingOutput(const Piece &piece, const Matrix &weights, int64_t residual) const {
    Matrix wt = transposed(weights);
    std::vector<double> missing = compensate::sumOfProducts(wt.values.data(), weights.rows, cross.data(), weights.cols,
                                                            weights.cols, options.threads);
    if (residual >= 0) {
      Matrix difference = residualDifference(residual);
      const Matrix &seen = inputOf(quantized, piece);
      if (options.biases)
        center(difference);
      std::vector<double> more = compensate::sumOfProducts(difference.values.data(), weights.rows, seen.values.data(),
                                                           weights.cols, count(), options.threads);
      for (auto [sum, term] : zip_equal(missing, more))
        sum += term;
    }
    return missing;
  }

  Error quantizeWeight(size_t index, StringRef name, int64_t residual) {
    const Piece &piece = program.pieces()[index];
    Expected<PieceProgram::Weight> weight = program.weight(index, name);
    if (!weight)
      return weight.takeError();
    Matrix weights{weight->rows, weight->cols, std::move(weight->values)};
    const Format &format = formats.find(name)->second;
    if (options.plain)
      return keepPlain(piece, weights, residual, format, name);
    Expected<const Compensator *> compensator = compensatorFor(format, weights.cols, name);
    if (!compensator)
      return compensator.takeError();
    std::vector<float> target = weights.values;
    if (!cross.empty()) {
      std::vector<double> missing = missingOutput(piece, weights, residual);
      Expected<std::vector<float>> better = (*compensator)->target(weights.values, weights.rows, missing, name);
      if (!better)
        return better.takeError();
      target = std::move(*better);
    }
    Expected<QuantizedMatrix> matrix = options.adaRound ? rounded(target, weights, format, name)
                                                        : (*compensator)->quantize(target, weights.rows, format, name);
    if (!matrix)
      return matrix.takeError();
    return keep(piece, weights, residual, *matrix, name);
  }

  Error keep(const Piece &piece, const Matrix &weights, int64_t residual, const QuantizedMatrix &matrix,
             StringRef name) {
    CompensatedTensor &tensor = result.tensors[name];
    tensor.format = matrix.format;
    tensor.rows = weights.rows;
    tensor.cols = weights.cols;
    tensor.packed = pack(matrix, Layout::Rows16, options.threads);
    return measure(piece, weights, residual, matrix, tensor);
  }

  Error keepPlain(const Piece &piece, const Matrix &weights, int64_t residual, const Format &format, StringRef name) {
    WeightRange range = format.kind == FormatKind::Rtn ? *options.plain : WeightRange();
    Expected<QuantizedMatrix> matrix =
        halftone::quantize(weights.values, weights.rows, weights.cols, format, range, name, options.threads);
    if (!matrix)
      return matrix.takeError();
    return keep(piece, weights, residual, *matrix, name);
  }

  /// AdaRound of what the weights are to become.
  Expected<QuantizedMatrix> rounded(ArrayRef<float> target, const Matrix &weights, const Format &format,
                                    StringRef name) const {
    Expected<AdaRoundResult> result =
        adaRound(target, weights.rows, weights.cols, format, gram, *options.adaRound, name, options.threads);
    if (!result)
      return result.takeError();
    return std::move(result->matrix);
  }

  /// Factors c of the group's inputs that bring its outputs nearest to those of the float model: least squares of
  /// sum |y - W' (c x')|^2 over all products, whose normal matrix is (W'^T W') * H, element by element. They go into
  /// the gain of the norm that gives the inputs.
  Error tuneGain(size_t index) {
    const Piece &piece = program.pieces()[index];
    int64_t cols = inputOf(floats, piece).cols;
    std::vector<double> normal(cols * cols), missing(cols);
    for (StringRef name : piece.weights) {
      Expected<PieceProgram::Weight> weight = program.weight(index, name);
      if (!weight)
        return weight.takeError();
      Matrix weights{weight->rows, weight->cols, std::move(weight->values)}, stored = weights;
      if (auto found = result.tensors.find(name); found != result.tensors.end())
        stored.values = valuesOf(found->second);
      std::vector<double> square = compensate::gramMatrix(stored.values.data(), cols, stored.rows, options.threads);
      for (size_t i = 0; i < normal.size(); ++i)
        normal[i] += square[i] * gram[i];
      addMissing(weights, stored, missing);
    }
    Format columns; // no groups are quantized here
    columns.group = 1;
    CompensateOptions damped = options.numerics;
    damped.order = ColumnOrder::Natural;
    Expected<Compensator> compensator = Compensator::create(normal, cols, columns, damped, piece.gain, options.threads);
    if (!compensator)
      return compensator.takeError();
    std::vector<float> ones(cols, 1.0f);
    Expected<std::vector<float>> factors = compensator->target(ones, 1, missing, piece.gain);
    if (!factors)
      return factors.takeError();
    return applyGain(index, *factors);
  }

  /// Adds diag(W'^T sum (y - W' x') x'^T).
  void addMissing(const Matrix &weights, const Matrix &stored, std::vector<double> &missing) const {
    // sum y x'^T = W (sum x x'^T), and sum x x'^T = H + cross.
    std::vector<float> moments(gram.begin(), gram.end()), seen = moments;
    for (size_t i = 0; i < cross.size(); ++i)
      moments[i] += cross[i];
    Matrix wt = transposed(weights), st = transposed(stored);
    int64_t rows = weights.rows, cols = weights.cols;
    std::vector<double> wanted =
        compensate::sumOfProducts(wt.values.data(), rows, moments.data(), cols, cols, options.threads);
    std::vector<double> present =
        compensate::sumOfProducts(st.values.data(), rows, seen.data(), cols, cols, options.threads);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = 0; i < cols; ++i)
        missing[i] += double(stored.row(row)[i]) * (wanted[row * cols + i] - present[row * cols + i]);
  }

  /// Multiplies the gain and the inputs of the quantized model by factors.
  Error applyGain(size_t index, ArrayRef<float> factors) {
    const Piece &piece = program.pieces()[index];
    Expected<std::vector<float>> gain = program.vector(index - 1, piece.gain);
    if (!gain)
      return gain.takeError();
    if (same)
      quantized = floats;
    same = false;
    Matrix &inputs = quantized[piece.input];
    for (size_t i = 0; i < inputs.values.size(); ++i)
      inputs.values[i] *= factors[i % factors.size()];
    for (auto [value, factor] : zip_equal(*gain, factors))
      value *= factor;
    result.gains[piece.gain] = std::move(*gain);
    return Error::success();
  }

  static std::vector<float> valuesOf(const CompensatedTensor &tensor) {
    return dequantize(unpack(tensor.packed, tensor.format, tensor.rows, tensor.cols, Layout::Rows16));
  }

  /// Some rows of a matrix, evenly spread.
  static Matrix sample(const Matrix &all, int64_t most) {
    Matrix some{std::min(most, all.rows), all.cols, {}};
    for (int64_t i = 0; i < some.rows; ++i) {
      const float *row = all.row(i * all.rows / some.rows);
      some.values.insert(some.values.end(), row, row + all.cols);
    }
    return some;
  }

  /// Relative squared errors of some outputs on some tokens: with plain quantization and as stored.
  Error measure(const Piece &piece, const Matrix &weights, int64_t residual, const QuantizedMatrix &matrix,
                CompensatedTensor &tensor) const {
    Matrix x = sample(inputOf(floats, piece), sampleTokens);
    Matrix seen = same ? x : sample(inputOf(quantized, piece), sampleTokens);
    Matrix rows = sample(weights, sampleRows),
           stored = sample({matrix.rows, matrix.cols, dequantize(matrix)}, sampleRows);
    Expected<QuantizedMatrix> plain =
        quantize(rows.values, rows.rows, rows.cols, matrix.format, "sample", options.threads);
    if (!plain)
      return plain.takeError();
    std::vector<double> wanted = product(x, rows, options.threads);
    double energy = 0;
    for (double y : wanted)
      energy += y * y;
    if (!same && residual >= 0) {
      Matrix a = sample(floats[residual], sampleTokens), b = sample(quantized[residual], sampleTokens);
      for (int64_t token = 0; token < a.rows; ++token)
        for (int64_t i = 0; i < rows.rows; ++i) {
          int64_t output = i * weights.rows / rows.rows;
          wanted[token * rows.rows + i] += double(a.row(token)[output]) - b.row(token)[output];
        }
    }
    std::vector<float> bias(rows.rows);
    if (options.biases) {
      std::vector<float> all = biasOf(piece, weights, {matrix.rows, matrix.cols, dequantize(matrix)}, residual);
      for (int64_t i = 0; i < rows.rows; ++i)
        bias[i] = all[i * weights.rows / rows.rows];
    }
    auto errorOf = [&](Matrix approximation, ArrayRef<float> bias = {}) {
      std::vector<double> outputs = product(seen, approximation, options.threads);
      for (size_t i = 0; i < outputs.size() && !bias.empty(); ++i)
        outputs[i] += bias[i % bias.size()];
      double error = 0;
      for (auto [y, output] : zip_equal(wanted, outputs))
        error += (y - output) * (y - output);
      return energy > 0 ? error / energy : 0.0;
    };
    tensor.plainError = errorOf({rows.rows, rows.cols, dequantize(*plain)});
    tensor.error = errorOf(std::move(stored), bias);
    return Error::success();
  }

  PieceProgram &program;
  const StringMap<Format> &formats;
  const CompensateModelOptions &options;
  std::vector<int64_t> lengths; ///< of the sequences
  std::vector<int32_t> tokens;  ///< of all sequences
  Stream floats, quantized;     ///< into the next piece
  bool same = true;             ///< `quantized` is `floats`, and not there
  /// Of the group in hand: sum of x' x'^T, and of (x - x') x'^T where the models differ.
  std::vector<double> gram;
  std::vector<float> cross;
  /// Of the group in hand, by the size of a format's groups.
  std::list<std::pair<int64_t, Compensator>> compensators;
  CompensatedModel result;
};

} // namespace

static Error checkSequences(ArrayRef<std::vector<int32_t>> sequences, const LanguageModel &model) {
  if (all_of(sequences, [](const std::vector<int32_t> &sequence) { return sequence.empty(); }))
    return createStringError("there are no tokens to calibrate on");
  for (const std::vector<int32_t> &sequence : sequences) {
    if (int64_t(sequence.size()) > model.context)
      return createStringError("a sequence of " + Twine(sequence.size()) + " tokens is longer than the context, " +
                               Twine(model.context));
    for (int32_t token : sequence)
      if (token < 0 || token >= model.vocabulary)
        return createStringError("token " + Twine(token) + " is outside of the vocabulary of " +
                                 Twine(model.vocabulary));
  }
  return Error::success();
}

Expected<CompensatedModel> halftone::compensateModel(mlir::ModuleOp model, const TensorStore *store,
                                                     const StringMap<Format> &formats,
                                                     ArrayRef<std::vector<int32_t>> sequences,
                                                     const CompensateModelOptions &options) {
  Expected<LanguageModel> language = LanguageModel::describe(model);
  if (!language)
    return language.takeError();
  if (Error error = checkSequences(sequences, *language))
    return std::move(error);
  Expected<std::unique_ptr<PieceProgram>> program = PieceProgram::compile(model, store, options.threads);
  if (!program)
    return program.takeError();
  return ModelCompensator(**program, formats, options).run(sequences);
}
