//===- StatisticsFormat.h - Names in statistics files -----------*- C++ -*-===//
#ifndef HALFTONE_LIB_CALIBRATE_STATISTICSFORMAT_H
#define HALFTONE_LIB_CALIBRATE_STATISTICSFORMAT_H

#include "llvm/ADT/Twine.h"
#include <string>

namespace halftone {

/// The text "format" of the metadata.
constexpr llvm::StringLiteral kStatisticsFormat = "halftone statistics 1";
/// I32: the tokens of all sequences, and the length of each.
constexpr llvm::StringLiteral kTokensTensor = "calibration/tokens", kLengthsTensor = "calibration/lengths";

/// The tensor that holds `what` of the input of the product with `weight`, the first of those that share it.
inline std::string statisticsTensor(llvm::StringRef weight, llvm::StringRef what) {
  return (weight + "/" + what).str();
}

} // namespace halftone

#endif // HALFTONE_LIB_CALIBRATE_STATISTICSFORMAT_H
