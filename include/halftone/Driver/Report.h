//===- Report.h - What a compilation made of each tensor --------*- C++ -*-===//
#ifndef HALFTONE_DRIVER_REPORT_H
#define HALFTONE_DRIVER_REPORT_H

#include "halftone/Weights/Evaluate.h"
#include "llvm/Support/JSON.h"

namespace halftone {

struct CompileReport {
  std::string model, cpu;
  std::string activations; ///< i8 if any product works on integers, else f32
  std::vector<WeightRecord> tensors;

  // Totals of the model's weights; computed tables are counted apart.
  int64_t weights() const;      ///< elements
  int64_t bytes() const;        ///< in the object
  int64_t floatBytes() const;   ///< as float32
  double bitsPerWeight() const; ///< exact, by the formats
  double ratio() const;         ///< float32 bytes over bytes in the object
  int64_t tableBytes() const;   ///< of computed tables, in the object

  llvm::json::Value toJson() const;
  /// A table for people.
  void print(llvm::raw_ostream &os) const;
};

} // namespace halftone

#endif // HALFTONE_DRIVER_REPORT_H
