//===- Vsq.h - Formats with a scale per vector ------------------*- C++ -*-===//
#ifndef HALFTONE_LIB_QUANTIZE_VSQ_H
#define HALFTONE_LIB_QUANTIZE_VSQ_H

#include "halftone/Quantize/Quantize.h"

namespace halftone {

/// Quantizes to a format of kind Vsq; `result` has format, rows and cols. Quantize.h says how.
QuantizedMatrix quantizeVsq(llvm::ArrayRef<float> weights, QuantizedMatrix result, unsigned threads);

} // namespace halftone

#endif // HALFTONE_LIB_QUANTIZE_VSQ_H
