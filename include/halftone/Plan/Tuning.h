//===- Tuning.h - Measured times of kernels, in a file ----------*- C++ -*-===//
//
// A tuning file is JSON, readable and mergeable by hand:
//
//   {"halftone_tuning": 2,
//    "cpus": [{"cpu": "znver4", "features": "avx,avx2,...",
//              "products": [{"format": "bcq3g128", "rows": 4096, "cols": 4096, "activation_bits": 8,
//                            "kernels": [{"kernel": "dot/rows16", "columns": 1, "microseconds": 241.2},
//                                        {"kernel": "dot/rows16/columns=4", "columns": 128, ...}, ...]}]}]}
//
// Static activations add "groups" and "digits" to a product, tables with entries of one byte "table_bits": 8. A
// kernel's name is Candidate::name(). Files of version 1, which have neither those nor tiles, are read, too.
//
// `cpu` and `features` are those of TargetInfo: what was measured on a CPU says
// nothing about another one.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_PLAN_TUNING_H
#define HALFTONE_PLAN_TUNING_H

#include "halftone/Plan/CostModel.h"
#include "llvm/Support/Error.h"
#include <map>
#include <tuple>

namespace halftone {

/// Measured times by CPU, product, kernel and columns.
class TuningFile {
public:
  /// An error names the file and what is wrong in it: no such file, no JSON, another kind or version of JSON, a field
  /// that is missing or out of its range.
  static llvm::Expected<TuningFile> read(llvm::StringRef path);
  static llvm::Expected<TuningFile> parse(llvm::StringRef text, llvm::StringRef path);
  /// Entries in a fixed order, so that equal contents give equal bytes.
  std::string text() const;
  llvm::Error write(llvm::StringRef path) const;

  void record(const TargetInfo &target, const ProductShape &product, const Candidate &candidate, int64_t columns,
              double microseconds);
  std::optional<double> find(const TargetInfo &target, const ProductShape &product, const Candidate &candidate,
                             int64_t columns) const;
  /// Whether anything was measured on the CPU, or for a product on it.
  bool has(const TargetInfo &target) const;
  bool has(const TargetInfo &target, const ProductShape &product) const;
  /// "znver4, znver5": the CPUs that it has something for.
  std::string cpus() const;

private:
  using Cpu = std::pair<std::string, std::string>; // name, features
  /// Format, rows, cols, bits, groups, digits, bits of tables.
  using ProductKey = std::tuple<std::string, int64_t, int64_t, unsigned, int64_t, int64_t, unsigned>;
  using Times = std::map<std::pair<std::string, int64_t>, double>; // kernel, columns
  static Cpu keyOf(const TargetInfo &target);
  static ProductKey keyOf(const ProductShape &product);
  const Times *timesOf(const TargetInfo &target, const ProductShape &product) const;
  std::map<Cpu, std::map<ProductKey, Times>> entries;
};

/// Measured times where a product was measured, estimates for all others.
class TunedTimes : public KernelTimes {
public:
  TunedTimes(const TargetInfo &target, const TuningFile &file) : target(target), file(file), model(target) {}
  llvm::SmallVector<Candidate> candidates(const ProductShape &product, int64_t columns) const override {
    return model.candidates(product, columns);
  }
  std::optional<double> microseconds(const ProductShape &product, const Candidate &candidate,
                                     int64_t columns) const override {
    return file.has(target, product) ? file.find(target, product, candidate, columns)
                                     : model.microseconds(product, candidate, columns);
  }

private:
  const TargetInfo &target;
  const TuningFile &file;
  CostModel model;
};

} // namespace halftone

#endif // HALFTONE_PLAN_TUNING_H
