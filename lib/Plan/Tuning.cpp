//===- Tuning.cpp - Measured times of kernels, in a file ------------------===//

#include "halftone/Plan/Tuning.h"
#include "halftone/Support/AtomicFile.h"
#include "halftone/Support/JsonShape.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

using namespace halftone;
using llvm::Error;
using llvm::StringRef;
namespace json = llvm::json;

TuningFile::Cpu TuningFile::keyOf(const TargetInfo &target) {
  return {target.cpu, llvm::join(target.requiredFeatures, ",")};
}

TuningFile::ProductKey TuningFile::keyOf(const ProductShape &product) {
  // Formats without look-ups have no tables either.
  unsigned tableBits = layoutHolds(Layout::Rows64, product.format) ? product.tableBits : 16;
  return {product.format.name(), product.rows, product.cols, product.bits, product.groups, product.digits, tableBits};
}

void TuningFile::record(const TargetInfo &target, const ProductShape &product, const Candidate &candidate,
                        int64_t columns, double microseconds) {
  // As a file has it: what is compiled next chooses as whoever reads the file.
  double rounded = std::max(std::round(microseconds * 10), 1.0) / 10;
  entries[keyOf(target)][keyOf(product)][{candidate.name(), columns}] = rounded;
}

const TuningFile::Times *TuningFile::timesOf(const TargetInfo &target, const ProductShape &product) const {
  auto cpu = entries.find(keyOf(target));
  if (cpu == entries.end())
    return nullptr;
  auto found = cpu->second.find(keyOf(product));
  return found == cpu->second.end() ? nullptr : &found->second;
}

std::optional<double> TuningFile::find(const TargetInfo &target, const ProductShape &product,
                                       const Candidate &candidate, int64_t columns) const {
  const Times *times = timesOf(target, product);
  if (!times)
    return std::nullopt;
  auto time = times->find({candidate.name(), columns});
  return time == times->end() ? std::nullopt : std::optional<double>(time->second);
}

bool TuningFile::has(const TargetInfo &target) const { return entries.count(keyOf(target)) > 0; }
bool TuningFile::has(const TargetInfo &target, const ProductShape &product) const { return timesOf(target, product); }

std::string TuningFile::cpus() const {
  std::string names;
  for (const auto &[cpu, products] : entries)
    names += (names.empty() ? "" : ", ") + cpu.first;
  return names;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// Of the files that are written; all from 1 on are read.
static constexpr int64_t kVersion = 2;

std::string TuningFile::text() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  json::OStream out(os, /*IndentSize=*/1);
  out.object([&] {
    out.attribute("halftone_tuning", kVersion);
    out.attributeArray("cpus", [&] {
      for (const auto &[cpu, products] : entries)
        out.object([&, &cpu = cpu, &products = products] {
          out.attribute("cpu", cpu.first);
          out.attribute("features", cpu.second);
          out.attributeArray("products", [&] {
            for (const auto &[product, times] : products)
              out.object([&, &product = product, &times = times] {
                out.attribute("format", std::get<0>(product));
                out.attribute("rows", std::get<1>(product));
                out.attribute("cols", std::get<2>(product));
                out.attribute("activation_bits", int64_t(std::get<3>(product)));
                if (int64_t groups = std::get<4>(product); groups != 1)
                  out.attribute("groups", groups);
                if (int64_t digits = std::get<5>(product); digits != 1)
                  out.attribute("digits", digits);
                if (unsigned tableBits = std::get<6>(product); tableBits != 16)
                  out.attribute("table_bits", int64_t(tableBits));
                out.attributeArray("kernels", [&] {
                  for (const auto &[kernel, time] : times)
                    out.object([&, &kernel = kernel, &time = time] {
                      out.attribute("kernel", kernel.first);
                      out.attribute("columns", kernel.second);
                      out.attribute("microseconds", time);
                    });
                });
              });
          });
        });
    });
  });
  return text + "\n";
}

Error TuningFile::write(StringRef path) const { return writeFileAtomically(path, text()); }

namespace {

/// Reads a tuning file's objects; the first thing that is wrong is kept.
class Reader {
public:
  explicit Reader(StringRef path) : path(path) {}

  Error takeError() {
    return problem.empty() ? Error::success() : llvm::createStringError("'" + path + "': " + problem);
  }
  void fail(const llvm::Twine &message) {
    if (problem.empty())
      problem = message.str();
  }

  std::string string(const json::Object &object, StringRef key) {
    if (std::optional<StringRef> value = object.getString(key))
      return value->str();
    fail("a tuning file needs a text '" + key + "' here");
    return "";
  }
  int64_t integer(const json::Object &object, StringRef key, int64_t most) {
    std::optional<int64_t> value = object.getInteger(key);
    if (!value || *value < 1 || *value > most) {
      fail("'" + key + "' is no whole number from 1 to " + llvm::Twine(most));
      return 1;
    }
    return *value;
  }
  /// The same; `otherwise` if there is none.
  int64_t integerOr(const json::Object &object, StringRef key, int64_t most, int64_t otherwise) {
    return object.get(key) ? integer(object, key, most) : otherwise;
  }
  double positive(const json::Object &object, StringRef key) {
    std::optional<double> value = object.getNumber(key);
    if (!value || !(*value > 0 && *value < 1e12)) {
      fail("'" + key + "' is no number above 0");
      return 1;
    }
    return *value;
  }
  /// Calls `each` with the objects of an array, until something is wrong.
  void objects(const json::Object &object, StringRef key, llvm::function_ref<void(const json::Object &)> each) {
    const json::Array *array = object.getArray(key);
    if (!array)
      return fail("a tuning file needs an array '" + key + "' here");
    for (const json::Value &value : *array) {
      const json::Object *element = value.getAsObject();
      if (!element)
        return fail("'" + key + "' holds something that is no object");
      each(*element);
      if (!problem.empty())
        return;
    }
  }

private:
  std::string path, problem;
};

constexpr int64_t kMostElements = int64_t(1) << 40;
constexpr uint64_t kMostBytes = 64 << 20;

} // namespace

llvm::Expected<TuningFile> TuningFile::parse(StringRef text, StringRef path) {
  Reader reader(path);
  if (scanJson(text).depth > 16)
    return llvm::createStringError("'" + path + "': the JSON is nested too deeply for a tuning file");
  llvm::Expected<json::Value> parsed = json::parse(text);
  if (!parsed)
    return llvm::createStringError("'" + path + "': " + llvm::toString(parsed.takeError()));
  const json::Object *root = parsed->getAsObject();
  std::optional<int64_t> version = root ? root->getInteger("halftone_tuning") : std::nullopt;
  if (!version)
    return llvm::createStringError("'" + path + "': it is no tuning file: it has no number 'halftone_tuning'");
  if (*version < 1 || *version > kVersion)
    return llvm::createStringError(
        llvm::formatv("'{0}': it is a tuning file of version {1}, expected 1 to {2}", path, *version, kVersion).str());
  TuningFile file;
  reader.objects(*root, "cpus", [&](const json::Object &cpu) {
    Cpu name{reader.string(cpu, "cpu"), reader.string(cpu, "features")};
    reader.objects(cpu, "products", [&](const json::Object &object) {
      ProductKey product{reader.string(object, "format"),
                         reader.integer(object, "rows", kMostElements),
                         reader.integer(object, "cols", kMostElements),
                         unsigned(reader.integer(object, "activation_bits", 16)),
                         reader.integerOr(object, "groups", kMostElements, 1),
                         reader.integerOr(object, "digits", 3, 1),
                         unsigned(reader.integerOr(object, "table_bits", 16, 16))};
      reader.objects(object, "kernels", [&](const json::Object &kernel) {
        std::pair<std::string, int64_t> key{reader.string(kernel, "kernel"),
                                            reader.integer(kernel, "columns", kMostElements)};
        file.entries[name][product][key] = reader.positive(kernel, "microseconds");
      });
    });
  });
  if (Error error = reader.takeError())
    return std::move(error);
  return file;
}

llvm::Expected<TuningFile> TuningFile::read(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError("'" + path + "': " + buffer.getError().message());
  if ((*buffer)->getBufferSize() > kMostBytes)
    return llvm::createStringError("'" + path + "': it is too large for a tuning file");
  return parse((*buffer)->getBuffer(), path);
}
