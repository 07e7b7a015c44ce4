//===- Report.cpp - What a compilation made of each tensor ----------------===//

#include "halftone/Driver/Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <tuple>

using namespace halftone;

static int64_t elements(const WeightRecord &record) {
  int64_t count = 1;
  for (int64_t size : record.shape)
    count *= size;
  return count;
}

static std::string shapeText(const WeightRecord &record) {
  std::string text;
  for (int64_t size : record.shape)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

static bool isCompensated(const WeightRecord &record) { return record.outputError >= 0; }

int64_t CompileReport::weights() const {
  int64_t total = 0;
  for (const WeightRecord &record : tensors)
    total += record.computed ? 0 : elements(record);
  return total;
}

int64_t CompileReport::bytes() const {
  int64_t total = 0;
  for (const WeightRecord &record : tensors)
    total += record.computed ? 0 : record.bytes;
  return total;
}

int64_t CompileReport::tableBytes() const {
  int64_t total = 0;
  for (const WeightRecord &record : tensors)
    total += record.computed ? record.bytes : 0;
  return total;
}

int64_t CompileReport::floatBytes() const { return weights() * 4; }

double CompileReport::bitsPerWeight() const {
  double bits = 0;
  for (const WeightRecord &record : tensors)
    bits += record.computed ? 0 : record.bitsPerWeight * double(elements(record));
  return weights() ? bits / double(weights()) : 0;
}

double CompileReport::ratio() const { return bytes() ? double(floatBytes()) / double(bytes()) : 0; }

llvm::json::Value CompileReport::toJson() const {
  llvm::json::Array list;
  llvm::json::Object kinds;
  for (const auto &[kind, count] : activationKinds)
    kinds[kind] = count;
  llvm::json::Object dimensions;
  for (const auto &[site, found] : outliers) {
    llvm::json::Array numbers;
    for (const OutlierDimension &outlier : found)
      numbers.push_back(outlier.dimension);
    dimensions[site] = std::move(numbers);
  }
  for (const WeightRecord &record : tensors) {
    llvm::json::Object tensor{{"name", record.name},
                              {"shape", llvm::json::Array(record.shape)},
                              {"format", record.format.name()},
                              {"bits_per_weight", record.bitsPerWeight},
                              {"bytes", record.bytes},
                              {"relative_squared_error", record.relativeSquaredError},
                              {"strategy", record.strategy},
                              {"computed", record.computed}};
    if (isCompensated(record)) {
      tensor["plain_output_error"] = record.plainOutputError;
      tensor["output_error"] = record.outputError;
    }
    if (record.tableError >= 0)
      tensor["table_error"] = record.tableError;
    list.push_back(std::move(tensor));
  }
  return llvm::json::Object{{"model", model},
                            {"cpu", cpu},
                            {"activations", activations},
                            {"activation_kinds", std::move(kinds)},
                            {"outlier_dimensions", std::move(dimensions)},
                            {"tensors", std::move(list)},
                            {"totals", llvm::json::Object{{"weights", weights()},
                                                          {"bytes", bytes()},
                                                          {"table_bytes", tableBytes()},
                                                          {"float32_bytes", floatBytes()},
                                                          {"bits_per_weight", bitsPerWeight()},
                                                          {"ratio", ratio()}}}};
}

OutlierReport halftone::findOutliers(llvm::ArrayRef<ActivationStatistics> statistics) {
  OutlierReport report;
  for (const ActivationStatistics &each : statistics)
    if (std::vector<OutlierDimension> found = findOutliers(each.mins, each.maxs, each.mean, each.deviation);
        !found.empty())
      report[each.name] = std::move(found);
  return report;
}

void halftone::printOutliers(llvm::raw_ostream &os, const OutlierReport &outliers) {
  constexpr size_t mostLines = 10, mostDimensions = 6;
  // Activations and, in each, dimensions by how far their outliers are.
  std::vector<std::pair<llvm::StringRef, std::vector<OutlierDimension>>> lines(outliers.begin(), outliers.end());
  auto farther = [](const OutlierDimension &a, const OutlierDimension &b) {
    return std::tuple(-a.deviations, a.dimension) < std::tuple(-b.deviations, b.dimension);
  };
  for (auto &[site, found] : lines)
    llvm::sort(found, farther);
  llvm::sort(lines, [](const auto &a, const auto &b) {
    return std::tuple(-a.second[0].deviations, a.first) < std::tuple(-b.second[0].deviations, b.first);
  });
  for (const auto &[site, found] : llvm::ArrayRef(lines).take_front(mostLines)) {
    os << "outliers in " << site << ", dimension (standard deviations):";
    for (const OutlierDimension &outlier : llvm::ArrayRef(found).take_front(mostDimensions))
      os << llvm::formatv(" {0} ({1:f1})", outlier.dimension, outlier.deviations);
    if (found.size() > mostDimensions)
      os << llvm::formatv(" and {0} more", found.size() - mostDimensions);
    os << '\n';
  }
  if (lines.size() > mostLines)
    os << llvm::formatv("and outliers in {0} more activations\n", lines.size() - mostLines);
}

/// Negative if no product has tables of one byte per entry.
static double largestTableError(llvm::ArrayRef<WeightRecord> tensors) {
  double most = -1;
  for (const WeightRecord &record : tensors)
    most = std::max(most, record.tableError);
  return most;
}

void CompileReport::print(llvm::raw_ostream &os) const {
  size_t width = 6;
  for (const WeightRecord &record : tensors)
    width = std::max(width, record.name.size());
  bool hasCompensated = llvm::any_of(tensors, isCompensated);
  os << llvm::left_justify("tensor", width)
     << "  shape         format        bits/weight         bytes  rel. sq. error  "
     << (hasCompensated ? "output error: plain, compensated  " : "") << "strategy\n";
  for (const WeightRecord &record : tensors) {
    os << llvm::left_justify(record.name, width)
       << llvm::formatv("  {0,-12}  {1,-12}  {2,11:f3}  {3,12}  ", shapeText(record), record.format.name(),
                        record.bitsPerWeight, record.bytes);
    if (record.format.kind == FormatKind::Float)
      os << "             -";
    else
      os << llvm::formatv("{0,14:f6}", record.relativeSquaredError);
    if (isCompensated(record))
      os << llvm::formatv("  {0,19:f6}  {1,11:f6}", record.plainOutputError, record.outputError);
    else if (hasCompensated)
      os << "                    -            -";
    os << "  " << record.strategy << '\n';
  }
  if (double most = largestTableError(tensors); most >= 0)
    os << llvm::formatv("tables of 8 bits (lut8) cost up to {0:f6} relative squared error of outputs, for random "
                        "activations\n",
                        most);
  os << llvm::formatv("total: {0} weights, {1:f3} bits per weight, {2} bytes in the object, "
                      "{3:f2}x smaller than float32 ({4} bytes)\n",
                      weights(), bitsPerWeight(), bytes(), ratio(), floatBytes());
  if (tableBytes() > 0)
    os << llvm::formatv("and {0} bytes of tables that are no weights\n", tableBytes());
  if (activationKinds.size() > 1) {
    os << "activations:";
    for (const auto &[kind, count] : activationKinds)
      os << (kind == activationKinds.begin()->first ? " " : ", ") << count << " " << kind;
    os << '\n';
  }
  printOutliers(os, outliers);
}
