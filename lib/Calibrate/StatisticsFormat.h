//===- StatisticsFormat.h - Names in statistics files -----------*- C++ -*-===//
#ifndef HALFTONE_LIB_CALIBRATE_STATISTICSFORMAT_H
#define HALFTONE_LIB_CALIBRATE_STATISTICSFORMAT_H

#include "halftone/Driver/Report.h"
#include "llvm/ADT/Twine.h"
#include <string>

namespace halftone {

/// The text "format" of the metadata.
constexpr llvm::StringLiteral kStatisticsFormat = "halftone statistics 2";
/// I32: the tokens of all sequences, and the length of each.
constexpr llvm::StringLiteral kTokensTensor = "calibration/tokens", kLengthsTensor = "calibration/lengths";

/// What a site is of, in the metadata and in names of tensors; empty for values that statistics do not hold.
inline llvm::StringRef statisticsKind(ObservedValue value) {
  switch (value) {
  case ObservedValue::Input:
    return "in";
  case ObservedValue::Output:
    return "out";
  case ObservedValue::Sum:
    return "sum";
  case ObservedValue::Residual:
    break;
  }
  return "";
}

/// The tensor that holds `what` of the site whose first weight is `weight`: W/min for an input, W/out/min for an
/// output.
inline std::string statisticsTensor(llvm::StringRef weight, ObservedValue value, llvm::StringRef what) {
  std::string kind = value == ObservedValue::Input ? "" : (statisticsKind(value) + "/").str();
  return (weight + "/" + kind + what).str();
}

} // namespace halftone

#endif // HALFTONE_LIB_CALIBRATE_STATISTICSFORMAT_H
