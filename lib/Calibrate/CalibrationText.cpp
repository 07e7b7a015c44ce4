//===- CalibrationText.cpp - Tokens to calibrate on -----------------------===//

#include "halftone/Calibrate/CalibrationText.h"
#include "halftone/tokenizer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace halftone;
using namespace llvm;

static constexpr StringLiteral separator = "<|endoftext|>";

template <typename... Ts>
static Error failure(const char *format, Ts &&...args) {
  return createStringError(formatv(format, std::forward<Ts>(args)...).str());
}

static int64_t sequenceLength(const ObservedProgram &program) {
  return std::min(program.context(), kCalibrationSequence);
}

//===----------------------------------------------------------------------===//
// CalibrationData
//===----------------------------------------------------------------------===//

int64_t CalibrationData::tokens() const {
  int64_t count = 0;
  for (const std::vector<int32_t> &sequence : sequences)
    count += int64_t(sequence.size());
  return count;
}

std::string CalibrationData::hash() const {
  BLAKE3 hasher;
  auto add = [&](uint64_t value) {
    uint8_t bytes[8];
    support::endian::write64le(bytes, value);
    hasher.update(bytes);
  };
  for (const std::vector<int32_t> &sequence : sequences) {
    add(sequence.size());
    for (int32_t token : sequence)
      add(uint64_t(token));
  }
  return toHex(hasher.final<16>(), /*LowerCase=*/true);
}

//===----------------------------------------------------------------------===//
// Given text
//===----------------------------------------------------------------------===//

Expected<std::string> halftone::readCalibrationText(StringRef path) {
  if (sys::fs::is_directory(path))
    return failure("'{0}' is a folder, expected a text file to calibrate on", path);
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return failure("cannot read the calibration text '{0}': {1}", path, buffer.getError().message());
  StringRef text = (*buffer)->getBuffer();
  size_t offset = 0;
  if (!json::isUTF8(text, &offset))
    return failure(
        "the calibration text '{0}' is not UTF-8: byte 0x{1:x-2} at offset {2}; convert it, for example with "
        "iconv",
        path, uint8_t(text[offset]), offset);
  if (text.trim().empty())
    return failure("the calibration text '{0}' is empty", path);
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r')
      result += text[i];
    else if (i + 1 == text.size() || text[i + 1] != '\n')
      result += '\n';
  return result;
}

namespace {
struct FreeTokenizer {
  void operator()(halftone_tokenizer *tokenizer) const { halftone_tokenizer_free(tokenizer); }
};
} // namespace

static Expected<std::vector<int32_t>> tokenize(const halftone_tokenizer *tokenizer, StringRef text) {
  size_t count = 0;
  if (halftone_tokenize(tokenizer, text.data(), text.size(), nullptr, 0, &count) != HALFTONE_OK)
    return createStringError(halftone_last_error());
  std::vector<int32_t> ids(count);
  if (halftone_tokenize(tokenizer, text.data(), text.size(), ids.data(), count, &count) != HALFTONE_OK)
    return createStringError(halftone_last_error());
  return ids;
}

Expected<CalibrationData> halftone::tokenizeCalibrationText(const ObservedProgram &program, StringRef text,
                                                            StringRef path, int64_t most) {
  halftone_tokenizer *created = nullptr;
  halftone_status status = halftone_tokenizer_create(program.program(), &created);
  if (status == HALFTONE_NO_TOKENIZER)
    return failure("the calibration text '{0}' cannot be tokenized: the model has no tokenizer; calibrate on text that "
                   "the model writes itself (self)",
                   path);
  if (status != HALFTONE_OK)
    return createStringError(halftone_last_error());
  std::unique_ptr<halftone_tokenizer, FreeTokenizer> tokenizer(created);

  CalibrationData data;
  data.source = path.str();
  int64_t total = 0;
  for (StringRef rest = text; !rest.empty() && total < most;) {
    StringRef document;
    std::tie(document, rest) = rest.split(separator);
    document = document.trim();
    if (document.empty())
      continue;
    Expected<std::vector<int32_t>> ids = tokenize(tokenizer.get(), document);
    if (!ids)
      return ids.takeError();
    for (size_t at = 0; at < ids->size() && total < most;) {
      std::vector<int32_t> sequence;
      if (program.bos() >= 0)
        sequence.push_back(program.bos());
      int64_t room = std::min(sequenceLength(program), most - total) - int64_t(sequence.size());
      int64_t count = std::min(room, int64_t(ids->size() - at));
      if (count <= 0)
        break;
      sequence.insert(sequence.end(), ids->begin() + at, ids->begin() + at + count);
      at += size_t(count);
      total += int64_t(sequence.size());
      data.sequences.push_back(std::move(sequence));
    }
    if (most - total < 2)
      break;
  }
  if (data.tokens() < kLeastCalibrationTokens)
    return failure("the calibration text '{0}' is too short: it has {1} tokens, at least {2} are needed", path,
                   data.tokens(), kLeastCalibrationTokens);
  return data;
}

//===----------------------------------------------------------------------===//
// The model's own text
//===----------------------------------------------------------------------===//

namespace {
/// Draws tokens at temperature 1.
class Writer {
public:
  ~Writer() { halftone_sampler_free(sampler); }

  Error create(int64_t vocabulary, uint64_t seed) {
    halftone_sampling sampling = halftone_sampling_default();
    sampling.temperature = 1;
    sampling.seed = seed;
    uniform.assign(size_t(vocabulary), 0.0f);
    return toError(halftone_sampler_create(vocabulary, &sampling, &sampler));
  }
  Expected<int32_t> draw(ArrayRef<float> logits) {
    int32_t token = 0;
    if (Error error = toError(halftone_sample(sampler, logits.data(), &token)))
      return std::move(error);
    return token;
  }
  /// Any token, each as likely as the others.
  Expected<int32_t> drawAny() { return draw(uniform); }

private:
  static Error toError(halftone_status status) {
    return status == HALFTONE_OK ? Error::success() : createStringError(halftone_last_error());
  }
  halftone_sampler *sampler = nullptr;
  std::vector<float> uniform;
};
} // namespace

/// Appends at most `room` tokens to the sequence, which has its first; the end token is not among them.
static Error writeSequence(ObservedProgram &program, Writer &writer, std::vector<int32_t> &sequence, int64_t room,
                           function_ref<void()> onToken) {
  while (int64_t(sequence.size()) < room) {
    Expected<ArrayRef<float>> logits = program.step(sequence.back(), sequence.size() == 1);
    if (!logits)
      return logits.takeError();
    Expected<int32_t> token = writer.draw(*logits);
    if (!token)
      return token.takeError();
    if (*token == program.eos())
      break;
    sequence.push_back(*token);
    onToken();
  }
  return Error::success();
}

Expected<CalibrationData> halftone::generateCalibrationText(ObservedProgram &program, uint64_t seed, int64_t tokens,
                                                            std::function<void(int64_t)> progress) {
  if (tokens < kLeastCalibrationTokens)
    return failure("{0} tokens are too few to calibrate on; at least {1} are needed", tokens, kLeastCalibrationTokens);
  Writer writer;
  if (Error error = writer.create(program.vocabulary(), seed))
    return std::move(error);
  CalibrationData data;
  data.source = formatv("self, seed {0}", seed).str();
  int64_t written = 0;
  unsigned empty = 0; // sequences in a row
  while (written < tokens) {
    Expected<int32_t> first = program.bos() >= 0 ? Expected<int32_t>(program.bos()) : writer.drawAny();
    if (!first)
      return first.takeError();
    std::vector<int32_t> sequence{*first};
    auto onToken = [&] {
      if (progress)
        progress(written + int64_t(sequence.size()));
    };
    if (Error error =
            writeSequence(program, writer, sequence, std::min(sequenceLength(program), tokens - written), onToken))
      return std::move(error);
    if (sequence.size() > 1 || written + 1 == tokens) {
      written += int64_t(sequence.size());
      data.sequences.push_back(std::move(sequence));
      empty = 0;
    } else if (++empty == 100) {
      return createStringError("the model writes no text of its own to calibrate on: its first token is its end token; "
                               "give it a text");
    }
  }
  return data;
}
