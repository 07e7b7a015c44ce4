//===- StatisticsFile.cpp - Reading statistics that may be damaged --------===//

#include "StatisticsFormat.h"
#include "halftone/Calibrate/Statistics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include <cmath>

using namespace halftone;
using namespace llvm;

Error StatisticsFile::damaged(const Twine &what) const {
  return createStringError("'" + store.files().front() + "': damaged statistics: " + what + "; calibrate again");
}

template <typename T>
Error StatisticsFile::readVector(const Twine &name, ElementKind kind, int64_t size, std::vector<T> &values) const {
  std::string text = name.str();
  const TensorEntry *entry = store.find(text);
  if (!entry)
    return damaged("tensor '" + text + "' is missing");
  if (entry->kind != kind || entry->shape.size() != 1 || (size >= 0 && entry->shape[0] != size))
    return damaged("tensor '" + text + "' has another type or shape than the metadata says");
  ArrayRef<uint8_t> bytes = store.bytes(*entry);
  values.resize(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = support::endian::read<T, endianness::little>(bytes.data() + i * sizeof(T));
    if constexpr (std::is_floating_point_v<T>)
      if (!std::isfinite(values[i]))
        return damaged("tensor '" + text + "' holds a value that is not finite");
  }
  return Error::success();
}

Error StatisticsFile::readTokens() {
  std::vector<int32_t> tokens, lengths;
  if (Error error = readVector(kTokensTensor, ElementKind::I32, -1, tokens))
    return error;
  if (Error error = readVector(kLengthsTensor, ElementKind::I32, -1, lengths))
    return error;
  size_t at = 0;
  for (int32_t length : lengths) {
    if (length < 1 || size_t(length) > tokens.size() - at)
      return damaged("the lengths of its sequences do not add up to its tokens");
    calibration.sequences.emplace_back(tokens.begin() + at, tokens.begin() + at + length);
    at += size_t(length);
  }
  const std::string *hash = store.metadata("data"), *source = store.metadata("source");
  if (at != tokens.size() || !hash || *hash != calibration.hash())
    return damaged("its tokens are not those that it was made of");
  if (source)
    calibration.source = *source;
  return Error::success();
}

/// A positive integer of an object.
static std::optional<int64_t> positive(const json::Object &object, StringRef key) {
  std::optional<int64_t> value = object.getInteger(key);
  return value && *value > 0 ? value : std::nullopt;
}

Error StatisticsFile::readSite(const json::Object &description) {
  SiteStatistics site;
  const json::Array *weights = description.getArray("weights");
  std::optional<int64_t> tokens = positive(description, "tokens"), cols = positive(description, "cols");
  std::optional<double> range = description.getNumber("histogram_range");
  if (!weights || weights->empty() || !tokens || !cols || !range || !(*range >= 0 && std::isfinite(*range)))
    return damaged("the description of a site in the metadata is incomplete");
  for (const json::Value &weight : *weights) {
    if (!weight.getAsString())
      return damaged("a site in the metadata has a weight without a name");
    site.weights.push_back(weight.getAsString()->str());
  }
  std::optional<StringRef> kind = description.getString("value");
  for (ObservedValue value : {ObservedValue::Input, ObservedValue::Output, ObservedValue::Sum})
    if (kind == statisticsKind(value)) {
      site.value = value;
      kind.reset();
      break;
    }
  if (kind || !description.getString("value"))
    return damaged("the description of a site in the metadata is incomplete");
  site.tokens = *tokens;
  site.cols = *cols;
  auto name = [&](StringRef what) { return statisticsTensor(site.weights.front(), site.value, what); };
  if (Error error = readVector(name("min"), ElementKind::F32, *cols, site.min))
    return error;
  if (Error error = readVector(name("max"), ElementKind::F32, *cols, site.max))
    return error;
  if (Error error = readVector(name("sum"), ElementKind::F64, *cols, site.sum))
    return error;
  if (Error error = readVector(name("sum_magnitudes"), ElementKind::F64, *cols, site.sumMagnitudes))
    return error;
  if (Error error = readVector(name("sum_squares"), ElementKind::F64, *cols, site.sumSquares))
    return error;
  std::vector<float> running;
  if (Error error = readVector(name("running"), ElementKind::F32, 2, running))
    return error;
  site.running = {running[0], running[1]};
  std::vector<int64_t> counts;
  if (Error error = readVector(name("histogram"), ElementKind::I64, Histogram::kBins, counts))
    return error;
  if (any_of(counts, [](int64_t count) { return count < 0; }))
    return damaged("tensor '" + name("histogram") + "' holds a negative count");
  site.histogram = Histogram(*range, std::move(counts));
  all.push_back(std::move(site));
  return Error::success();
}

Error StatisticsFile::read() {
  const std::string *format = store.metadata("format"), *hash = store.metadata("model"),
                    *list = store.metadata("sites");
  if (!format || !StringRef(*format).starts_with("halftone statistics"))
    return createStringError("'" + store.files().front() + "' holds no statistics of a model's inputs");
  if (*format != kStatisticsFormat)
    return createStringError("'" + store.files().front() + "' is of the format '" + *format + "', expected '" +
                             kStatisticsFormat + "'; calibrate again");
  if (!hash || !list)
    return damaged("its metadata are incomplete");
  model = *hash;
  if (Error error = readTokens())
    return error;
  Expected<json::Value> parsed = json::parse(*list);
  if (!parsed || !parsed->getAsArray()) {
    consumeError(parsed.takeError());
    return damaged("its metadata are no list of sites");
  }
  for (const json::Value &site : *parsed->getAsArray()) {
    if (!site.getAsObject())
      return damaged("its metadata are no list of sites");
    if (Error error = readSite(*site.getAsObject()))
      return error;
  }
  return Error::success();
}

Expected<StatisticsFile> StatisticsFile::open(StringRef path) {
  Expected<TensorStore> store = TensorStore::openFile(path);
  if (!store)
    return store.takeError();
  StatisticsFile file(std::move(*store));
  if (Error error = file.read())
    return std::move(error);
  return std::move(file);
}

Error StatisticsFile::checkModel(StringRef hash, StringRef name) const {
  if (hash == model)
    return Error::success();
  return createStringError("'" + store.files().front() + "' holds statistics of another model (" + model + ") than '" +
                           name + "' (" + hash + "); calibrate again");
}

const SiteStatistics *StatisticsFile::find(StringRef weight, ObservedValue value) const {
  for (const SiteStatistics &site : all)
    if (site.value == value && is_contained(site.weights, weight))
      return &site;
  return nullptr;
}

Expected<std::vector<float>> StatisticsFile::gram(StringRef weight) const {
  const SiteStatistics *site = find(weight);
  if (!site)
    return createStringError("'" + store.files().front() + "' holds no statistics of the input of tensor '" + weight +
                             "'");
  const TensorEntry *entry = store.find(statisticsTensor(site->weights.front(), site->value, "gram"));
  if (!entry)
    return createStringError("'" + store.files().front() + "' was made without Gram matrices; calibrate again");
  if (entry->kind != ElementKind::F32 || entry->shape != std::vector<int64_t>{site->cols, site->cols})
    return damaged("tensor '" + entry->name + "' has another type or shape than the metadata says");
  Expected<std::vector<float>> values = store.readFloats(*entry);
  if (values)
    for (float value : *values)
      if (!std::isfinite(value))
        return damaged("tensor '" + entry->name + "' holds a value that is not finite");
  return values;
}
