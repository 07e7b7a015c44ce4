//===- SearchEqualization.cpp - AWQ's search for exponents ----------------===//

#include "halftone/Compensate/SearchEqualization.h"
#include "Moments.h"
#include "Stream.h"
#include "halftone/Quantize/Compensate.h"
#include "halftone/Quantize/Rewrites.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace halftone;
using namespace llvm;
using compensate::Matrix;
using compensate::Stream;

/// Rows of a weight whose losses decide.
static constexpr int64_t sampleRows = 256;

namespace {

/// Some rows of a weight that reads the channels in hand.
struct Reader {
  Matrix rows;
  Format format;
  std::string name;
};

class Searcher {
public:
  Searcher(PieceProgram &program, const StringMap<Format> &formats, unsigned threads)
      : program(program), formats(formats), threads(threads) {}

  /// The exponent for the channels that a piece's products read.
  Expected<double> search(size_t piece, const Matrix &x, const EqualizedChannels &channels) {
    if (Error error = readWeights(piece))
      return std::move(error);
    int64_t count = x.cols / channels.repeat;
    std::vector<double> inputs(count), weights(count), means(x.cols);
    for (int64_t token = 0; token < x.rows; ++token)
      for (int64_t i = 0; i < x.cols; ++i)
        means[i] += std::abs(x.row(token)[i]);
    std::vector<float> magnitudes(means.begin(), means.end());
    noteMagnitudes({magnitudes, 1, x.cols}, /*columns=*/true, channels.repeat, channels.block, inputs);
    for (Reader &reader : readers)
      noteMagnitudes(viewOf(reader.rows), /*columns=*/true, channels.repeat, channels.block, weights);
    std::vector<double> gram = compensate::gramMatrix(x.values.data(), x.cols, x.rows, threads);
    double best = 0, least = HUGE_VAL;
    for (int step = 0; step <= kEqualizationSteps; ++step) {
      double alpha = double(step) / kEqualizationSteps;
      Expected<double> loss = lossOf(equalizingScales(inputs, weights, alpha, 0), channels, gram);
      if (!loss)
        return loss.takeError();
      if (*loss < least) {
        least = *loss;
        best = alpha;
      }
    }
    return best;
  }

private:
  static MatrixView viewOf(Matrix &m) { return {m.values, m.rows, m.cols}; }

  Error readWeights(size_t piece) {
    readers.clear();
    for (StringRef name : program.pieces()[piece].weights) {
      auto format = formats.find(name);
      if (format == formats.end() || format->second.kind == FormatKind::Float)
        continue;
      Expected<PieceProgram::Weight> weight = program.weight(piece, name);
      if (!weight)
        return weight.takeError();
      Reader reader{{std::min(sampleRows, weight->rows), weight->cols, {}}, format->second, name.str()};
      for (int64_t i = 0; i < reader.rows.rows; ++i) {
        auto row = weight->values.begin() + i * weight->rows / reader.rows.rows * weight->cols;
        reader.rows.values.insert(reader.rows.values.end(), row, row + weight->cols);
      }
      readers.push_back(std::move(reader));
    }
    return Error::success();
  }

  Expected<double> lossOf(ArrayRef<float> scales, const EqualizedChannels &channels, ArrayRef<double> gram) {
    double loss = 0;
    for (const Reader &reader : readers) {
      Matrix scaled = reader.rows;
      scaleChannels(viewOf(scaled), /*columns=*/true, channels.repeat, channels.block, /*inverse=*/false, scales);
      Expected<QuantizedMatrix> matrix =
          quantize(scaled.values, scaled.rows, scaled.cols, reader.format, reader.name, threads);
      if (!matrix)
        return matrix.takeError();
      scaled.values = dequantize(*matrix);
      scaleChannels(viewOf(scaled), /*columns=*/true, channels.repeat, channels.block, /*inverse=*/true, scales);
      loss += compensationLoss(reader.rows.values, scaled.values, scaled.rows, scaled.cols, gram);
    }
    return loss;
  }

  PieceProgram &program;
  const StringMap<Format> &formats;
  unsigned threads;
  std::vector<Reader> readers;
};

} // namespace

Expected<StringMap<double>> halftone::searchEqualization(mlir::ModuleOp model, const TensorStore *store,
                                                         ArrayRef<EqualizedChannels> classes,
                                                         const StringMap<Format> &formats,
                                                         ArrayRef<std::vector<int32_t>> sequences, unsigned threads) {
  Expected<std::unique_ptr<PieceProgram>> program = PieceProgram::compile(model, store, threads);
  if (!program)
    return program.takeError();
  std::vector<int32_t> tokens;
  std::vector<int64_t> lengths;
  for (const std::vector<int32_t> &sequence : sequences) {
    lengths.push_back(int64_t(sequence.size()));
    tokens.insert(tokens.end(), sequence.begin(), sequence.end());
  }
  StringMap<double> exponents;
  Searcher searcher(**program, formats, threads);
  Stream stream;
  ArrayRef<Piece> pieces = (*program)->pieces();
  for (size_t index = 0; index < pieces.size(); ++index) {
    const Piece &piece = pieces[index];
    for (const EqualizedChannels &channels : classes)
      if (is_contained(piece.weights, channels.weight)) {
        Expected<double> found = searcher.search(index, stream[piece.input], channels);
        if (!found)
          return found.takeError();
        exponents[channels.weight] = *found;
      }
    if (index + 1 == pieces.size())
      break;
    if (Error error = (*program)->load(index, WeightReplacements()))
      return std::move(error);
    Expected<Stream> next = compensate::runPiece(**program, index, tokens, lengths, stream);
    if (!next)
      return next.takeError();
    stream = std::move(*next);
  }
  return std::move(exponents);
}
