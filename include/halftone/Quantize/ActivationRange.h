//===- ActivationRange.h - Static ranges of activations ---------*- C++ -*-===//
//
// Which range one scale and zero point of an activation are made for, out of what
// calibration saw of it.
//
//===----------------------------------------------------------------------===//
#ifndef HALFTONE_QUANTIZE_ACTIVATIONRANGE_H
#define HALFTONE_QUANTIZE_ACTIVATIONRANGE_H

#include "halftone/Quantize/Histogram.h"
#include "halftone/Quantize/Ranges.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace halftone {

/// How a range is chosen, by its name: `minmax`, `running`, `percentile:<P>`, `mse`, `entropy`.
struct ActivationRange {
  enum Kind {
    MinMax,           ///< all values are inside
    Running,          ///< RunningRange over the sequences of the text
    Percentile,       ///< at most (100 - percent) % of the values are above, and as many below
    MeanSquaredError, ///< least mean squared error of the values
    Entropy           ///< entropyClip() of the magnitudes; at least an eighth of the largest for 8 bits
  };
  Kind kind = MinMax;
  double percent = 100; ///< of Percentile: above 50, at most 100
};

/// Reads a name. The error says which names there are.
llvm::Expected<ActivationRange> parseActivationRange(llvm::StringRef name);

/// What calibration saw of an activation [tokens][d].
struct ActivationStatistics {
  std::string name;               ///< in:W, out:W or sum:W
  std::vector<float> mins, maxs;  ///< of each dimension
  double mean = 0, deviation = 0; ///< of all values
  Histogram histogram;            ///< of all values
  FloatRange running;             ///< RunningRange of all values, a batch per sequence
};

/// sum (x - Q(x))^2 over a histogram's values, Q being affineScale(low, high, bits), where the values of a bin are
/// spread evenly over it, as far as it lies in `all`: the integral, exact but for rounding. Bits 2..16.
double affineError(const Histogram &histogram, FloatRange all, double low, double high, unsigned bits);

/// The range of one scale for the whole tensor; within the smallest and largest value, and 0 counts as a value.
FloatRange chooseRange(const ActivationStatistics &statistics, const ActivationRange &choice, unsigned bits);

} // namespace halftone

#endif // HALFTONE_QUANTIZE_ACTIVATIONRANGE_H
