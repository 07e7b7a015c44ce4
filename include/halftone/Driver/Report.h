//===- Report.h - What a compilation made of each tensor --------*- C++ -*-===//
#ifndef HALFTONE_DRIVER_REPORT_H
#define HALFTONE_DRIVER_REPORT_H

#include "halftone/Quantize/ActivationRange.h"
#include "halftone/Quantize/Outliers.h"
#include "halftone/Weights/Evaluate.h"
#include "llvm/Support/JSON.h"
#include <map>

namespace halftone {

/// What is observed of one product y = x W^T, or of several with one input, and of the sum that it ends in.
enum class ObservedValue { Input, Output, Residual, Sum };

/// A place of an observed program where the host sees values.
struct ObservedSite {
  ObservedValue value = ObservedValue::Input;
  std::vector<std::string> weights; ///< tensor names of the products
  int64_t cols = 0;                 ///< floats per token
  bool inHead = false;              ///< in the function that computes logits
};

/// Where a tensor of floats lies in the weight section of a program.
struct WeightPlace {
  std::string name; ///< of the tensor in the checkpoint
  std::vector<int64_t> shape;
  int64_t offset;   ///< in bytes
  bool interleaved; ///< in the layout Float16 of Pack/Layout.h, not row-major
};

/// Dimensions with outliers, by activation.
using OutlierReport = std::map<std::string, std::vector<OutlierDimension>>;

OutlierReport findOutliers(llvm::ArrayRef<ActivationStatistics> statistics);
/// One line for each of the activations with the farthest outliers, and how many there are besides.
void printOutliers(llvm::raw_ostream &os, const OutlierReport &outliers);

struct CompileReport {
  std::string model, cpu;
  std::string activations; ///< of products with integers: i8, i16, b1 to b7, or several ("b1+i8"); else f32
  /// How many activations are rounded to which kind, see ActivationKind.h; f32: inputs of products that are not.
  std::map<std::string, int64_t> activationKinds;
  OutlierReport outliers; ///< out of the ranges or statistics that were given
  std::vector<WeightRecord> tensors;
  bool isModel = false; ///< a language model, not a module of functions
  /// Of observed programs only: site i, and the tensors that are there as floats.
  std::vector<ObservedSite> sites;
  std::vector<WeightPlace> places;

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
